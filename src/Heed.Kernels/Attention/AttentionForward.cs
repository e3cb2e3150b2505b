namespace Heed.Kernels;

/// <summary>A forward pass: how it is cut into tasks.</summary>
/// <remarks>A task is a range of rows of one sequence and key/value head, over all its keys. Where there are too few of these for the threads, blocks of keys are tasks
/// too: their results are kept and merged in order afterwards, which gives the same bits.</remarks>
internal unsafe struct AttentionForward<TModifier, TMask> : ISimdKernel
    where TModifier : unmanaged, IScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    // Floats that are likely to lie in a core's caches already.
    private const long Cached = 1 << 20;

    public AttentionCall Call;
    public ForwardResults Results;
    public TModifier Modifier;
    public TMask Mask;
    public bool GathersTop;   // the largest scores are gathered on the way: set where a row belongs to one task
    public int StripPeriod;
    private int rowsPerTask, tiles, firstBlock, blocks, grain;
    private bool foresees;   // many short sequences, more than the caches hold
    private float* partials;
    private nint partialLength;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int height = GemmTile.Height<V>(), most = 0, longest = 0;
        for (int b = 0; b < Call.Batch; b++)
        {
            most = Math.Max(most, Call.Sequence(b).Queries * Call.Group);
            longest = Math.Max(longest, Call.Sequence(b).Keys);
        }
        StripPeriod = Strips.Period(Mask.QueryBlock, Call.Group);
        rowsPerTask = Call.TaskRows((long)Call.Batch * Call.KeyValueHeads, most, height);
        tiles = Math.Max(1, (most + rowsPerTask - 1) / rowsPerTask);
        // Equal parts, whole strips.
        rowsPerTask = Math.Max(height, ((((most + tiles - 1) / tiles) + height - 1) / height) * height);
        firstBlock = Call.KeyPosition / Call.Block;
        blocks = ((Call.KeyPosition + longest + Call.Block - 1) / Call.Block) - firstBlock;
        int tasks = Call.Batch * Call.KeyValueHeads * tiles;
        long floats = (long)Call.Batch * Call.KeyValueHeads * ((long)most + longest) * (Call.Dim + Call.ValueDim);
        foresees = tiles == 1 && blocks == 1 && !Call.IsShort && floats > Cached;
        double work = 4.0 * most * longest * Call.Batch * Call.KeyValueHeads * Math.Max(Call.Dim, Call.ValueDim);
        grain = Workers.Grain(tasks, work / tasks);
        bool isWhole = work < 1e5 || tasks >= 3 * Workers.Degree || blocks <= 1 || Workers.Degree == 1;
        GathersTop = isWhole && Results.TopKeys != null;
        fixed (AttentionForward<TModifier, TMask>* self = &this)
        {
            if (work < 1e5)
                Serial<V>(self, tasks);
            else if (isWhole)
                Workers.Run(&Task<V>, self, tasks, grain);
            else
                Split<V>(self, tasks);
        }
    }

    /// <summary>Zero rows for queries that belong to no sequence; the others are overwritten.</summary>
    public readonly void Clear()
    {
        AttentionCall plain = Call with { Sinks = null };
        bool whole = !Call.IsPacked && Call.QueryStarts == null && Call.QueryLengths == null;
        for (int b = 0; b < (Call.IsPacked ? 1 : Call.Batch) && !whole; b++)
        {
            for (int head = 0; head < Call.Heads; head++)
            {
                for (int row = 0; row < Call.Queries; row++)
                {
                    new Span<float>(Results.O + Call.Offset(Call.StridesO, b, head, row), Call.ValueDim).Clear();
                    Results.Finish<Simd128>(in plain, b, head, row, RowState.Empty, null, 0, null);
                }
            }
        }
    }

    private static void Serial<V>(AttentionForward<TModifier, TMask>* self, int tasks)
        where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < tasks; i++)
            Task<V>(self, i);
    }

    private static void Split<V>(AttentionForward<TModifier, TMask>* self, int tasks)
        where V : unmanaged, ISimd<V>
    {
        int stride = ForwardTile<TModifier, TMask>.ContextStride(self->Call.ValueDim, self->Call.ValueRows, Packing.PanelWidth<V>()), states = sizeof(RowState) / sizeof(float);
        self->partialLength = (nint)self->rowsPerTask * (stride + ((states + 15) / 16 * 16));
        using Scratch memory = new((long)tasks * self->blocks * self->partialLength);
        self->partials = memory.Pointer;
        Workers.Run(&BlockTask<V>, self, tasks * self->blocks);
        Workers.Run(&MergeTask<V>, self, tasks);
    }

    // The last rows of every head first: under a causal mask they take longest.
    private readonly (int B, int Head, int FirstRow, int Rows, AttentionSequence Sequence) Part(int index)
    {
        (int turn, int sequenceHead) = Math.DivRem(index, Call.Batch * Call.KeyValueHeads);
        (int b, int head) = Math.DivRem(sequenceHead, Call.KeyValueHeads);
        int tile = tiles - 1 - turn;
        AttentionSequence sequence = Call.Sequence(b);
        int first = tile * rowsPerTask;
        return (b, head, first, Math.Min(rowsPerTask, (sequence.Queries * Call.Group) - first), sequence);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionForward<TModifier, TMask>*)state;
        (int b, int head, int firstRow, int rows, AttentionSequence sequence) = s->Part(index);
        if (rows <= 0)
            return;
        int height = GemmTile.Height<V>(), panel = Packing.PanelWidth<V>();
        byte* memory = stackalloc byte[ForwardTile<TModifier, TMask>.Memory(rows, s->Call.Block, panel, height)];
        ForwardTile<TModifier, TMask> tile = new(s, b, head, sequence, firstRow, rows, panel, height, memory);
        nint stride = tile.Stride;
        using Scratch scratch = new(((rows + height) * stride) + 64);
        float* contexts = scratch.Pointer, strip = contexts + (rows * stride);
        RowState* states = stackalloc RowState[rows], later = stackalloc RowState[height];
        new Span<RowState>(states, rows).Fill(RowState.Empty);
        new Span<float>(contexts, checked((int)(rows * stride))).Clear();
        // A score or a mask of a user's may throw: its tile's memory goes back all the same.
        try
        {
            tile.LoadQueries();
            int following = index + (s->grain > 1 ? 1 : Workers.Degree);
            if (s->foresees && tile.StripCount > 1 && following < s->Call.Batch * s->Call.KeyValueHeads)
            {
                (int nextB, int nextHead, _, _, AttentionSequence next) = s->Part(following);
                tile.Foresee(nextB, nextHead, next);
            }
            int first = s->firstBlock, end = (s->Call.KeyPosition + sequence.Keys + s->Call.Block - 1) / s->Call.Block;
            for (int block = first; block < end; block++)
            {
                for (int i = 0; i < tile.StripCount; i++)
                {
                    int row = tile.FirstRow(i);
                    // What the first block says needs no merge.
                    if (block == first)
                        tile.Strip<V>(block, i, states + row, contexts + (row * stride));
                    else if (tile.Strip<V>(block, i, later, strip))
                        StripSoftmax.Merge<V>(states + row, contexts + (row * stride), later, strip, stride, tile.FirstRow(i + 1) - row);
                }
            }
        }
        finally
        {
            tile.Dispose();
        }
        Finish<V>(s, b, head, firstRow, rows, sequence, states, contexts, stride);
    }

    private static void Finish<V>(AttentionForward<TModifier, TMask>* s, int b, int head, int firstRow, int rows, in AttentionSequence sequence, RowState* states, float* contexts, nint stride)
        where V : unmanaged, ISimd<V>
    {
        if (s->Results.IsPlain(in s->Call))
        {
            ForwardResults.FinishPlain<V>(&s->Results, &s->Call, b, head, sequence.FirstQuery, firstRow, rows, states, contexts, stride);
            return;
        }
        for (int r = 0; r < rows; r++)
        {
            int row = firstRow + r;
            float* context = contexts + (r * stride), mass = s->Call.ValueRows == 0 ? null : context + ForwardTile<TModifier, TMask>.Padded(s->Call.ValueDim, Packing.PanelWidth<V>());
            s->Results.Finish<V>(in s->Call, b, (head * s->Call.Group) + (row % s->Call.Group), sequence.FirstQuery + (row / s->Call.Group), states[r], context, s->Call.ValueDim, mass);
        }
    }

    // A slot of partial results: contexts of all rows, then their states.
    private readonly float* Slot(int task, int block) => partials + (((nint)task * blocks) + block) * partialLength;

    private static void BlockTask<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionForward<TModifier, TMask>*)state;
        int task = index / s->blocks, block = index % s->blocks, height = GemmTile.Height<V>(), panel = Packing.PanelWidth<V>();
        (int b, int head, int firstRow, int rows, AttentionSequence sequence) = s->Part(task);
        if (rows <= 0)
            return;
        byte* memory = stackalloc byte[ForwardTile<TModifier, TMask>.Memory(rows, s->Call.Block, panel, height)];
        ForwardTile<TModifier, TMask> tile = new(s, b, head, sequence, firstRow, rows, panel, height, memory);
        float* contexts = s->Slot(task, block);
        RowState* states = (RowState*)(contexts + ((nint)s->rowsPerTask * tile.Stride));
        new Span<RowState>(states, rows).Fill(RowState.Empty);
        try
        {
            tile.LoadQueries();
            for (int i = 0; i < tile.StripCount; i++)
                tile.Strip<V>(s->firstBlock + block, i, states + tile.FirstRow(i), contexts + ((nint)tile.FirstRow(i) * tile.Stride));
        }
        finally
        {
            tile.Dispose();
        }
    }

    private static void MergeTask<V>(void* state, int task)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionForward<TModifier, TMask>*)state;
        (int b, int head, int firstRow, int rows, AttentionSequence sequence) = s->Part(task);
        if (rows <= 0)
            return;
        nint stride = ForwardTile<TModifier, TMask>.ContextStride(s->Call.ValueDim, s->Call.ValueRows, Packing.PanelWidth<V>());
        using Scratch scratch = new(rows * stride);
        RowState* states = stackalloc RowState[rows];
        new Span<RowState>(states, rows).Fill(RowState.Empty);
        new Span<float>(scratch.Pointer, checked((int)(rows * stride))).Clear();
        for (int block = 0; block < s->blocks; block++)
        {
            float* contexts = s->Slot(task, block);
            StripSoftmax.Merge<V>(states, scratch.Pointer, (RowState*)(contexts + ((nint)s->rowsPerTask * stride)), contexts, stride, rows);
        }
        Finish<V>(s, b, head, firstRow, rows, sequence, states, scratch.Pointer, stride);
    }
}
