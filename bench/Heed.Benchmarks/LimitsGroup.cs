using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>What the machine can do: see <see cref="MachineLimits"/>.</summary>
internal sealed class LimitsGroup : IBenchmarkGroup
{
    public string Name => "limits";

    public int Order => 0;

    public void Run(BenchmarkRun run)
    {
        Workers.Degree = run.Options.Threads.Max();
        MachineLimits limits = MachineLimits.Measure();
        Pair($"fma{limits.VectorBits}", limits.PeakOneThread, limits.PeakAllThreads, isBandwidth: false);
        Pair("read_l2", limits.SecondLevelCache.OneThread, limits.SecondLevelCache.AllThreads, isBandwidth: true);
        Pair("read_l3", limits.LastLevelCache.OneThread, limits.LastLevelCache.AllThreads, isBandwidth: true);
        Pair("read_dram", limits.Memory.OneThread, limits.Memory.AllThreads, isBandwidth: true);

        void Pair(string name, double one, double all, bool isBandwidth)
        {
            run.ReportLimit(name, 1, one, isBandwidth);
            if (limits.Threads > 1)
                run.ReportLimit(name, limits.Threads, all, isBandwidth);
        }
    }
}
