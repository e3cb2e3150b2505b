using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A query sees the keys up to its own position, shifted: key position ≤ query position + shift.</summary>
/// <remarks>
/// <para>Positions align bottom-right unless <see cref="AttentionOptions.QueryPosition"/> says otherwise: with 2 queries over 4 keys,
/// <code>
/// 1 1 1 0
/// 1 1 1 1
/// </code></para>
/// <para><see cref="CausalTopLeft"/> aligns top-left, as torch's is_causal does.</para>
/// </remarks>
/// <param name="shift">How many keys beyond its own position a query sees; negative: how many it lacks.</param>
public readonly struct Causal(int shift) : IAttentionMask
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options) => Require.Range(nameof(Causal), nameof(shift), shift, Math.Abs((long)shift) <= 1 << 24, "in −2²⁴ … 2²⁴");

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        (int least, int most) = tile.Distance;
        return least + shift >= 0 ? TileCoverage.All : most + shift < 0 ? TileCoverage.None : TileCoverage.Partly;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.LessThan(V.Create(-1 - shift), at.Distance);
}
