using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Heed.Kernels;

/// <summary>What this machine can do at most, measured: the yardstick of every share of a peak that is quoted.</summary>
/// <remarks>The rates are the best of several short repetitions. Other programs and, on shared hosts, other guests lower them: measure in the
/// same run as the kernels that are compared.</remarks>
public sealed record MachineLimits
{
    private const int CacheBytes = 384 << 10, LastLevelBytes = 8 << 20, MemoryBytes = 256 << 20;

    private MachineLimits()
    {
    }

    /// <summary>Width of the vectors in bits: 512, 256 or 128.</summary>
    public int VectorBits { get; private init; }

    /// <summary>Number of threads of the figures for all threads.</summary>
    public int Threads { get; private init; }

    /// <summary>Fused multiply–adds on one thread, in GFLOP/s (two operations each).</summary>
    public double PeakOneThread { get; private init; }

    /// <summary>Fused multiply–adds on all threads, in GFLOP/s.</summary>
    public double PeakAllThreads { get; private init; }

    /// <summary>Reading 384 KiB a thread again and again (second-level cache), in GB/s.</summary>
    public ReadRate SecondLevelCache { get; private init; }

    /// <summary>Reading 8 MiB a thread again and again (last-level cache, where it is as large), in GB/s; from 33 threads on some read the same.</summary>
    public ReadRate LastLevelCache { get; private init; }

    /// <summary>Reading 256 MiB (memory), in GB/s.</summary>
    public ReadRate Memory { get; private init; }

    /// <summary>Measures; takes about half a second and 256 MiB.</summary>
    /// <remarks>All threads are <see cref="Workers.Degree"/>; no other kernel should be running.</remarks>
    public static unsafe MachineLimits Measure()
    {
        var memory = (float*)NativeMemory.AlignedAlloc(MemoryBytes, 4096);
        try
        {
            // Written once, so that every page is there.
            new Span<float>(memory, MemoryBytes / sizeof(float)).Fill(1);
            int threads = Workers.Degree;
            return new()
            {
                VectorBits = Simd.Bits,
                Threads = threads,
                PeakOneThread = Peak(1),
                PeakAllThreads = Peak(threads),
                SecondLevelCache = new(Read(memory, CacheBytes, 64, 1), Read(memory, CacheBytes, 64, threads)),
                LastLevelCache = new(Read(memory, LastLevelBytes, 4, 1), Read(memory, LastLevelBytes, 4, threads)),
                Memory = new(Read(memory, MemoryBytes, 1, 1), Read(memory, MemoryBytes / threads, 1, threads)),
            };
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>The FMA peak of some threads alone, in GFLOP/s; takes some 20 ms. Cheap enough to stand beside every measurement.</summary>
    /// <param name="threads">1 … <see cref="Workers.Degree"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is outside this range.</exception>
    public static double Peak(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, Workers.Degree);
        MultiplyAddChains chains = new() { Threads = threads };
        return Best(20, () => Simd.Run(ref chains)) * MultiplyAddChains.Operations(threads) * 1e-9;
    }

    private static unsafe double Read(float* memory, int bytesPerThread, int rounds, int threads)
    {
        // Four streams of whole groups of vectors, an odd number of KiB apart, so that they share neither cache sets nor banks.
        int length = 4 * 256 * (((bytesPerThread / (4 * 256 * sizeof(float))) - 1) | 1);
        StreamReader reader = new() { Memory = memory, Length = length, Rounds = rounds, Threads = threads, Regions = MemoryBytes / sizeof(float) / length };
        return Best(7, () => Simd.Run(ref reader)) * length * sizeof(float) * rounds * threads * 1e-9;
    }

    // Calls a second.
    private static double Best(int repetitions, Action action)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return 1 / best;
    }
}

/// <summary>A read bandwidth in GB/s (10⁹ bytes a second).</summary>
/// <param name="OneThread">On one thread.</param>
/// <param name="AllThreads">On all threads together, each with memory of its own.</param>
public readonly record struct ReadRate(double OneThread, double AllThreads);
