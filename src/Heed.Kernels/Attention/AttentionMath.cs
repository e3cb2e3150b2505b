using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The exponential of attention: powers of two of numbers that are not positive.</summary>
internal static class AttentionMath
{
    public const float LogTwo = 0.693147181f, LogTwoE = 1.44269504f;

    /// <summary>ln 2 and log₂ e in double, for the few numbers of a row: a log-sum-exp of some hundreds must not lose bits that all weights of its row depend on.</summary>
    public const double LogTwoWide = 0.69314718055994530942, LogTwoEWide = 1.4426950408889634074;

    /// <summary>2ᵗ for t ≤ 0 (and a little above): exactly 1 at 0, exactly 0 below −151; NaN stays NaN.</summary>
    /// <remarks>t = n + f, |f| ≤ ½; 2ᶠ = 1 + f·p(f) with a minimax p of degree 4 (largest relative error 9.2e-8 before rounding), shorter than
    /// <see cref="SimdMath.Exp"/> by half.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V PowerOfTwo<V>(V t)
        where V : unmanaged, ISimd<V>
    {
        t = V.Max(V.Create(-160f), t);
        V n = V.Round(t), f = t - n;
        V p = V.FusedMultiplyAdd(V.Create(0.0013264728f), f, V.Create(0.009671514f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.055507336f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.24022243f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.693147f));
        p = V.FusedMultiplyAdd(p, f, V.Create(1f));
        return V.ScaleByPowerOfTwo(p, n);
    }

    /// <summary>One number through the vector function, so that scalars and lanes have the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwo<V>(float t)
        where V : unmanaged, ISimd<V> => Lane.First(PowerOfTwo(V.Create(t)));

    /// <summary>ln x of one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log<V>(float x)
        where V : unmanaged, ISimd<V> => Lane.First(V.Log(V.Create(x)));
}
