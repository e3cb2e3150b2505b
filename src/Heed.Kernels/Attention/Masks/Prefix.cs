using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Keys 0 … length − 1 of every sequence; Or&lt;Prefix, Causal&gt; is the prefix language model's mask.</summary>
/// <param name="length">Number of keys that everybody sees.</param>
public readonly struct Prefix(int length) : IAttentionMask
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options) => Require.Range(nameof(Prefix), nameof(length), length, length is >= 0 and <= 1 << 24, "in 0 … 2²⁴");

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile) => tile.LastKey < length ? TileCoverage.All : tile.FirstKey >= length ? TileCoverage.None : TileCoverage.Partly;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.LessThan(V.Lanes, V.Create(length - at.KeyIndex));
}
