using System.Diagnostics;
using System.Runtime.CompilerServices;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>What attention's extras cost beside the plain case of the same run (8 heads of 64, 2,048 tokens); decode over long caches in both formats; memory and time of 131,072 tokens
/// in a window.</summary>
internal sealed class AttentionCostsGroup : IBenchmarkGroup
{
    private const int Heads = 8, Tokens = 2048, Dim = 64, Top = 8;

    public string Name => "attention-costs";

    public int Order => 3;

    public void Run(BenchmarkRun run)
    {
        Costs(run);
        Decode(run, KeyValueFormat.Float32, "d32k float32", 4);
        Decode(run, KeyValueFormat.BFloat16, "d32k bf16", 2);
        LongWindow(run);
    }

    private static void Costs(BenchmarkRun run)
    {
        AttentionShape shape = new(1, Heads, Heads, Tokens, Tokens, Dim);
        float[] q = Filled(Heads * Tokens * Dim), k = Filled(q.Length), v = Filled(q.Length), o = new float[q.Length];
        float[] log = new float[Heads * Tokens], maximum = new float[log.Length], entropy = new float[log.Length], mass = new float[log.Length], weights = new float[log.Length * Top];
        int[] argMax = new int[log.Length], keys = new int[weights.Length];
        float[] slopes = new float[Heads];
        Alibi.Slopes(slopes);
        double operations = 4.0 * Heads * Tokens * Tokens * Dim;
        Measure("plain", () => FusedAttention.Forward(q, k, v, o, shape));
        Measure("alibi", () => FusedAttention.Forward(q, k, v, o, shape, new Alibi(0), default(NoMask), slopes));
        Measure("alibi by a user", () => FusedAttention.Forward(q, k, v, o, shape, default(OwnAlibi), default(NoMask), slopes));
        Measure("soft-cap", () => FusedAttention.Forward(q, k, v, o, shape, new SoftCap(30), default(NoMask)));
        Measure("dropout", () => FusedAttention.Forward(q, k, v, o, shape, default, new AttentionOptions { Dropout = 0.1f, DropoutKey = 1 }));
        Measure("statistics", () => FusedAttention.Forward(q, k, v, o, shape, new AttentionStatistics { LogSumExp = log, Maximum = maximum, ArgMax = argMax, Entropy = entropy }));
        Measure("top-8", () => FusedAttention.Forward(q, k, v, o, shape, new AttentionStatistics { LogSumExp = log, TopKeys = keys, TopWeights = weights }));
        Measure("mass", () => FusedAttention.Forward(q, k, v, o, shape, new AttentionStatistics { LogSumExp = log, KeyMass = mass }));

        // A quarter of the blocks, the same number in each row: the operations are those of the tiles that are left.
        foreach (int size in new[] { 64, 128, 256 })
        {
            int blocks = Tokens / size;
            bool[] flags = [.. Enumerable.Range(0, blocks * blocks).Select(i => (((i / blocks) * 7) + (i % blocks)) % 4 == 0)];
            run.Measure($"p2k blocks of {size}, a quarter", "fwd", operations / 4, () => FusedAttention.Forward(q, k, v, o, shape, default(PlainScore), new BlockSparseMask(size, Tokens), default, default, new AttentionOptions { MaskFlags = flags }));
        }

        void Measure(string extra, Action once) => run.Measure($"p2k {extra}", "fwd", operations, once);
    }

    // What Alibi does, as a user would write it: a struct of one's own costs no more.
    private readonly struct OwnAlibi : IDifferentiableScoreModifier
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Forward<V>(V score, in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => score - (at.Parameter(at.Head) * V.Abs(at.Distance));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
            where V : unmanaged, ISimd<V>
        {
            parameters.Add(at.Head, -(gradient * V.Abs(at.Distance)));
            return gradient;
        }
    }

    private static void Decode(BenchmarkRun run, KeyValueFormat format, string name, int bytes)
    {
        const int Length = 32_768, Query = 32, Shared = 8, Wide = 128, Chunk = 1024;
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        KeyValueCache cache = new(1, Shared, Wide, Wide, Length, format);
        float[] tokens = Filled(Shared * Chunk * Wide), q = Filled(Query * Wide), o = new float[q.Length];
        for (int i = 0; i < Length; i += Chunk)
            cache.Append(tokens, tokens, Chunk);
        run.Measure(name, "fwd", 2.0 * bytes * Shared * Length * Wide, () => cache.Attend(q, o, Query, 1, default(PlainScore), default(NoMask)), readsMemory: true);
    }

    // The process's peak is reset by the system where that is possible; what lies above the level before the passes is theirs.
    private static void LongWindow(BenchmarkRun run)
    {
        const int Length = 131_072, Left = 1023;
        const string Case = "long window";
        if (!Case.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        AttentionShape shape = new(1, Heads, Heads, Length, Length, Dim);
        And<Causal, Window> mask = new(default, new(Left, 0));
        float[] q = Filled(Heads * Length * Dim), k = Filled(q.Length), v = Filled(q.Length), o = Filled(q.Length), log = Filled(Heads * Length);
        float[] dO = Filled(q.Length), dq = Filled(q.Length), dk = Filled(q.Length), dv = Filled(q.Length);
        double pairs = ((double)Length * (Left + 1)) - ((double)Left * (Left + 1) / 2), operations = 3.5 * 4 * Heads * Dim * pairs;
        Workers.Degree = run.Options.Threads.Max();
        long before = ResetPeak();
        long start = Stopwatch.GetTimestamp();
        FusedAttention.Forward(q, k, v, o, shape, default(PlainScore), mask, default, new AttentionStatistics { LogSumExp = log });
        FusedAttention.Backward(dO, q, k, v, o, log, new AttentionGradients(dq, dk, dv), shape, default(PlainScore), mask);
        double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds, rate = operations / time * 1e-6;
        run.Report(Case, Workers.Degree, "fwdbwd", time, time, rate, rate / MachineLimits.Peak(Workers.Degree));
        run.ReportMemory(Case, Workers.Degree, (Level("VmHWM:") - before) / 1024.0);
    }

    private static long ResetPeak()
    {
        GC.Collect();
        if (OperatingSystem.IsLinux())
            File.WriteAllText("/proc/self/clear_refs", "5");
        return Level("VmRSS:");
    }

    // In KiB.
    private static long Level(string name)
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetCurrentProcess().PeakWorkingSet64 / 1024;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static float[] Filled(int length)
    {
        float[] data = GC.AllocateUninitializedArray<float>(length, pinned: true);
        for (int i = 0; i < data.Length; i++)
            data[i] = (((i * 7919L) % 1000) - 500) * 1e-3f;
        return data;
    }
}
