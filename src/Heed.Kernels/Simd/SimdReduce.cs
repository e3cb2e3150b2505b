using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heed.Kernels;

/// <summary>Sums and maxima across the lanes of one vector: halves are folded onto halves, so the order is the same everywhere.</summary>
internal static class SimdReduce
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    public static float Sum(Vector512<float> x) => Sum(x.GetLower() + x.GetUpper());

    [MethodImpl(Inline)]
    public static float Sum(Vector256<float> x) => Sum(x.GetLower() + x.GetUpper());

    [MethodImpl(Inline)]
    public static float Sum(Vector128<float> x)
    {
        Vector128<float> pairs = x + Vector128.Shuffle(x, Vector128.Create(2, 3, 0, 1));
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    [MethodImpl(Inline)]
    public static float Max(Vector512<float> x) => Max(Vector256.MaxNative(x.GetLower(), x.GetUpper()));

    [MethodImpl(Inline)]
    public static float Max(Vector256<float> x) => Max(Vector128.MaxNative(x.GetLower(), x.GetUpper()));

    [MethodImpl(Inline)]
    public static float Max(Vector128<float> x)
    {
        Vector128<float> pairs = Vector128.MaxNative(x, Vector128.Shuffle(x, Vector128.Create(2, 3, 0, 1)));
        // No branch: which half holds the largest lane is not to be foreseen.
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
