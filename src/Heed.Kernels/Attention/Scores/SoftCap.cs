using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = cap·tanh(score / cap): scores stay within ±cap (Gemma 2, 2024).</summary>
/// <remarks>Costs least where scores stay below 0.625·cap, where tanh needs no exponential.</remarks>
/// <param name="cap">The cap, positive.</param>
public readonly struct SoftCap(float cap) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount) => Require.Range(nameof(SoftCap), nameof(cap), cap, cap > 0, "positive");

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.Create(cap) * SimdMath.TanhMostlySmall(score * V.Create(1 / cap));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        V t = SimdMath.TanhMostlySmall(score * V.Create(1 / cap));
        return gradient * (V.Create(1f) - (t * t));
    }
}
