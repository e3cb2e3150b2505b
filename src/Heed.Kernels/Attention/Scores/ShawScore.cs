using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + factor·table[query, clip(key − query)], value' = value + valueTable[clip(key − query)]: relative position representations (Shaw et al., 2018).</summary>
/// <remarks>The query's table, <see cref="AttentionOptions.QueryTable"/> with 2·clip + 1 entries a row, is q·aᵀ for the learned vectors a of each clipped distance: one matrix product before
/// the call, and two after the backward pass. The factor is the scale of the scores. <see cref="AttentionOptions.ValueTable"/> with 2·clip + 1 rows has the vectors that are added to the values; either table may be left out.</remarks>
/// <param name="clip">Largest distance that is told apart.</param>
/// <param name="factor">Scale of the table's entries.</param>
public readonly struct ShawScore(int clip, float factor) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public static bool NamesValues => true;

    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        Require.Range(nameof(ShawScore), nameof(clip), clip, clip is >= 0 and < 1 << 20, "in 0 … 2²⁰ − 1");
        int rows = (2 * clip) + 1;
        long queries = shape.Rows(!options.QueryOffsets.IsEmpty);
        if (queries > 0 && !options.QueryTable.IsEmpty && options.QueryTable.Length != queries * rows)
            throw AttentionCheck.Wrong(nameof(options.QueryTable), FormattableString.Invariant($"ShawScore: QueryTable has {options.QueryTable.Length} values; clip {clip} needs {rows} for each of {queries} query rows."));
        if (!options.ValueTable.IsEmpty && options.ValueTable.Length != (long)rows * shape.ValueDim)
            throw AttentionCheck.Wrong(nameof(options.ValueTable), FormattableString.Invariant($"ShawScore: ValueTable has {options.ValueTable.Length} values; clip {clip} needs {rows} rows of valueDim = {shape.ValueDim}."));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(at.Table(Index(at)), V.Create(factor), score);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V ValueIndex<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> => Index(at);

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
