namespace Heed.Kernels;

/// <summary>A truth value for each pair, broadcast over any axis: flag offset + batch·batchStep + head·headStep + query·queryStep + key·keyStep of <see cref="AttentionOptions.MaskFlags"/>.</summary>
/// <remarks>True means "may attend". Tiles of one value are found and skipped.</remarks>
public readonly struct DenseMask : IAttentionMask
{
    private readonly Broadcast places;

    /// <summary>A mask with steps in flags; 0 broadcasts.</summary>
    /// <param name="batchStep">From sequence to sequence.</param>
    /// <param name="headStep">From query head to query head.</param>
    /// <param name="queryStep">From query to query.</param>
    /// <param name="keyStep">From key to key: 0 or 1.</param>
    /// <param name="offset">The first flag.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is negative, or the last one is not 0 or 1.</exception>
    public DenseMask(long batchStep, long headStep, long queryStep, int keyStep = 1, long offset = 0) =>
        places = new(nameof(DenseMask), batchStep, headStep, queryStep, keyStep, offset);

    private DenseMask(Broadcast places) => this.places = places;

    /// <summary>Contiguous (batch or 1, heads or 1, queries or 1, keys or 1).</summary>
    /// <param name="shape">The attention.</param>
    /// <param name="perBatch">Whether sequences differ.</param>
    /// <param name="perHead">Whether heads differ.</param>
    /// <param name="perQuery">Whether queries differ.</param>
    /// <param name="perKey">Whether keys differ.</param>
    public static DenseMask For(in AttentionShape shape, bool perBatch, bool perHead, bool perQuery = true, bool perKey = true) =>
        new(Broadcast.For(nameof(DenseMask), shape, perBatch, perHead, perQuery, perKey));

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options) =>
        MaskCheck.Data(nameof(DenseMask), "flags", places.Offset, places.Count(shape), options.MaskFlags.Length);

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        bool? all = null;
        for (int head = tile.FirstHead; head <= tile.LastHead; head++)
        {
            for (int query = tile.FirstQuery; query <= tile.LastQuery; query++)
            {
                ReadOnlySpan<bool> flags = tile.Flags.Slice((int)places.At(tile.Batch, head, query, tile.FirstKey), places.KeyStep == 0 ? 1 : tile.LastKey - tile.FirstKey + 1);
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
        where V : unmanaged, ISimd<V> => at.Flags(places.At(at), places.KeyStep);
}
