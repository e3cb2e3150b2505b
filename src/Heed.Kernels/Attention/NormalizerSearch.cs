namespace Heed.Kernels;

/// <summary>Finds the normalizers of a distribution that is not softmax: Σ g(score − normalizer) = 1 for each row.</summary>
/// <remarks>One sweep finds the largest scores; each later one gives Σ g and Σ g′, from which Newton's method steps up: g is convex, so it comes from below and stops where float32 does.
/// A row's steps depend on nothing but the row, so bits do not depend on batches or threads.</remarks>
internal static unsafe class NormalizerSearch
{
    private const int MostSweeps = 64;

    // Sums of weights within this of 1 are 1: the pass over the values divides by the sum that it finds.
    private const double Close = 2e-7;

    /// <summary>Fills normalizers (rows); −∞ for rows that see nothing.</summary>
    public static void Run<TModifier, TMask>(AttentionCall call, TModifier modifier, TMask mask, float* normalizers)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        int rows = checked((int)((call.IsPacked ? 1L : call.Batch) * call.Heads * call.Queries));
        new Span<float>(normalizers, rows).Fill(float.NegativeInfinity);
        Sweep(new LargestConsumer { Largest = normalizers });
        using Scratch scratch = new(4L * rows);
        double* sums = (double*)scratch.Pointer;
        Span<bool> isDone = new bool[rows];
        for (int row = 0; row < rows; row++)
        {
            isDone[row] = !float.IsFinite(normalizers[row]);
            if (!isDone[row])
                normalizers[row] -= modifier.Reach;
        }
        for (int i = 0; i < MostSweeps && isDone.Contains(false); i++)
        {
            new Span<double>(sums, 2 * rows).Clear();
            Sweep(new WeightSumConsumer<TModifier> { Modifier = modifier, Sums = sums });
            for (int row = 0; row < rows; row++)
            {
                double excess = sums[2 * row] - 1;
                float next = (float)(normalizers[row] + (excess / sums[(2 * row) + 1]));
                isDone[row] |= !(excess > Close) || !(next > normalizers[row]);
                if (!isDone[row])
                    normalizers[row] = next;
            }
        }

        void Sweep<TConsumer>(TConsumer consumer)
            where TConsumer : unmanaged, IWeightConsumer
        {
            AttentionSweep<TModifier, TMask, TConsumer> sweep = new()
            {
                Call = call, Modifier = modifier, Mask = mask, Consumer = consumer, LogSumExp = normalizers, Tasks = call.Batch * call.Heads, EndQuery = int.MaxValue, EndKey = int.MaxValue,
            };
            Simd.Run(ref sweep);
        }
    }
}

/// <summary>The largest score of each row.</summary>
internal unsafe struct LargestConsumer : IWeightConsumer
{
    public float* Largest;

    public static bool TakesScores => true;

    public readonly void Take(ref readonly AttentionCall call, int b, int head, int query, int key, int count, float* weights)
    {
        float* largest = Largest + call.Row(b, head, call.Sequence(b).FirstQuery + query);
        for (int i = 0; i < count; i++)
            *largest = Math.Max(*largest, weights[i]);
    }
}

/// <summary>Σ g and Σ g′ of each row, in the order of the keys.</summary>
internal unsafe struct WeightSumConsumer<TModifier> : IWeightConsumer
    where TModifier : unmanaged, IScoreModifier
{
    public TModifier Modifier;
    public double* Sums;   // (rows, 2)

    public readonly void Take(ref readonly AttentionCall call, int b, int head, int query, int key, int count, float* weights)
    {
        double* sums = Sums + (2 * call.Row(b, head, call.Sequence(b).FirstQuery + query));
        for (int i = 0; i < count; i++)
        {
            if (weights[i] == 0)
                continue;
            sums[0] += weights[i];
            sums[1] += Modifier.Slope(new ReferenceLane(weights[i])).Value;
        }
    }
}
