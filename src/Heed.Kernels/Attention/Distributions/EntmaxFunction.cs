using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Entmax: the family from softmax (α → 1) to sparsemax (α = 2); the larger α, the more weights are exactly 0.</summary>
/// <remarks>
/// <para>Formula: p_i = max((α − 1)·(e_i − τ), 0)^(1/(α − 1)), with τ so that Σ p_i = 1. Slope: p_i^(2 − α) on the support.</para>
/// <para>Source: Peters, Niculae and Martins, "Sparse sequence-to-sequence models", 2019; the gradient for α: Correia, Niculae and Martins, "Adaptively sparse transformers", 2019.</para>
/// </remarks>
public readonly struct EntmaxFunction : IAttentionDistribution
{
    /// <summary>The smallest α: below, the normalizer lies so far under the scores that float32 loses them.</summary>
    public const float LeastAlpha = 1.01f;

    private const float LeastBase = 1.2e-38f;

    private readonly float scale, power, slopePower;

    /// <summary>Chooses α.</summary>
    /// <param name="alpha">From <see cref="LeastAlpha"/> to 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">α is outside.</exception>
    public EntmaxFunction(float alpha)
    {
        Require.Range(nameof(EntmaxFunction), nameof(alpha), alpha, alpha is >= LeastAlpha and <= 2, FormattableString.Invariant($"from {LeastAlpha} to 2; take softmax for less"));
        (scale, power, slopePower) = (alpha - 1, 1 / (alpha - 1), 2 - alpha);
    }

    /// <inheritdoc/>
    public float Reach => power;

    /// <inheritdoc/>
    public float Degree => power;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Weight<V>(V excess)
        where V : unmanaged, ISimd<V>
    {
        // A base below the normal numbers has a power of 0, as n is at least 1.
        V x = excess * V.Create(scale);
        return V.Select(V.LessThan(V.Create(LeastBase), x), SimdMath.PowerOfNormal(x, power), V.Zero);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Slope<V>(V weight)
        where V : unmanaged, ISimd<V> => V.Select(V.LessThan(V.Zero, weight), V.Exp(V.Log(weight) * V.Create(slopePower)), V.Zero);
}
