using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Entmax with α = 1.5: between softmax and sparsemax, smooth, with exact zeros.</summary>
/// <remarks>
/// <para>Formula: α_i = max((e_i − τ)/2, 0)², with τ so that Σ α_i = 1. Slope: √α_i. The same function as <see cref="EntmaxFunction"/> of 1.5, without its logarithms.</para>
/// <para>Source: Peters, Niculae and Martins, "Sparse sequence-to-sequence models", 2019.</para>
/// </remarks>
public readonly struct Entmax15Function : IAttentionDistribution
{
    /// <inheritdoc/>
    public float Reach => 2;

    /// <inheritdoc/>
    public float Degree => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Weight<V>(V excess)
        where V : unmanaged, ISimd<V>
    {
        V half = V.Max(V.Zero, excess * V.Create(0.5f));
        return half * half;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Slope<V>(V weight)
        where V : unmanaged, ISimd<V> => V.Sqrt(weight);
}
