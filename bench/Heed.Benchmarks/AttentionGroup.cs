using System.Globalization;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Fused attention over the peers' shapes: forward, and forward with backward where the shape is one of training. Only what the mask needs is counted; decode is
/// reported by the bytes of its cache that it reads (share of the read bandwidth of memory).</summary>
internal sealed class AttentionGroup : IBenchmarkGroup
{
    // id, batch, heads, key/value heads, queries, keys, head size, causal, window, train.
    private const string Shapes = """
        p128 1 8 8 128 128 64 0 0 1
        p128c 1 8 8 128 128 64 1 0 1
        p512 1 12 12 512 512 64 0 0 1
        p512c 1 12 12 512 512 64 1 0 1
        p1k 1 8 8 1024 1024 64 0 0 1
        p1kc 1 8 8 1024 1024 64 1 0 1
        p2k 1 8 8 2048 2048 64 0 0 1
        p2kc 1 8 8 2048 2048 64 1 0 1
        p4k 1 8 8 4096 4096 128 0 0 0
        p4kc 1 8 8 4096 4096 128 1 0 0
        b32 32 4 4 32 32 32 0 0 0
        b64 64 8 8 64 64 64 0 0 0
        gqa1kc 1 32 8 1024 1024 128 1 0 0
        d4k 1 32 8 1 4096 128 0 0 0
        d8x2k 8 32 8 1 2048 128 0 0 0
        d1k 1 12 12 1 1024 64 0 0 0
        w256 1 8 8 4096 4096 64 1 256 0
        """;

    public string Name => "attention";

    public int Order => 2;

    public void Run(BenchmarkRun run)
    {
        string? only = Environment.GetEnvironmentVariable("HEED_BENCH_SHAPES");
        foreach (string line in Shapes.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = line.Split(' ');
            if (string.IsNullOrEmpty(only) || only.Split(' ').Contains(words[0], StringComparer.Ordinal))
                One(run, words[0], [.. words.Skip(1).Select(word => int.Parse(word, CultureInfo.InvariantCulture))]);
        }
    }

    private static void One(BenchmarkRun run, string name, int[] n)
    {
        AttentionShape shape = new(n[0], n[1], n[2], n[3], n[4], n[5]);
        bool causal = n[6] != 0;
        if (n[7] > 0)
            Measure(run, name, shape, new And<Causal, Window>(default, new(n[7] - 1, 0)), Pairs(shape, n[7]), train: false);
        else if (causal)
            Measure(run, name, shape, default(Causal), Pairs(shape, shape.Keys), n[8] != 0);
        else
            Measure(run, name, shape, default(NoMask), (double)shape.Queries * shape.Keys, n[8] != 0);
    }

    // Pairs that a causal window of this many keys leaves.
    private static double Pairs(AttentionShape shape, int window)
    {
        double pairs = 0;
        for (int i = 0; i < shape.Queries; i++)
            pairs += Math.Min(window, shape.Keys - shape.Queries + i + 1);
        return pairs;
    }

    private static void Measure<TMask>(BenchmarkRun run, string name, AttentionShape shape, TMask mask, double pairs, bool train)
        where TMask : unmanaged, IAttentionMask
    {
        int queries = shape.Batch * shape.HeadCount * shape.Queries, keys = shape.Batch * shape.KeyValueHeadCount * shape.Keys;
        Memory<float> q = Operand.Filled(queries * shape.HeadDim), k = Operand.Filled(keys * shape.HeadDim), v = Operand.Filled(keys * shape.HeadDim), o = Operand.Filled(q.Length), log = Operand.Filled(queries);
        double operations = 4.0 * shape.Batch * shape.HeadCount * pairs * shape.HeadDim;
        if (shape.Queries == 1)
        {
            double bytes = 8.0 * keys * shape.HeadDim;
            run.Measure(name, "fwd", bytes, Forward, readsMemory: true);
            return;
        }
        run.Measure(name, "fwd", operations, Forward);
        if (!train)
            return;
        Memory<float> dO = Operand.Filled(q.Length), dq = Operand.Filled(q.Length), dk = Operand.Filled(k.Length), dv = Operand.Filled(k.Length);
        run.Measure(name, "bwd", 2.5 * operations, Backward);
        run.Measure(name, "fwdbwd", 3.5 * operations, () =>
        {
            Forward();
            Backward();
        });

        void Forward() =>
            FusedAttention.Forward(q.Span, k.Span, v.Span, o.Span, shape, default(PlainScore), mask, default, new AttentionStatistics { LogSumExp = log.Span });

        void Backward() =>
            FusedAttention.Backward(dO.Span, q.Span, k.Span, v.Span, o.Span, log.Span, new AttentionGradients(dq.Span, dk.Span, dv.Span), shape, default(PlainScore), mask);
    }

    // On a cache line, as the memory of tensors.
}
