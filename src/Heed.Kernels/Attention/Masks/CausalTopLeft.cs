using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Query i sees keys 0 … i, both counted from the sequence's first, whatever their positions: torch's is_causal, ONNX Attention without a cache.</summary>
public readonly struct CausalTopLeft : IAttentionMask
{
    /// <inheritdoc/>
    public TileCoverage Cover(in MaskTile tile) =>
        tile.FirstQuery >= tile.LastKey ? TileCoverage.All : tile.LastQuery < tile.FirstKey ? TileCoverage.None : TileCoverage.Partly;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Allows<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.LessThan(V.Lanes, V.Create(at.QueryIndex - at.KeyIndex + 1));
}
