namespace Heed.Kernels;

/// <summary>A backward pass: what is found for each row first, and how the rest is cut into tasks.</summary>
/// <remarks>A task is a block of keys of one sequence and key/value head. Tasks of one head lie far apart in the order, and tasks are claimed in order, so one rarely waits for
/// its turn at the queries, and never for one that has not been claimed.</remarks>
internal unsafe struct AttentionBackward<TModifier, TMask> : ISimdKernel
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    // More sums than this in all tasks together: then all tasks share one array, one after the other.
    private const long MostSums = 1 << 22;

    public AttentionCall Call;
    public BackwardResults Results;
    public TModifier Modifier;
    public TMask Mask;
    public int KeyBlock, TileRows, StripPeriod;
    public RowGradient* Gradients;   // of all rows
    public float* ValueDots;         // of all rows: dO·(each row of the value table), or null
    private int blocks, tiles, failed;
    private int* turns;              // (sequences, key/value heads, tiles): how many key blocks have passed
    private double* sums;            // (tasks or 1, parameters)
    private bool sharesSums;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int widest = Math.Max(Call.Dim, Call.ValueDim), panel = Packing.PanelWidth<V>();
        StripPeriod = Strips.Period(Mask.QueryBlock, Call.Group);
        KeyBlock = widest <= 64 ? 192 : 96;
        TileRows = widest <= 160 ? 96 : 48;
        int most = 0, longest = 0;
        for (int b = 0; b < Call.Batch; b++)
        {
            most = Math.Max(most, Call.Sequence(b).Queries * Call.Group);
            longest = Math.Max(longest, Call.Sequence(b).Keys);
        }
        (blocks, tiles) = ((longest + KeyBlock - 1) / KeyBlock, (most + TileRows - 1) / TileRows);
        int tasks = Call.Batch * Call.KeyValueHeads * blocks;
        long rows = (Call.IsPacked ? 1L : Call.Batch) * Call.Heads * Call.Queries, parameters = Results.Parameters == null ? 0 : Results.ParameterCount;
        sharesSums = tasks * parameters > MostSums;
        long sumCount = sharesSums ? parameters : tasks * parameters, turnCount = (long)Call.Batch * Call.KeyValueHeads * tiles;
        using Scratch memory = new((rows * sizeof(RowGradient) / 4) + (2 * sumCount) + turnCount + 64), dots = new(rows * Call.ValueRows);
        sums = (double*)memory.Pointer;
        Gradients = (RowGradient*)(sums + sumCount);
        turns = (int*)(Gradients + rows);
        ValueDots = Call.ValueRows > 0 && TModifier.NamesValues ? dots.Pointer : null;
        for (long i = 0; i < sumCount; i++)
            sums[i] = 0;
        for (long i = 0; i < turnCount; i++)
            turns[i] = 0;
        fixed (AttentionBackward<TModifier, TMask>* self = &this)
        {
            RowTasks<V>(self);
            double work = 4.0 * most * longest * Call.Batch * widest;
            if (sharesSums || work < 1e5)
            {
                for (int i = 0; i < tasks; i++)
                    Task<V>(self, i);
            }
            else
            {
                Workers.Run(&Task<V>, self, tasks, Workers.Grain(tasks, 2.5 * work * Call.KeyValueHeads / tasks));
            }
        }
        FinishParameters(tasks);
        if (Results.Sinks != null)
            FinishSinks<V>();
        if (Results.ValueTable != null)
        {
            fixed (AttentionBackward<TModifier, TMask>* self = &this)
                Workers.Run(&ValueTableTask, self, Call.ValueRows);
        }
    }

    /// <summary>The sums of parameters of a task.</summary>
    public readonly double* Sums(int b, int head, int block) => sums + (sharesSums ? 0 : ((((long)block * Call.Batch) + b) * Call.KeyValueHeads + head) * Results.ParameterCount);

    /// <summary>Waits until all earlier key blocks have added to the rows of a tile.</summary>
    public void Await(int b, int head, int tile, int block)
    {
        if (!Results.SharesRows)
            return;
        int* turn = turns + ((((long)b * Call.KeyValueHeads) + head) * tiles) + tile;
        SpinWait spin = default;
        while (Volatile.Read(ref *turn) != block && Volatile.Read(ref failed) == 0)
            spin.SpinOnce(sleep1Threshold: -1);
    }

    /// <summary>Lets the next key block add.</summary>
    public readonly void Pass(int b, int head, int tile, int block)
    {
        if (Results.SharesRows)
            Volatile.Write(ref turns[((((long)b * Call.KeyValueHeads) + head) * tiles) + tile], block + 1);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionBackward<TModifier, TMask>*)state;
        int head = index % s->Call.KeyValueHeads, b = index / s->Call.KeyValueHeads % s->Call.Batch, block = index / s->Call.KeyValueHeads / s->Call.Batch;
        AttentionSequence sequence = s->Call.Sequence(b);
        if (block * s->KeyBlock >= sequence.Keys)
            return;
        BackwardTile<TModifier, TMask> tile = new(s, b, head, block, sequence, Packing.PanelWidth<V>(), GemmTile.Height<V>());
        try
        {
            tile.Run<V>();
        }
        catch
        {
            // Nobody may wait for a task that has gone.
            Volatile.Write(ref s->failed, 1);
            throw;
        }
        finally
        {
            tile.Dispose();
        }
    }

    private static void RowTasks<V>(AttentionBackward<TModifier, TMask>* self)
        where V : unmanaged, ISimd<V>
    {
        int rows = (self->Call.IsPacked ? 1 : self->Call.Batch) * self->Call.Heads;
        if (rows > 0)
            Workers.Run(&RowTask<V>, self, rows);
    }

    // Σ dO·O of each row in double, and what gradients of log-sum-exp and entropy add.
    private static void RowTask<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionBackward<TModifier, TMask>*)state;
        ref readonly BackwardResults r = ref s->Results;
        int b = index / s->Call.Heads, head = index % s->Call.Heads;
        for (int row = 0; row < s->Call.Queries; row++)
        {
            long at = s->Call.Row(b, head, row);
            float log = r.LogSumExp[at];
            float* o = r.Centers != null ? r.Centers + (at * s->Call.ValueDim) : r.O + s->Call.Offset(s->Call.StridesO, b, head, row), d = r.DO + s->Call.Offset(s->Call.StridesO, b, head, row);
            double dot = AttentionMath.Dot(o, d, s->Call.ValueDim);
            for (int j = 0; j < s->Call.ValueRows && s->ValueDots != null; j++)
                s->ValueDots[(at * s->Call.ValueRows) + j] = Dot<V>(d, s->Call.ValueTable + ((nint)j * s->Call.ValueDim), s->Call.ValueDim);
            double spread = r.FromEntropy == null ? 0 : r.FromEntropy[at];
            double sink = s->SinkWeight<V>(head, log);
            if (r.FromLogSumExp != null)
                dot -= r.FromLogSumExp[at];
            if (spread != 0)
                dot += spread * (r.Entropy[at] + sink);
            double shift = TModifier.HasDistribution ? -log : -log * AttentionMath.LogTwoEWide;
            s->Gradients[at] = new()
            {
                Shift = float.IsNegativeInfinity(log) ? log : (float)shift,
                ShiftRest = float.IsFinite(log) ? (float)(shift - (float)shift) : 0,
                Center = (float)dot,
                Spread = (float)spread * AttentionMath.LogTwo,
            };
        }
    }

    private static float Dot<V>(float* x, float* y, int length)
        where V : unmanaged, ISimd<V>
    {
        V sum = V.Zero;
        for (int i = 0; i < length; i += V.Width)
            sum = V.FusedMultiplyAdd(Lane.Load<V>(x + i, Math.Min(V.Width, length - i)), Lane.Load<V>(y + i, Math.Min(V.Width, length - i)), sum);
        return V.Sum(sum);
    }

    // One row of the value table: Σ mass·dO over all rows, in their order.
    private static void ValueTableTask(void* state, int index)
    {
        var s = (AttentionBackward<TModifier, TMask>*)state;
        int size = s->Call.ValueDim, heads = s->Call.Heads, queries = s->Call.Queries;
        using Scratch scratch = new(2L * size);
        Span<double> total = new((double*)scratch.Pointer, size);
        total.Clear();
        for (long row = 0; row < (s->Call.IsPacked ? 1L : s->Call.Batch) * heads * queries; row++)
        {
            double mass = s->Results.ValueMass[(row * s->Call.ValueRows) + index];
            float* d = s->Results.DO + s->Call.Offset(s->Call.StridesO, (int)(row / queries / heads), (int)(row / queries % heads), (int)(row % queries));
            for (int i = 0; i < size && mass != 0; i++)
                total[i] += mass * d[i];
        }
        for (int i = 0; i < size; i++)
            s->Results.ValueTable[((nint)index * size) + i] = (float)total[i];
    }

    private readonly float SinkWeight<V>(int head, float logSumExp)
        where V : unmanaged, ISimd<V> =>
        Call.Sinks == null || float.IsNegativeInfinity(logSumExp) ? 0 : AttentionMath.PowerOfTwo<V>((Call.Sinks[head] - logSumExp) * AttentionMath.LogTwoE);

    private readonly void FinishParameters(int tasks)
    {
        for (long i = 0; Results.Parameters != null && i < Results.ParameterCount; i++)
        {
            double sum = 0;
            for (long task = 0; task < (sharesSums ? 1 : tasks); task++)
                sum += sums[(task * Results.ParameterCount) + i];
            Results.Parameters[i] = (float)sum;
        }
    }

    // ∂L/∂sink = −Σ over the rows of the sink's weight times what the row's scores are centred on.
    private readonly void FinishSinks<V>()
        where V : unmanaged, ISimd<V>
    {
        for (int head = 0; head < Call.Heads; head++)
        {
            double sum = 0;
            for (int b = 0; b < (Call.IsPacked ? 1 : Call.Batch); b++)
            {
                for (int row = 0; row < Call.Queries; row++)
                {
                    long at = Call.Row(b, head, row);
                    double weight = SinkWeight<V>(head, Results.LogSumExp[at]);
                    sum -= weight * (Gradients[at].Center - (Results.FromEntropy == null ? 0 : Results.FromEntropy[at]));
                }
            }
            Results.Sinks[head] = (float)sum;
        }
    }
}
