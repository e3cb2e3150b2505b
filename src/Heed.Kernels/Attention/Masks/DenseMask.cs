namespace Heed.Kernels;

/// <summary>A truth value for each pair, broadcast over any axis: flag offset + batch·batchStep + head·headStep + query·queryStep + key·keyStep of <see cref="AttentionOptions.MaskFlags"/>.</summary>
/// <remarks>True means "may attend". Tiles of one value are found and skipped.</remarks>
public readonly struct DenseMask : IAttentionMask
{
    private readonly long offset, batchStep, headStep, queryStep;
    private readonly int keyStep;

    /// <summary>A mask with steps in flags; 0 broadcasts.</summary>
    /// <param name="batchStep">From sequence to sequence.</param>
    /// <param name="headStep">From query head to query head.</param>
    /// <param name="queryStep">From query to query.</param>
    /// <param name="keyStep">From key to key: 0 or 1.</param>
    /// <param name="offset">The first flag.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is negative, or the last one is not 0 or 1.</exception>
    public DenseMask(long batchStep, long headStep, long queryStep, int keyStep = 1, long offset = 0)
    {
        Require.Range(nameof(DenseMask), nameof(keyStep), keyStep, keyStep is 0 or 1, "0 or 1");
        bool sane = batchStep >= 0 && headStep >= 0 && queryStep >= 0 && offset >= 0 && Math.Max(Math.Max(batchStep, headStep), Math.Max(queryStep, offset)) <= int.MaxValue;
        Require.Range(nameof(DenseMask), nameof(batchStep), batchStep, sane, "like all steps and the offset in 0 … 2³¹ − 1");
        (this.batchStep, this.headStep, this.queryStep, this.keyStep, this.offset) = (batchStep, headStep, queryStep, keyStep, offset);
    }

    /// <summary>Flags (batch, heads, queries, keys), each axis there or broadcast.</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="perBatch">Whether sequences differ.</param>
    /// <param name="perHead">Whether heads differ.</param>
    public static DenseMask For(in AttentionShape shape, bool perBatch, bool perHead)
    {
        long matrix = (long)shape.Queries * shape.Keys;
        return new(perBatch ? (perHead ? shape.HeadCount : 1) * matrix : 0, perHead ? matrix : 0, shape.Keys);
    }

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        if (shape.Batch == 0 || shape.HeadCount == 0 || shape.Queries == 0 || shape.Keys == 0)
            return;
        Int128 last = ((Int128)batchStep * (shape.Batch - 1)) + ((Int128)headStep * (shape.HeadCount - 1)) + ((Int128)queryStep * (shape.Queries - 1)) + (keyStep * (shape.Keys - 1));
        MaskCheck.Data(nameof(DenseMask), "flags", offset, last + 1, options.MaskFlags.Length);
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        bool? all = null;
        for (int head = tile.FirstHead; head <= tile.LastHead; head++)
        {
            for (int query = tile.FirstQuery; query <= tile.LastQuery; query++)
            {
                long first = offset + (tile.Batch * batchStep) + (head * headStep) + (query * queryStep) + ((long)tile.FirstKey * keyStep);
                ReadOnlySpan<bool> flags = tile.Flags.Slice((int)first, keyStep == 0 ? 1 : tile.LastKey - tile.FirstKey + 1);
                bool value = flags[0];
                if (flags.ContainsAnyExcept(value) || (all ?? value) != value)
                    return TileCoverage.Partly;
                all = value;
            }
        }
        return all == true ? TileCoverage.All : TileCoverage.None;
    }

    /// <inheritdoc/>
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> =>
        at.Flags(offset + (at.Batch * batchStep) + (at.Head * headStep) + (at.QueryIndex * queryStep) + ((long)at.KeyIndex * keyStep), keyStep);
}
