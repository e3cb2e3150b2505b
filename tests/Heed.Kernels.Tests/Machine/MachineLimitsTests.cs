using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests.Machine;

[Collection(WorkerTests.Name)]
public class MachineLimitsTests
{
    [Fact]
    public void The_figures_are_those_of_a_machine()
    {
        MachineLimits limits = MachineLimits.Measure();
        limits.VectorBits.ShouldBe(Simd.Bits);
        limits.Threads.ShouldBe(Workers.Degree);
        // Between the slowest machine that runs .NET, busy, and more than any core has: a loop that was optimised away, or a wrong unit, shows.
        limits.PeakOneThread.ShouldBeInRange(0.2, 1_000);
        limits.PeakAllThreads.ShouldBeInRange(0.2, 1_000.0 * limits.Threads);
        foreach (ReadRate rate in new[] { limits.SecondLevelCache, limits.LastLevelCache, limits.Memory })
        {
            rate.OneThread.ShouldBeInRange(0.1, 2_000);
            rate.AllThreads.ShouldBeInRange(0.1, 2_000.0 * limits.Threads);
        }
    }

    [Fact]
    public void More_threads_than_the_memory_has_parts_share_these()
    {
        using var workers = new WorkerDegree(40);
        MachineLimits.Measure().LastLevelCache.AllThreads.ShouldBeGreaterThan(0.1);
    }

    [Fact]
    public void A_peak_of_no_or_too_many_threads_is_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => MachineLimits.Peak(0));
        Should.Throw<ArgumentOutOfRangeException>(() => MachineLimits.Peak(Workers.Degree + 1));
    }
}
