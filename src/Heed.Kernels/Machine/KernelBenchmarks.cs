using System.Diagnostics;

namespace Heed.Kernels;

/// <summary>Measures where the kernels stand on this machine; <see cref="MachineLimits"/> says what it could do.</summary>
/// <remarks>Best of several calls, after warming up. Rates of a busy machine are too low: measure alone, and limits and kernels in one run.</remarks>
public static class KernelBenchmarks
{
    /// <summary>Names of all cases.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. KernelCase.All.Select(c => c.Name)];

    /// <summary>Measures all cases, or those whose name contains a text.</summary>
    /// <param name="threads">1 … <see cref="Workers.Degree"/>.</param>
    /// <param name="budget">Time for the calls of one case.</param>
    /// <param name="filter">Part of a name, any case; null for all.</param>
    /// <param name="cancellation">Ends after the current case.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is outside its range.</exception>
    /// <remarks>Sets <see cref="Workers.Degree"/> while a case runs; no other kernel should be running.</remarks>
    public static IEnumerable<KernelFigure> Measure(int threads, TimeSpan budget, string? filter = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, Workers.Degree);
        return KernelCase.All.Where(c => filter is null || c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            .TakeWhile(_ => !cancellation.IsCancellationRequested).Select(c => Measure(c, threads, budget));
    }

    private static KernelFigure Measure(KernelCase one, int threads, TimeSpan budget)
    {
        int degree = Workers.Degree;
        Workers.Degree = threads;
        try
        {
            Action call = one.Prepare();
            double once = Time(call, 1);
            // Calls too short for the clock are timed in groups.
            int group = (int)Math.Clamp(Math.Ceiling(0.1 / Math.Min(once, Time(call, 1))), 1, 100_000);
            double best = Time(call, group);
            for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < budget;)
                best = Math.Min(best, Time(call, group));
            return new KernelFigure(one.Name, threads, best, one.Operations, one.Bytes, one.WorkingSet);
        }
        finally
        {
            Workers.Degree = degree;
        }
    }

    // Milliseconds of one call.
    private static double Time(Action call, int group)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < group; i++)
            call();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / group;
    }
}
