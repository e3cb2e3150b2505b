using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>The powers of one row of scores, over the panels of its strip: x ← 2^(factor·x + shift), and their sums in two vectors.</summary>
internal static unsafe class RowPowers
{
    /// <summary>Nothing else is looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Run<V>(float* row, int* live, int panels, float factor, float shift)
        where V : unmanaged, ISimd<V>
    {
        if (typeof(V) == typeof(Simd512))
            return Run512(row, live, panels, factor, shift);
        if (typeof(V) == typeof(Simd256))
            return Run256(row, live, panels, factor, shift);
        V c = V.Create(factor), h = V.Create(shift), s0 = V.Zero, s1 = V.Zero;
        for (int p = 0; p < panels; p++)
        {
            float* x = row + live[p];
            V e0 = V.PowerOfTwo(V.FusedMultiplyAdd(V.Load(x), c, h)), e1 = V.PowerOfTwo(V.FusedMultiplyAdd(V.Load(x + V.Width), c, h));
            V.Store(e0, x);
            V.Store(e1, x + V.Width);
            s0 += e0;
            s1 += e1;
        }
        return V.Sum(s0 + s1);
    }

    // The same bits as the loop above, without the wrapper: through it the compiler reads the constants of Simd512.PowerOfTwo again with every vector, and the loop takes a fifth longer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Run512(float* row, int* live, int panels, float factor, float shift)
    {
        Vector512<float> c = Vector512.Create(factor), h = Vector512.Create(shift), s0 = Vector512<float>.Zero, s1 = s0;
        for (int p = 0; p < panels; p++)
        {
            float* x = row + live[p];
            Vector512<float> e0 = Simd512.PowerOfTwo(Avx512F.FusedMultiplyAdd(Vector512.Load(x), c, h));
            Vector512<float> e1 = Simd512.PowerOfTwo(Avx512F.FusedMultiplyAdd(Vector512.Load(x + Vector512<float>.Count), c, h));
            e0.Store(x);
            e1.Store(x + Vector512<float>.Count);
            s0 += e0;
            s1 += e1;
        }
        return SimdReduce.Sum(s0 + s1);
    }

    // The same bits again.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Run256(float* row, int* live, int panels, float factor, float shift)
    {
        const int W = 8;
        Vector256<float> c = Vector256.Create(factor), h = Vector256.Create(shift), s0 = Vector256<float>.Zero, s1 = s0;
        int p = 0;
        for (; p + 1 < panels; p += 2)
        {
            float* x = row + live[p], y = row + live[p + 1];
            Vector256<float> e0 = Vector256.FusedMultiplyAdd(Vector256.Load(x), c, h), e1 = Vector256.FusedMultiplyAdd(Vector256.Load(x + W), c, h);
            Vector256<float> e2 = Vector256.FusedMultiplyAdd(Vector256.Load(y), c, h), e3 = Vector256.FusedMultiplyAdd(Vector256.Load(y + W), c, h);
            Simd256.PowersOfTwo(ref e0, ref e1, ref e2, ref e3);
            e0.Store(x);
            e1.Store(x + W);
            e2.Store(y);
            e3.Store(y + W);
            s0 = s0 + e0 + e2;
            s1 = s1 + e1 + e3;
        }
        if (p < panels)
        {
            float* x = row + live[p];
            Vector256<float> e0 = Simd256.PowerOfTwo(Vector256.FusedMultiplyAdd(Vector256.Load(x), c, h)), e1 = Simd256.PowerOfTwo(Vector256.FusedMultiplyAdd(Vector256.Load(x + W), c, h));
            e0.Store(x);
            e1.Store(x + W);
            s0 += e0;
            s1 += e1;
        }
        return SimdReduce.Sum(s0 + s1);
    }
}
