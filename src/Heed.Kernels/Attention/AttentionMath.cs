using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heed.Kernels;

/// <summary>Exponentials and logarithms of single numbers, as the lanes of attention take them.</summary>
internal static class AttentionMath
{
    public const float LogTwo = 0.693147181f, LogTwoE = 1.44269504f;

    /// <summary>ln 2 and log₂ e in double, for the few numbers of a row: a log-sum-exp of some hundreds must not lose bits that all weights of its row depend on.</summary>
    public const double LogTwoWide = 0.69314718055994530942, LogTwoEWide = 1.4426950408889634074;

    /// <summary>One number through the vector function, so that scalars and lanes have the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwo<V>(float t)
        where V : unmanaged, ISimd<V> => Lane.First(V.PowerOfTwo(V.Create(t)));

    /// <summary>ln x of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log<V>(float x)
        where V : unmanaged, ISimd<V> => Lane.First(V.Log(V.Create(x)));

    /// <summary>y = or += scale·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static unsafe void Scaled<V>(float* x, float scale, float* y, int length, bool adds)
        where V : unmanaged, ISimd<V>
    {
        V factor = V.Create(scale);
        for (int i = 0; i < length; i += V.Width)
        {
            int lanes = Math.Min(V.Width, length - i);
            V product = Lane.Load<V>(x + i, lanes) * factor;
            Lane.Store(adds ? Lane.Load<V>(y + i, lanes) + product : product, y + i, lanes);
        }
    }

    /// <summary>x·y in double, in eight sums: the same order on every machine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static unsafe double Dot(float* x, float* y, int length)
    {
        Vector256<double> low = Vector256<double>.Zero, high = low;
        int i = 0;
        for (; i + Vector256<float>.Count <= length; i += Vector256<float>.Count)
        {
            (Vector256<double> x0, Vector256<double> x1) = Vector256.Widen(Vector256.Load(x + i));
            (Vector256<double> y0, Vector256<double> y1) = Vector256.Widen(Vector256.Load(y + i));
            low += x0 * y0;
            high += x1 * y1;
        }
        double sum = Vector256.Sum(low + high);
        for (; i < length; i++)
            sum += (double)x[i] * y[i];
        return sum;
    }
}
