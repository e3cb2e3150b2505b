using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + factor·table[query, clip(key − query)]: relative position representations (Shaw et al., 2018).</summary>
/// <remarks>The query's table, <see cref="AttentionOptions.QueryTable"/> with 2·clip + 1 entries a row, is q·aᵀ for the learned vectors a of each clipped distance: one matrix product before
/// the call, and two after the backward pass. The factor is the scale of the scores.</remarks>
/// <param name="clip">Largest distance that is told apart.</param>
/// <param name="factor">Scale of the table's entries.</param>
public readonly struct ShawScore(int clip, float factor) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(at.Table(Index(at)), V.Create(factor), score);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        parameters.AddTable(Index(at), gradient * V.Create(factor));
        return gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Index<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.Min(V.Create(clip), V.Max(V.Create(-clip), -at.Distance)) + V.Create(clip);
}
