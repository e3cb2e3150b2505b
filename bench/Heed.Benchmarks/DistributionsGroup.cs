using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>What sparse distributions cost beside softmax, at 1,024 keys: rows of energies (forward; backward), and fused attention of 8 heads of 64. The rate is energies a nanosecond for rows.</summary>
internal sealed class DistributionsGroup : IBenchmarkGroup
{
    private const int Heads = 8, Tokens = 1024, Dim = 64, Rows = 64;

    public string Name => "distributions";

    public int Order => 3;

    public void Run(BenchmarkRun run)
    {
        float[] x = Normal(Rows * Tokens, 2), y = new float[x.Length], dy = Normal(x.Length, 1), dx = new float[x.Length];
        Measure("softmax", () => SoftmaxKernel.Forward(x, Tokens, y), () => SoftmaxKernel.Backward(dy, y, Tokens, dx));
        Row("sparsemax", default(SparsemaxFunction));
        Row("entmax-1.5", default(Entmax15Function));
        Row("entmax-1.3", new EntmaxFunction(1.3f));

        AttentionShape shape = new(1, Heads, Heads, Tokens, Tokens, Dim);
        float[] q = Normal(Heads * Tokens * Dim, 1.5f), k = Normal(q.Length, 1.5f), v = Normal(q.Length, 1), o = new float[q.Length];
        double operations = 4.0 * Heads * Tokens * Tokens * Dim;
        run.Measure("fused softmax", "fwd", operations, () => FusedAttention.Forward(q, k, v, o, shape));
        Fused("fused sparsemax", default(SparsemaxFunction));
        Fused("fused entmax-1.5", default(Entmax15Function));

        void Row<TDistribution>(string name, TDistribution distribution)
            where TDistribution : unmanaged, IAttentionDistribution =>
            Measure(name, () => DistributionKernel.Forward(x, Tokens, y, distribution), () => DistributionKernel.Backward(dy, y, Tokens, dx, distribution));

        void Measure(string name, Action forward, Action backward)
        {
            run.Measure($"rows {name}", "fwd", x.Length, forward);
            forward();
            run.Measure($"rows {name}", "bwd", x.Length, backward);
        }

        void Fused<TDistribution>(string name, TDistribution distribution)
            where TDistribution : unmanaged, IAttentionDistribution =>
            run.Measure(name, "fwd", operations, () => FusedAttention.Forward(q, k, v, o, shape, new Distributed<PlainScore, TDistribution>(default, distribution), default(NoMask)));
    }

    private static float[] Normal(int length, float deviation)
    {
        RandomStream random = new(1, "energies");
        float[] data = GC.AllocateUninitializedArray<float>(length, pinned: true);
        for (int i = 0; i < data.Length; i++)
            data[i] = deviation * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return data;
    }
}
