namespace Heed.Kernels;

/// <summary>How fast a kernel ran, beside what the machine could do.</summary>
/// <param name="Kernel">Kernel and shape, as <c>Gemm 512×512×512</c>.</param>
/// <param name="Threads">Threads it ran on.</param>
/// <param name="Milliseconds">The best call.</param>
/// <param name="Operations">Floating-point operations of a call.</param>
/// <param name="Bytes">Bytes that a call must read at least; writing runs beside reading.</param>
/// <param name="WorkingSet">Bytes that a call touches: decides which memory holds them.</param>
public readonly record struct KernelFigure(string Kernel, int Threads, double Milliseconds, double Operations, double Bytes, double WorkingSet)
{
    private const double SecondLevel = 768 << 10, LastLevel = 16 << 20;

    /// <summary>GFLOP/s.</summary>
    public double OperationRate => Operations / Milliseconds * 1e-6;

    /// <summary>GB/s.</summary>
    public double ByteRate => Bytes / Milliseconds * 1e-6;

    /// <summary>Operations for each byte read.</summary>
    public double Intensity => Operations / Bytes;

    /// <summary>The time that the machine's limits leave: the longer of all operations at the FMA peak and all bytes at the read bandwidth of
    /// the memory that holds the working set.</summary>
    /// <param name="limits">Measured in the same run.</param>
    public double LimitMilliseconds(MachineLimits limits) => Math.Max(ComputeMilliseconds(limits), MemoryMilliseconds(limits));

    /// <summary>The limit's time, divided by the kernel's.</summary>
    /// <param name="limits">Measured in the same run.</param>
    public double Share(MachineLimits limits) => LimitMilliseconds(limits) / Milliseconds;

    /// <summary>What limits the kernel: <c>FMA peak</c>, <c>L2</c>, <c>L3</c> or <c>memory</c>.</summary>
    /// <param name="limits">Measured in the same run.</param>
    public string Limit(MachineLimits limits) => ComputeMilliseconds(limits) >= MemoryMilliseconds(limits) ? "FMA peak"
        : WorkingSet <= SecondLevel * Threads ? "L2" : WorkingSet <= LastLevel ? "L3" : "memory";

    private double ComputeMilliseconds(MachineLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return Operations / (Threads == 1 ? limits.PeakOneThread : limits.PeakAllThreads) * 1e-6;
    }

    private double MemoryMilliseconds(MachineLimits limits)
    {
        ReadRate rate = WorkingSet <= SecondLevel * Threads ? limits.SecondLevelCache : WorkingSet <= LastLevel ? limits.LastLevelCache : limits.Memory;
        return Bytes / (Threads == 1 ? rate.OneThread : rate.AllThreads) * 1e-6;
    }
}
