using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Every query may see every key.</summary>
public readonly struct NoMask : IAttentionMask
{
    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile) => TileCoverage.All;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.AreEqual(V.Zero, V.Zero);
}
