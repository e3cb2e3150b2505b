using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The elementary functions of every model, written once over <see cref="ISimd{TSelf}"/>.</summary>
/// <remarks>
/// <para>No libm and no library routine whose bits depend on a span's length. Largest errors, measured against double precision over
/// 15 million floats spread over all exponents (the tests repeat it with 380,000): exp 1.0, log 0.8, tanh 1.4, sigmoid 2.4 units in the last place,
/// subnormal results included, except that sigmoid ends at −88.7. NaN gives NaN.</para>
/// <para>Method: argument reduction and minimax polynomials with the coefficients of the Cephes library (Moshier, 1989).</para>
/// </remarks>
public static class SimdMath
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>eˣ. 0 below −104, +∞ above 88.73.</summary>
    /// <remarks>x = n·ln 2 + f with |f| ≤ ½·ln 2; eˣ = 2ⁿ·(1 + f + f²·p(f)), ln 2 split in two so that f is exact.</remarks>
    /// <param name="x">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    public static V Exp<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        x = V.Min(V.Create(89f), V.Max(V.Create(-105f), x));
        V n = V.Round(x * V.Create(1.44269504f));
        V f = V.FusedMultiplyAdd(n, V.Create(-0.693359375f), x);
        f = V.FusedMultiplyAdd(n, V.Create(2.12194440e-4f), f);
        V p = V.FusedMultiplyAdd(V.Create(1.9875691500e-4f), f, V.Create(1.3981999507e-3f));
        p = V.FusedMultiplyAdd(p, f, V.Create(8.3334519073e-3f));
        p = V.FusedMultiplyAdd(p, f, V.Create(4.1665795894e-2f));
        p = V.FusedMultiplyAdd(p, f, V.Create(1.6666665459e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(5.0000001201e-1f));
        p = V.FusedMultiplyAdd(p, f * f, f) + V.Create(1f);
        return V.ScaleByPowerOfTwo(p, n);
    }

    /// <summary>2ᵗ for t ≤ 0 (and a little above): exactly 1 at 0, exactly 0 below −151; NaN stays NaN.</summary>
    /// <remarks>t = n + f, |f| ≤ ½; 2ᶠ = 1 + f·p(f) with a minimax p of degree 4 (largest relative error 9.2e-8 before rounding, 1.7e-7 with it): shorter than <see cref="Exp"/> by half.</remarks>
    /// <param name="t">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
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

    /// <summary>ln x. −∞ at 0, NaN below, +∞ at +∞.</summary>
    /// <remarks>x = 2ᵉ·m with m in [√½, √2); ln x = e·ln 2 + ln m, ln(1 + f) = f − f²/2 + f³·p(f).</remarks>
    /// <param name="x">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    public static V Log<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        V subnormal = V.LessThan(x, V.Create(1.17549435e-38f));
        V y = V.Select(subnormal, x * V.Create(16777216f), x);
        V e = V.Exponent(y * V.Create(1.41421356f));
        V result = LogOf(V.ScaleByPowerOfTwo(y, -e), e - V.Select(subnormal, V.Create(24f), V.Zero));
        result = V.Select(V.AreEqual(x, V.Create(float.PositiveInfinity)), x, result);
        result = V.Select(V.LessThan(x, V.Zero), V.Create(float.NaN), result);
        result = V.Select(V.AreEqual(x, x), result, x);
        return V.Select(V.AreEqual(x, V.Zero), V.Create(float.NegativeInfinity), result);
    }

    /// <summary>xⁿ = 2^(n·log₂ x) without the edges of <see cref="Log"/> and <see cref="Exp"/>: shorter by a third.</summary>
    /// <param name="x">Normal positive lanes; others give any number.</param>
    /// <param name="n">The exponent; xⁿ may underflow, not overflow.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    internal static V PowerOfNormal<V>(V x, float n)
        where V : unmanaged, ISimd<V>
    {
        V e = V.Exponent(x * V.Create(1.41421356f));
        return V.PowerOfTwo(LogOf(V.ScaleByPowerOfTwo(x, -e), e) * V.Create(n * 1.44269504f));
    }

    // ln(2ᵉ·m), m in [√½, √2).
    [MethodImpl(Inline)]
    private static V LogOf<V>(V m, V e)
        where V : unmanaged, ISimd<V>
    {
        V f = m - V.Create(1f), z = f * f;
        V p = V.FusedMultiplyAdd(V.Create(7.0376836292e-2f), f, V.Create(-1.1514610310e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(1.1676998740e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(-1.2420140846e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(1.4249322787e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(-1.6668057665e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(2.0000714765e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(-2.4999993993e-1f));
        p = V.FusedMultiplyAdd(p, f, V.Create(3.3333331174e-1f));
        p = V.FusedMultiplyAdd(p * f, z, e * V.Create(-2.12194440e-4f));
        p = V.FusedMultiplyAdd(z, V.Create(-0.5f), p);
        return V.FusedMultiplyAdd(e, V.Create(0.693359375f), f + p);
    }

    /// <summary>tanh x.</summary>
    /// <remarks>|x| &lt; 0.625: x + x³·p(x²); else sign(x)·(1 − 2/(e^(2|x|) + 1)).</remarks>
    /// <param name="x">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    public static V Tanh<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        V size = V.Abs(x), small = TanhNearZero(x);
        V large = V.Create(1f) - V.Create(2f) / (Exp(size + size) + V.Create(1f));
        return V.CopySign(V.Select(V.LessThan(size, V.Create(TanhSmall)), small, large), x);
    }

    /// <summary>tanh x with the same bits, without the exponential and the division where no lane needs them: for numbers that are mostly below 0.625. Elsewhere the branch costs more than it spares.</summary>
    /// <param name="x">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    internal static V TanhMostlySmall<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        ulong small = V.Bits(V.LessThan(V.Abs(x), V.Create(TanhSmall)));
        return small == (1ul << V.Width) - 1 ? V.CopySign(TanhNearZero(x), x) : V.Tanh(x);
    }

    // Below this tanh is a polynomial.
    private const float TanhSmall = 0.625f;

    [MethodImpl(Inline)]
    private static V TanhNearZero<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        V z = x * x;
        V p = V.FusedMultiplyAdd(V.Create(-5.70498872745e-3f), z, V.Create(2.06390887954e-2f));
        p = V.FusedMultiplyAdd(p, z, V.Create(-5.37397155531e-2f));
        p = V.FusedMultiplyAdd(p, z, V.Create(1.33314422036e-1f));
        p = V.FusedMultiplyAdd(p, z, V.Create(-3.33332819422e-1f));
        return V.FusedMultiplyAdd(p * z, x, x);
    }

    /// <summary>1/(1 + e⁻ˣ); 0 below −88.8.</summary>
    /// <param name="x">The lanes.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(Inline)]
    public static V Sigmoid<V>(V x)
        where V : unmanaged, ISimd<V> =>
        V.Create(1f) / (V.Create(1f) + Exp(-x));
}
