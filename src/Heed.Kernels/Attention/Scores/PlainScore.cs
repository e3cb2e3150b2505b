using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score: scaled dot-product attention (Vaswani et al., 2017).</summary>
public readonly struct PlainScore : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public static bool IsIdentity => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => score;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V> => gradient;
}
