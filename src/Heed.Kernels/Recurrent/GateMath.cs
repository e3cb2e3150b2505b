using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The gates' two functions: half as long as <see cref="SimdMath"/>'s, which a recurrent step would spend a seventh of its time in.</summary>
/// <remarks>
/// <para>Method: y = n·ln 2 + f with |f| ≤ ½·ln 2, and e^y = 2ⁿ·(1 + q) with q = e^f − 1 = f + f²·p(f), p a minimax polynomial of degree 4 (largest relative error of q 1.4e-8 before rounding).
/// With q, and not e^f, neither function cancels near 0, so that one formula serves all arguments. n comes out of one addition: at 1.5·2²³ + 127 the unit in the last place is 1, and the last bits are 2ⁿ's exponent.</para>
/// <para>Largest errors: tanh 2.6, sigmoid 2.0 units in the last place, also where multiply–adds round twice; sigmoid ends at −87, with 1.6e-38. NaN gives NaN.</para>
/// </remarks>
internal static class GateMath
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const float Shift = 12582912f + 127f;

    /// <summary>1/(1 + e⁻ˣ) = 1/(2ⁿ·q + (2ⁿ + 1)).</summary>
    [MethodImpl(Inline)]
    public static V Sigmoid<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        V q = Growth(V.Min(V.Create(87f), V.Max(V.Create(-87f), -x)), out V scale);
        return V.Create(1f) / V.FusedMultiplyAdd(scale, q, scale + V.Create(1f));
    }

    /// <summary>tanh x = g/(g + 2) with g = e²ˣ − 1 = 2ⁿ·q + (2ⁿ − 1).</summary>
    [MethodImpl(Inline)]
    public static V Tanh<V>(V x)
        where V : unmanaged, ISimd<V>
    {
        x = V.Min(V.Create(10f), V.Max(V.Create(-10f), x));
        V q = Growth(x + x, out V scale);
        V g = V.FusedMultiplyAdd(scale, q, scale - V.Create(1f));
        return g / (g + V.Create(2f));
    }

    // q and 2ⁿ of e^y = 2ⁿ·(1 + q).
    [MethodImpl(Inline)]
    private static V Growth<V>(V y, out V scale)
        where V : unmanaged, ISimd<V>
    {
        V shifted = V.FusedMultiplyAdd(y, V.Create(1.44269504f), V.Create(Shift));
        scale = V.FromExponentBits(shifted);
        // ln 2 in two parts: where multiply–adds round twice, one part would leave n·6e-8 of its error.
        V n = shifted - V.Create(Shift), f = V.FusedMultiplyAdd(n, V.Create(2.12194440e-4f), V.FusedMultiplyAdd(n, V.Create(-0.693359375f), y));
        V p = V.FusedMultiplyAdd(V.Create(0.001388252f), f, V.Create(0.008366527f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.0416672f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.16666543f));
        p = V.FusedMultiplyAdd(p, f, V.Create(0.49999997f));
        return V.FusedMultiplyAdd(p * f, f, f);
    }
}
