using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The Euclidean projection of the scores onto the simplex: weights that are exactly 0 for all but the strongest keys.</summary>
/// <remarks>
/// <para>Formula: α_i = max(e_i − τ, 0), with τ so that Σ α_i = 1. Slope: 1 on the support.</para>
/// <para>Source: Martins and Astudillo, "From softmax to sparsemax", 2016.</para>
/// </remarks>
public readonly struct SparsemaxFunction : IAttentionDistribution
{
    /// <inheritdoc/>
    public float Reach => 1;

    /// <inheritdoc/>
    public float Degree => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Weight<V>(V excess)
        where V : unmanaged, ISimd<V> => V.Max(V.Zero, excess);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Slope<V>(V weight)
        where V : unmanaged, ISimd<V> => V.Select(V.LessThan(V.Zero, weight), V.Create(1), V.Zero);
}
