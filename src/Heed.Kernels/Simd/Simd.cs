using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>A kernel body that is generic over the vector; <see cref="Simd.Run"/> calls it at the machine's width.</summary>
internal interface ISimdKernel
{
    void Run<V>()
        where V : unmanaged, ISimd<V>;
}

/// <summary>The vector width in use.</summary>
/// <remarks>The widest that the machine runs well, or what the environment variable <c>HEED_SIMD</c> (512, 256 or 128) pins, where the machine
/// has it. Results have the same bits on every machine that runs the same width with fused multiply–add.</remarks>
public static class Simd
{
    /// <summary>Width in bits: 512, 256 or 128.</summary>
    public static int Bits { get; } = Choose();

    /// <summary>Number of float32 lanes: 16, 8 or 4.</summary>
    public static int Width => Bits / 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Run<TKernel>(ref TKernel kernel)
        where TKernel : struct, ISimdKernel, allows ref struct
    {
        if (Bits == 512)
            kernel.Run<Simd512>();
        else if (Bits == 256)
            kernel.Run<Simd256>();
        else
            kernel.Run<Simd128>();
    }

    private static int Choose()
    {
        int widest = Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? 512
            : Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported ? 256 : 128;
        return int.TryParse(Environment.GetEnvironmentVariable("HEED_SIMD"), CultureInfo.InvariantCulture, out int pinned) && pinned is 128 or 256 or 512
            ? Math.Min(pinned, widest) : widest;
    }
}
