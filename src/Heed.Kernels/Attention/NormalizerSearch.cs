using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Finds the normalizers of a distribution that is not softmax: Σ g(score − normalizer) = 1 for each row.</summary>
/// <remarks>The scores of some rows against all their keys are written out, once, and each row's normalizer is found where they lie (<see cref="NormalizerRow"/>): the products of queries and keys are
/// computed twice in all, and memory is linear in the keys. A normalizer depends on nothing but the scores that the row sees, so bits do not depend on batches, chunks or threads.</remarks>
internal static unsafe class NormalizerSearch
{
    /// <summary>Fills normalizers (rows); −∞ for rows that see nothing.</summary>
    public static void Run<TModifier, TMask>(AttentionCall call, TModifier modifier, TMask mask, float* normalizers)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        int rows = checked((int)((call.IsPacked ? 1L : call.Batch) * call.Heads * call.Queries));
        new Span<float>(normalizers, rows).Fill(float.NegativeInfinity);
        if (rows == 0 || call.Batch == 0)
            return;
        NormalizerCall<TModifier, TMask> search = new() { Call = call, Modifier = modifier, Mask = mask, Normalizers = normalizers, Chunk = Chunk(call.Keys) };
        search.Chunks = (call.Queries + search.Chunk - 1) / search.Chunk;
        Simd.Run(ref search);
    }

    // Rows whose scores are held at once: as many as share the packing of the keys and leave room in the second-level cache; one register tile at least.
    private static int Chunk(int keys) => Math.Clamp((1 << 17) / Math.Max(1, keys), 12, 96);
}

/// <summary>One task for each head of each sequence and each chunk of its queries.</summary>
internal unsafe struct NormalizerCall<TModifier, TMask> : ISimdKernel
    where TModifier : unmanaged, IScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    public AttentionCall Call;
    public TModifier Modifier;
    public TMask Mask;
    public float* Normalizers;
    public int Chunk, Chunks;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (NormalizerCall<TModifier, TMask>* self = &this)
            Workers.Run(&Task<V>, self, Call.Batch * Call.Heads * Chunks);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        var s = (NormalizerCall<TModifier, TMask>*)state;
        (int pair, int chunk) = Math.DivRem(index, s->Chunks);
        (int b, int head) = Math.DivRem(pair, s->Call.Heads);
        AttentionSequence sequence = s->Call.Sequence(b);
        int first = chunk * s->Chunk, end = Math.Min(first + s->Chunk, sequence.Queries), keys = sequence.Keys;
        if (first >= end || keys == 0)
            return;
        using Scratch scratch = new((((long)end - first) * keys) + NormalizerRow.Candidates(keys));
        float* scores = scratch.Pointer, candidates = scores + (((nint)end - first) * keys);
        new Span<float>(scores, (end - first) * keys).Fill(float.NegativeInfinity);
        AttentionSweep<TModifier, TMask, ScoreConsumer> sweep = new()
        {
            Call = s->Call, Modifier = s->Modifier, Mask = s->Mask, Consumer = new() { Scores = scores, FirstQuery = first, Keys = keys },
            FirstTask = pair, Tasks = 1, FirstQuery = first, EndQuery = end, EndKey = int.MaxValue,
        };
        sweep.RunHere<V>();
        for (int query = first; query < end; query++)
            s->Normalizers[s->Call.Row(b, head, sequence.FirstQuery + query)] = s->Row<V>(scores + ((nint)(query - first) * keys), keys, candidates);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly float Row<V>(float* scores, int keys, float* candidates)
        where V : unmanaged, ISimd<V>
    {
        float largest = Fold.Max<V, MaxTerm>(new() { A = scores }, 0, keys);
        if (!float.IsFinite(largest))
            return largest;
        (float normalizer, float sum, _) = NormalizerRow.Find<V, ModifierDistribution<TModifier>>(scores, keys, largest, new(Modifier), candidates);
        return float.IsNaN(sum) ? sum : largest + normalizer;
    }
}

/// <summary>The distribution that a score modifier carries.</summary>
internal readonly struct ModifierDistribution<TModifier>(TModifier modifier) : IAttentionDistribution
    where TModifier : unmanaged, IScoreModifier
{
    public float Reach => modifier.Reach;

    public float Degree => modifier.Degree;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Weight<V>(V excess)
        where V : unmanaged, ISimd<V> => modifier.Weight(excess);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Slope<V>(V weight)
        where V : unmanaged, ISimd<V> => modifier.Slope(weight);
}

/// <summary>A copy of the scores of some rows; keys that tiles leave out keep what stands there.</summary>
internal unsafe struct ScoreConsumer : IWeightConsumer
{
    public float* Scores;   // (rows, keys)
    public int FirstQuery, Keys;

    public static bool TakesScores => true;

    public readonly void Take<V>(ref readonly AttentionCall call, int b, int head, int query, int rows, int key, int count, float* weights, nint stride)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(weights + (r * stride), count).CopyTo(new Span<float>(Scores + ((long)(query + r - FirstQuery) * Keys) + key, count));
    }
}
