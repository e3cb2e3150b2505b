using System.Runtime.InteropServices;

namespace Heed.Kernels.Tests;

/// <summary>Floats between two pages that may not be touched: one float too far ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int None = 0, ReadWrite = 3, PrivateAnonymous = 0x22;
    private readonly nint start;
    private readonly int page = Environment.SystemPageSize, bytes;

    public GuardedMemory(int length)
    {
        Length = length;
        bytes = Math.Max(1, ((length * sizeof(float)) + page - 1) / page) * page;
        start = Map(0, (nuint)(bytes + (2 * page)), None, PrivateAnonymous, -1, 0);
        if (start == -1 || Protect(start + page, (nuint)bytes, ReadWrite) != 0)
            throw new InvalidOperationException("The system gives no guarded memory.");
    }

    public static bool IsSupported => OperatingSystem.IsLinux();

    public int Length { get; }

    /// <summary>The floats that end where the page behind them starts.</summary>
    public Span<float> AtEnd => new((float*)(start + page + bytes) - Length, Length);

    /// <summary>The floats that start where the page before them ends.</summary>
    public Span<float> AtStart => new((float*)(start + page), Length);

    /// <summary>All that may be touched: on the other side of either, the rest of a page.</summary>
    public Span<float> All => new((float*)(start + page), bytes / sizeof(float));

    public void Dispose() => _ = Unmap(start, (nuint)(bytes + (2 * page)));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
