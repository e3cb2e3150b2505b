using System.Runtime.CompilerServices;

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
}
