using System.Runtime.InteropServices;

namespace Heed.Benchmarks;

/// <summary>Operands of a kernel, at the start of a line; large ones in large pages where Linux has them, as the peers' are (<c>glibc.malloc.hugetlb</c> in bench/peers): what a page costs is not the kernel's.</summary>
internal static class Operand
{
    private const int Line = 64, LargePage = 1 << 21, AdviseLargePages = 14;

    public static Memory<float> Filled(int length)
    {
        long bytes = (long)length * sizeof(float);
        int alignment = bytes >= LargePage && OperatingSystem.IsLinux() ? LargePage : Line;
        float[] data = GC.AllocateUninitializedArray<float>(length + (alignment / sizeof(float)), pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(data, 0);
        int first = (int)((-start & (alignment - 1)) / sizeof(float));
        // Before the first touch. Where the system has none, pages stay as they are.
        if (alignment == LargePage)
            _ = Advise(start + ((nint)first * sizeof(float)), (nint)bytes, AdviseLargePages);
        for (int i = 0; i < data.Length; i++)
            data[i] = (((i * 7919L) % 1000) - 500) * 1e-3f;
        return data.AsMemory(first, length);
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(nint address, nint length, int advice);
}
