using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A query sees the keys of its own document.</summary>
/// <remarks>Documents are numbers below 2²⁴ in <see cref="AttentionOptions.MaskNumbers"/>: those of the keys (batch, keys) from <paramref name="keyOffset"/>, those of the
/// queries (batch, queries) from <paramref name="queryOffset"/>; self-attention gives both the same offset. Sequences must not be packed: offsets say there what belongs together.</remarks>
/// <param name="queryOffset">Where the documents of the queries start.</param>
/// <param name="keyOffset">Where the documents of the keys start.</param>
/// <param name="queries">Queries of a sequence.</param>
/// <param name="keys">Keys of a sequence.</param>
public readonly struct DocumentMask(int queryOffset, int keyOffset, int queries, int keys) : IAttentionMask
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        if (shape.Queries > queries || shape.Keys > keys)
            throw new ArgumentException(FormattableString.Invariant($"DocumentMask: made for {queries} queries and {keys} keys, got {shape.Queries} and {shape.Keys}."), nameof(shape));
        MaskCheck.Data(nameof(DocumentMask), "numbers", queryOffset, (long)shape.Batch * queries, options.MaskNumbers.Length);
        MaskCheck.Data(nameof(DocumentMask), "numbers", keyOffset, (long)shape.Batch * keys, options.MaskNumbers.Length);
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        (int leastQuery, int mostQuery) = Range(tile.Numbers.Slice(queryOffset + (tile.Batch * queries) + tile.FirstQuery, tile.LastQuery - tile.FirstQuery + 1));
        (int leastKey, int mostKey) = Range(tile.Numbers.Slice(keyOffset + (tile.Batch * keys) + tile.FirstKey, tile.LastKey - tile.FirstKey + 1));
        if (mostQuery < leastKey || mostKey < leastQuery)
            return TileCoverage.None;
        return leastQuery == mostKey && mostQuery == leastKey ? TileCoverage.All : TileCoverage.Partly;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> =>
        V.AreEqual(V.Create((float)at.Number(queryOffset + ((long)at.Batch * queries) + at.QueryIndex)), at.Numbers(keyOffset + ((long)at.Batch * keys) + at.KeyIndex));

    private static (int Least, int Most) Range(ReadOnlySpan<int> numbers)
    {
        int least = int.MaxValue, most = int.MinValue;
        foreach (int number in numbers)
            (least, most) = (Math.Min(least, number), Math.Max(most, number));
        return (least, most);
    }
}
