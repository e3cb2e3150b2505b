using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>The tallest tile of 256 bits without the wrapper of vectors: six rows, two vectors wide.</summary>
/// <remarks>
/// <para>The same sums as <see cref="GemmTile.Run{V, TRows, TForm}"/>. There the compiler adds to a copy of every second sum and moves it back: with those seven moves a step of twelve
/// multiply–adds has more instructions than the six cycles of its arithmetic can take up. With 512 bits a step takes twice as long, and they do not matter.</para>
/// <para>Registers: 12 sums, 2 of B, 1 broadcast of 16.</para>
/// </remarks>
internal static unsafe class SixRowTile
{
    // Floats of a vector.
    private const int W = 8;

    /// <summary>One tile, or with <see cref="ITileForm.Repeats"/> neighbouring ones, whose panels of B lie <paramref name="panelStride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TForm>(
        float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride, float* other, float* next, nint panelStride = 0)
        where TForm : struct, ITileForm
    {
        float* panel = b;
    Panel:
        Vector256<float> c00 = Vector256<float>.Zero, c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00,
            c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
        if (start != null)
        {
            float* s3 = start + (3 * startStride);
            (c00, c01) = (Vector256.Load(start), Vector256.Load(start + W));
            (c10, c11) = (Vector256.Load(start + startStride), Vector256.Load(start + startStride + W));
            (c20, c21) = (Vector256.Load(start + (2 * startStride)), Vector256.Load(start + (2 * startStride) + W));
            (c30, c31) = (Vector256.Load(s3), Vector256.Load(s3 + W));
            (c40, c41) = (Vector256.Load(s3 + startStride), Vector256.Load(s3 + startStride + W));
            (c50, c51) = (Vector256.Load(s3 + (2 * startStride)), Vector256.Load(s3 + (2 * startStride) + W));
        }
        float* a0 = a, a3 = a + (3 * rowStride);
        for (nint part = !TForm.Repeats && depth >= 2 * GemmTile.Late ? depth - GemmTile.Late : depth, left = depth; ; part = left)
        {
            left -= part;
            for (nint p = part; p > 0; p--)
            {
                Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + W);
                if (TForm.PacksB)
                {
                    Sse.Prefetch0(b + (GemmTile.Ahead * strideB));
                    Sse.Prefetch0(b + (GemmTile.Ahead * strideB) + W);
                    b0.Store(other);
                    b1.Store(other + W);
                    other += 2 * W;
                }
                if (TForm.Fetches)
                {
                    Sse.Prefetch1(other);
                    other += GemmTile.FetchStep;
                }
                if (TForm.PacksA)
                {
                    Sse.Prefetch0(a0 + (GemmTile.Ahead * depthStride) + 5);
                    Vector256.Load(a0).Store(other);
                    other += 6;
                }
                Vector256<float> x = Vector256.Create(*a0);
                c00 = Vector256.FusedMultiplyAdd(x, b0, c00);
                c01 = Vector256.FusedMultiplyAdd(x, b1, c01);
                x = Vector256.Create(a0[rowStride]);
                c10 = Vector256.FusedMultiplyAdd(x, b0, c10);
                c11 = Vector256.FusedMultiplyAdd(x, b1, c11);
                x = Vector256.Create(a0[2 * rowStride]);
                c20 = Vector256.FusedMultiplyAdd(x, b0, c20);
                c21 = Vector256.FusedMultiplyAdd(x, b1, c21);
                x = Vector256.Create(*a3);
                c30 = Vector256.FusedMultiplyAdd(x, b0, c30);
                c31 = Vector256.FusedMultiplyAdd(x, b1, c31);
                x = Vector256.Create(a3[rowStride]);
                c40 = Vector256.FusedMultiplyAdd(x, b0, c40);
                c41 = Vector256.FusedMultiplyAdd(x, b1, c41);
                x = Vector256.Create(a3[2 * rowStride]);
                c50 = Vector256.FusedMultiplyAdd(x, b0, c50);
                c51 = Vector256.FusedMultiplyAdd(x, b1, c51);
                a0 += depthStride;
                a3 += depthStride;
                b += strideB;
            }
            if (left == 0)
                break;
            for (int r = 0; r < 6; r++, next += strideC)
            {
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + W);
            }
        }
        float* c3 = c + (3 * strideC);
        c00.Store(c);
        c01.Store(c + W);
        c10.Store(c + strideC);
        c11.Store(c + strideC + W);
        c20.Store(c + (2 * strideC));
        c21.Store(c + (2 * strideC) + W);
        c30.Store(c3);
        c31.Store(c3 + W);
        c40.Store(c3 + strideC);
        c41.Store(c3 + strideC + W);
        c50.Store(c3 + (2 * strideC));
        c51.Store(c3 + (2 * strideC) + W);
        if (TForm.Repeats)
        {
            c += 2 * W;
            if (start != null)
                start += 2 * W;
            b = panel += panelStride;
            if (c != next)
                goto Panel;
        }
    }
}
