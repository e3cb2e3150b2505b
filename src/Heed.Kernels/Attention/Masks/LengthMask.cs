using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Keys 0 … length − 1 of each sequence, the length being number offset + batch of <see cref="AttentionOptions.MaskNumbers"/>.</summary>
/// <remarks><see cref="AttentionOptions.KeyLengths"/> is the better way for padding: positions then count from the sequence's own end.</remarks>
/// <param name="offset">Where the lengths start.</param>
public readonly struct LengthMask(int offset) : IAttentionMask
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        MaskCheck.Data(nameof(LengthMask), "numbers", offset, shape.Batch, options.MaskNumbers.Length);
        foreach (int length in options.MaskNumbers.Slice(offset, shape.Batch))
            Require.Range(nameof(LengthMask), nameof(length), length, length >= 0 && length <= shape.Keys, "in 0 … keys");
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        int length = tile.Numbers[offset + tile.Batch];
        return tile.LastKey < length ? TileCoverage.All : tile.FirstKey >= length ? TileCoverage.None : TileCoverage.Partly;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.LessThan(V.Lanes, V.Create(at.Number(offset + at.Batch) - at.KeyIndex));
}
