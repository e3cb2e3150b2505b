using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>Transposition of float32 blocks: destination[j·destinationStride + i] = source[i·sourceStride + j].</summary>
/// <remarks>Blocks of 8×8 in registers where AVX is there, else blocks of 4×4; edges one by one. A copy: bits do not change.</remarks>
internal static unsafe class Transpose
{
    /// <summary>Writes the transposed block.</summary>
    /// <param name="source">rows × columns floats.</param>
    /// <param name="sourceStride">Distance of source rows.</param>
    /// <param name="destination">columns × rows floats; no overlap with the source.</param>
    /// <param name="destinationStride">Distance of destination rows.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    public static void Run(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
    {
        int block = Avx.IsSupported ? 8 : 4, i = 0;
        for (; i + block <= rows; i += block)
        {
            float* from = source + (i * sourceStride);
            int j = 0;
            for (; j + block <= columns; j += block)
            {
                if (Avx.IsSupported)
                    Block8(from + j, sourceStride, destination + (j * destinationStride) + i, destinationStride);
                else
                    Block4(from + j, sourceStride, destination + (j * destinationStride) + i, destinationStride);
            }
            Single(from + j, sourceStride, destination + (j * destinationStride) + i, destinationStride, block, columns - j);
        }
        Single(source + (i * sourceStride), sourceStride, destination + i, destinationStride, rows - i, columns);
    }

    private static void Single(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
    {
        if (rows == 0)
            return;
        for (int j = 0; j < columns; j++)
        {
            for (int i = 0; i < rows; i++)
                destination[(j * destinationStride) + i] = source[(i * sourceStride) + j];
        }
    }

    // Pairs of rows four apart share a register from the load on, so that only shuffles within 128-bit halves remain.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* s, nint n, float* d, nint m)
    {
        Vector256<float> r0 = Two(s, s + (4 * n)), r1 = Two(s + n, s + (5 * n)), r2 = Two(s + (2 * n), s + (6 * n)), r3 = Two(s + (3 * n), s + (7 * n));
        Vector256<float> r4 = Two(s + 4, s + (4 * n) + 4), r5 = Two(s + n + 4, s + (5 * n) + 4);
        Vector256<float> r6 = Two(s + (2 * n) + 4, s + (6 * n) + 4), r7 = Two(s + (3 * n) + 4, s + (7 * n) + 4);
        Quarter(r0, r1, r2, r3, d, m);
        Quarter(r4, r5, r6, r7, d + (4 * m), m);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Two(float* low, float* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* d, nint m)
    {
        Vector256<float> t0 = Avx.UnpackLow(r0, r1), t1 = Avx.UnpackHigh(r0, r1), t2 = Avx.UnpackLow(r2, r3), t3 = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(t0, t2, 0x44).Store(d);
        Avx.Shuffle(t0, t2, 0xEE).Store(d + m);
        Avx.Shuffle(t1, t3, 0x44).Store(d + (2 * m));
        Avx.Shuffle(t1, t3, 0xEE).Store(d + (3 * m));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4(float* s, nint n, float* d, nint m)
    {
        for (int j = 0; j < 4; j++)
            Vector128.Create(s[j], s[n + j], s[(2 * n) + j], s[(3 * n) + j]).Store(d + (j * m));
    }
}
