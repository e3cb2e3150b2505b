using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Keys 0 … length − 1 of every sequence; Or&lt;Prefix, Causal&gt; is the prefix language model's mask.</summary>
/// <param name="length">Number of keys that everybody sees.</param>
public readonly struct Prefix(int length) : IAttentionMask
{
    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile) => tile.LastKey < length ? TileCoverage.All : tile.FirstKey >= length ? TileCoverage.None : TileCoverage.Partly;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.LessThan(V.Lanes, V.Create(length - at.KeyIndex));
}
