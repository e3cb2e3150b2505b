namespace Heed.Kernels;

/// <summary>What is done with weights that a sweep computes again from the log-sum-exp.</summary>
internal interface IWeightConsumer
{
    /// <summary>Whether scores are wanted instead of weights.</summary>
    static virtual bool TakesScores => false;

    /// <summary>Whether tiles that the mask rules out are wanted, too, as zeros; otherwise they cost nothing.</summary>
    static virtual bool TakesZeros => false;

    /// <summary>Weights (rows × stride) of neighbouring query rows, from <paramref name="query"/> on, and the keys key … key + count − 1; rows ascend for each panel, panels for each row. Behind the keys a row has whole vectors of 0.</summary>
    unsafe void Take<V>(ref readonly AttentionCall call, int b, int head, int query, int rows, int key, int count, float* weights, nint stride)
        where V : unmanaged, ISimd<V>;
}

/// <summary>A sweep over the weights of one or all heads, strip by strip, in O(block) memory: w = e^(score − log-sum-exp), before dropout.</summary>
internal unsafe struct AttentionSweep<TModifier, TMask, TConsumer> : ISimdKernel
    where TModifier : unmanaged, IScoreModifier
    where TMask : unmanaged, IAttentionMask
    where TConsumer : unmanaged, IWeightConsumer
{
    public AttentionCall Call;
    public TModifier Modifier;
    public TMask Mask;
    public TConsumer Consumer;
    public float* LogSumExp;
    public int FirstTask, Tasks;                      // (batch, head) pairs
    public int FirstQuery, EndQuery, FirstKey, EndKey;  // cut to each sequence

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (AttentionSweep<TModifier, TMask, TConsumer>* self = &this)
            Workers.Run(&Task<V>, self, Tasks);
    }

    /// <summary>The first task alone, on this thread.</summary>
    public void RunHere<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (AttentionSweep<TModifier, TMask, TConsumer>* self = &this)
            Task<V>(self, 0);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (AttentionSweep<TModifier, TMask, TConsumer>*)state;
        (int b, int head) = Math.DivRem(s->FirstTask + index, s->Call.Heads);
        AttentionSequence sequence = s->Call.Sequence(b);
        int dim = s->Call.Dim, panel = Packing.PanelWidth<V>(), height = GemmTile.Height<V>(), block = s->Call.Block;
        int endQuery = Math.Min(s->EndQuery, sequence.Queries), endKey = Math.Min(s->EndKey, sequence.Keys);
        using Scratch scratch = new(((long)block * Math.Max(dim, 1)) + (height * panel));
        float* panels = scratch.Pointer, scores = panels + ((nint)block * Math.Max(dim, 1));
        ScoreRow* contexts = stackalloc ScoreRow[height];
        for (int key = s->FirstKey; key < endKey; key += block)
        {
            int end = Math.Min(key + block, endKey);
            for (int k = key; k < end; k += panel)
                Packing.Panel<V>(s->Call.KeyRow(b, head / s->Call.Group, sequence.FirstKey + k), 1, (nint)s->Call.StridesK.Row, panels + ((nint)(k - key) * dim), dim, Math.Min(panel, end - k));
            for (int query = s->FirstQuery; query < endQuery; query += height)
                s->Strip<V>(b, head, sequence, query, Math.Min(height, endQuery - query), key, end, panels, scores, contexts);
        }
    }

    private readonly void Strip<V>(int b, int head, in AttentionSequence sequence, int query, int count, int key, int end, float* panels, float* scores, ScoreRow* contexts)
        where V : unmanaged, ISimd<V>
    {
        int first = 0, panel = Packing.PanelWidth<V>(), group = Call.Group, shared = head / group, inGroup = head % group;
        if (!TConsumer.TakesZeros && Mask.Cover(Call.Tile(b, shared, sequence, (query * group) + inGroup, ((count - 1) * group) + 1, key, end - key)) == TileCoverage.None)
            return;
        RowState* states = stackalloc RowState[count];
        for (int r = 0; r < count; r++)
            contexts[r] = Call.Context(b, shared, sequence, ((query + r) * group) + inGroup);
        float* q = Call.QueryRow(b, head, sequence.FirstQuery + query);
        for (int k = key; k < end; k += panel)
        {
            int keys = Math.Min(panel, end - k);
            // Of the strip's rows in the order of the group, the first and the last one belong to this head, so the tile spans it and maybe others.
            TileCoverage c = Mask.Cover(Call.Tile(b, shared, sequence, (query * group) + inGroup, ((count - 1) * group) + 1, k, keys));
            if (c == TileCoverage.None)
            {
                if (!TConsumer.TakesZeros)
                    continue;
                new Span<float>(scores, count * panel).Clear();
            }
            else
            {
                GemmTile.Run<V>(count, q, (nint)Call.StridesQ.Row, 1, panels + ((nint)(k - key) * Call.Dim), panel, scores, panel, Call.Dim, null, 0);
                if (!TModifier.IsIdentity || c == TileCoverage.Partly)
                {
                    byte cover = c == TileCoverage.Partly ? (byte)c : StripSoftmax.Ragged;
                    StripSoftmax.Score<V, TModifier, TMask>(Modifier, Mask, Call.Scale, contexts, count, scores, panel, &first, 1, &cover, k, states);
                }
                float factor = TModifier.IsIdentity ? Call.Scale * AttentionMath.LogTwoE : AttentionMath.LogTwoE;
                if (TModifier.HasDistribution && !TConsumer.TakesScores)
                    StripSoftmax.Distribute<V, TModifier>(Modifier, scores, count, panel, contexts, LogSumExp);
                else if (!TConsumer.TakesScores)
                    StripSoftmax.Weights<V>(scores, count, panel, factor, contexts, LogSumExp);
            }
            Consumer.Take<V>(in Call, b, head, query, count, k, keys, scores, panel);
        }
    }
}

/// <summary>Σ of the weights that each key gets.</summary>
internal unsafe struct KeyMassConsumer : IWeightConsumer
{
    public float* Mass;   // (batch, heads, keys)

    public readonly void Take<V>(ref readonly AttentionCall call, int b, int head, int query, int rows, int key, int count, float* weights, nint stride)
        where V : unmanaged, ISimd<V>
    {
        float* mass = Mass + ((((call.IsPacked ? 0L : b) * call.Heads) + head) * call.Keys) + call.Sequence(b).FirstKey + key;
        for (int i = 0; i < count; i += V.Width)
        {
            int lanes = Math.Min(V.Width, count - i);
            V sum = Lane.Load<V>(mass + i, lanes);
            for (int r = 0; r < rows; r++)
                sum += V.Load(weights + (r * stride) + i);
            Lane.Store(sum, mass + i, lanes);
        }
    }
}

/// <summary>The largest scores of each row, by insertion.</summary>
internal unsafe struct TopConsumer : IWeightConsumer
{
    public int* Keys;
    public float* Scores;
    public int Count;

    public static bool TakesScores => true;

    public readonly void Take<V>(ref readonly AttentionCall call, int b, int head, int query, int rows, int key, int count, float* scores, nint stride)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++, scores += stride)
        {
            long at = call.Row(b, head, call.Sequence(b).FirstQuery + query + r) * Count;
            for (int i = 0; i < count; i++)
                StripSoftmax.Insert(Scores + at, Keys + at, Count, scores[i], key + i);
        }
    }
}

/// <summary>From the largest scores to their weights, as a sweep computes them; keys of weight 0 are none.</summary>
internal unsafe struct TopEnd<TModifier> : ISimdKernel
    where TModifier : unmanaged, IScoreModifier
{
    public TModifier Modifier;
    public float Factor;
    public float* LogSumExp;
    public int* Keys;
    public float* Weights;   // scores, overwritten
    public int Count, Rows;

    public readonly void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[V.Width];
        ScoreRow* row = stackalloc ScoreRow[1];
        for (int r = 0; r < Rows; r++)
        {
            row->Row = r;
            for (int i = 0; i < Count; i += V.Width)
            {
                int n = Math.Min(V.Width, Count - i);
                float* weights = Weights + ((long)r * Count) + i;
                new Span<float>(lanes, V.Width).Fill(float.NegativeInfinity);
                new ReadOnlySpan<float>(weights, n).CopyTo(new Span<float>(lanes, n));
                if (TModifier.HasDistribution)
                    StripSoftmax.Distribute<V, TModifier>(Modifier, lanes, 1, V.Width, row, LogSumExp);
                else
                    StripSoftmax.Weights<V>(lanes, 1, V.Width, Factor, row, LogSumExp);
                for (int j = 0; j < n; j++)
                {
                    bool exists = Keys[((long)r * Count) + i + j] >= 0 && lanes[j] > 0;
                    weights[j] = exists ? lanes[j] : 0;
                    if (!exists)
                        Keys[((long)r * Count) + i + j] = -1;
                }
            }
        }
    }
}

/// <summary>A copy of a tile.</summary>
internal unsafe struct TileConsumer : IWeightConsumer
{
    public float* Tile;
    public int FirstQuery, FirstKey, Keys;

    public static bool TakesZeros => true;

    public readonly void Take<V>(ref readonly AttentionCall call, int b, int head, int query, int rows, int key, int count, float* weights, nint stride)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(weights + (r * stride), count).CopyTo(new Span<float>(Tile + ((long)(query + r - FirstQuery) * Keys) + (key - FirstKey), count));
    }
}
