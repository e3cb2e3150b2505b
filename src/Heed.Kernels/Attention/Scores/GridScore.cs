using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>score' = score + factor·(table[query, clip(key's column − query's)] + table[query, 2·clip + 1 + clip(key's row − query's)]): relative positions in two directions, for tokens that stand on a grid, row by row (Bello et al., 2019).</summary>
/// <remarks>The query's table, <see cref="AttentionOptions.QueryTable"/> with 2·(2·clip + 1) entries a row, is q·aᵀ for the learned vectors a of each clipped distance, columns first. Queries and keys are the same grid.</remarks>
/// <param name="columns">Places of a row of the grid.</param>
/// <param name="clip">Largest distance that is told apart, in each direction.</param>
/// <param name="factor">Scale of the table's entries.</param>
public readonly struct GridScore(int columns, int clip, float factor) : IDifferentiableScoreModifier
{
    /// <inheritdoc/>
    public void Check(in AttentionShape shape, in AttentionOptions options, int parameterCount)
    {
        Require.Range(nameof(GridScore), nameof(columns), columns, columns is >= 1 and < 1 << 20, "in 1 … 2²⁰ − 1");
        Require.Range(nameof(GridScore), nameof(clip), clip, clip is >= 0 and < 1 << 19, "in 0 … 2¹⁹ − 1");
        // Beyond, float32 no longer tells rows of the grid apart.
        if (shape.Queries != shape.Keys || shape.Keys % columns != 0 || shape.Keys >= 1 << 20)
            throw AttentionCheck.Wrong(nameof(shape), FormattableString.Invariant($"GridScore: {shape.Queries} queries and {shape.Keys} keys must be the same grid of rows of {columns}, below 2²⁰ places."));
        int width = 2 * ((2 * clip) + 1);
        long queries = shape.Rows(!options.QueryOffsets.IsEmpty);
        if (queries > 0 && options.QueryTable.Length != queries * width)
            throw AttentionCheck.Wrong(nameof(options.QueryTable), FormattableString.Invariant($"GridScore: QueryTable has {options.QueryTable.Length} values; clip {clip} needs {width} for each of {queries} query rows."));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        (V column, V row) = Indices(at);
        return V.FusedMultiplyAdd(at.Table(column) + at.Table(row), V.Create(factor), score);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
        where V : unmanaged, ISimd<V>
    {
        (V column, V row) = Indices(at);
        V scaled = gradient * V.Create(factor);
        parameters.AddTable(column, scaled);
        parameters.AddTable(row, scaled);
        return gradient;
    }

    // Entries of the query's table: of the distance between columns, and of that between rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (V Column, V Row) Indices<V>(in ScoreContext<V> at)
        where V : unmanaged, ISimd<V>
    {
        V key = V.Create(at.KeyIndex) + V.Lanes;
        // ⌊key/columns⌋: half a place more keeps the quotient away from the ties of rounding.
        V row = V.Round(((key + V.Create(0.5f)) * V.Create(1f / columns)) - V.Create(0.5f)), column = key - (row * V.Create(columns));
        int queryRow = at.QueryIndex / columns, queryColumn = at.QueryIndex % columns;
        return (Clipped(column - V.Create(queryColumn)) + V.Create(clip), Clipped(row - V.Create(queryRow)) + V.Create((3 * clip) + 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Clipped<V>(V distance)
        where V : unmanaged, ISimd<V> => V.Min(V.Create(clip), V.Max(V.Create(-clip), distance));
}
