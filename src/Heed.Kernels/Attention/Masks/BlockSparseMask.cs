using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Square blocks of pairs that take part or not: flag (query / size)·columns + key / size of <see cref="AttentionOptions.MaskFlags"/>, one table for all heads or one for each.</summary>
/// <remarks>Blocks that are out cost nothing where they cover a tile: sizes from 32 on save their share of the time.</remarks>
public readonly struct BlockSparseMask : IAttentionMask
{
    private readonly int size, columns, headStep;

    /// <summary>Blocks of a size.</summary>
    /// <param name="size">Queries and keys of a block.</param>
    /// <param name="keys">Keys of a sequence.</param>
    /// <param name="headStep">Flags from head to head; 0: all heads share a table.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive, or another is negative.</exception>
    public BlockSparseMask(int size, int keys, int headStep = 0)
    {
        Require.Range(nameof(BlockSparseMask), nameof(size), size, size > 0, "positive");
        Require.Range(nameof(BlockSparseMask), nameof(keys), keys, keys >= 0, "at least 0");
        Require.Range(nameof(BlockSparseMask), nameof(headStep), headStep, headStep >= 0, "at least 0");
        (this.size, this.headStep, columns) = (size, headStep, ((keys - 1) / size) + 1);
    }

    /// <inheritdoc/>
    public int QueryBlock => size;

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options)
    {
        if (shape.HeadCount == 0 || shape.Queries == 0 || shape.Keys == 0)
            return;
        if (size == 0 || (shape.Keys - 1) / size >= columns)
            throw new ArgumentException(FormattableString.Invariant($"BlockSparseMask: {columns} blocks of {size} are fewer than {shape.Keys} keys need. Make it for this number of keys."), nameof(shape));
        MaskCheck.Data(nameof(BlockSparseMask), "flags", 0, ((Int128)(shape.HeadCount - 1) * headStep) + ((Int128)(((shape.Queries - 1) / size) + 1) * columns), options.MaskFlags.Length);
    }

    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile)
    {
        bool any = false, all = true;
        for (int head = tile.FirstHead; head <= (headStep == 0 ? tile.FirstHead : tile.LastHead); head++)
        {
            for (int row = tile.FirstQuery / size; row <= tile.LastQuery / size; row++)
            {
                for (int column = tile.FirstKey / size; column <= tile.LastKey / size; column++)
                {
                    bool value = tile.Flags[(head * headStep) + (row * columns) + column];
                    (any, all) = (any | value, all & value);
                }
            }
        }
        return all ? TileCoverage.All : any ? TileCoverage.Partly : TileCoverage.None;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        long row = ((long)at.Head * headStep) + ((long)(at.QueryIndex / size) * columns);
        int last = at.KeyIndex + V.Width - 1, column = at.KeyIndex / size;
        // Mostly all lanes are keys of one block.
        if (at.KeyIndex < 0 || last >= at.Keys || last / size != column)
            return EachLane(at, row);
        return at.Flag(row + column) ? V.AreEqual(V.Zero, V.Zero) : V.Zero;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private V EachLane<V>(in ScoreContext<V> at, long row)
        where V : unmanaged, ISimd<V>
    {
        V allowed = V.Zero;
        for (int lane = 0; lane < V.Width; lane++)
        {
            int key = at.KeyIndex + lane;
            if ((uint)key < (uint)at.Keys && at.Flag(row + (key / size)))
                allowed = V.Select(V.AreEqual(V.Lanes, V.Create((float)lane)), V.AreEqual(V.Zero, V.Zero), allowed);
        }
        return allowed;
    }
}
