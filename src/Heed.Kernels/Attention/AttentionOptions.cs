namespace Heed.Kernels;

/// <summary>What an attention needs beside its operands; the default is plain softmax attention over whole sequences.</summary>
/// <remarks>
/// <para>Sequences of different lengths are given either as parts of padded ones (<see cref="KeyStarts"/>, <see cref="KeyLengths"/>, and the same for
/// queries: left and right padding) or packed one behind the other (<see cref="QueryOffsets"/>, <see cref="KeyOffsets"/>). Queries outside get a
/// zero output, keys outside are never read.</para>
/// <para>Positions: key j of a sequence stands at <see cref="KeyPosition"/> + j, query i at <see cref="QueryPosition"/> + i, which by default
/// lets the last query stand at the last key (bottom-right alignment).</para>
/// </remarks>
public readonly ref struct AttentionOptions
{
    /// <summary>Factor of the scores.</summary>
    /// <value>Default: 1/√headDim.</value>
    public float? Scale { get; init; }

    /// <summary>Probability of dropping a weight, in [0, 1].</summary>
    /// <value>Default: 0.</value>
    public float Dropout { get; init; }

    /// <summary>Stream of the dropout mask, which is a pure function of this key, batch, head, and positions.</summary>
    public ulong DropoutKey { get; init; }

    /// <summary>A logit for each query head that takes part in the softmax without a value (head sink); zeros give the softmax with a 1 in the denominator.</summary>
    /// <value>Default: none.</value>
    public ReadOnlySpan<float> Sinks { get; init; }

    /// <summary>Numbers of queries of each sequence; default all.</summary>
    public ReadOnlySpan<int> QueryLengths { get; init; }

    /// <summary>First query of each sequence; default 0.</summary>
    public ReadOnlySpan<int> QueryStarts { get; init; }

    /// <summary>Numbers of keys of each sequence; default all.</summary>
    public ReadOnlySpan<int> KeyLengths { get; init; }

    /// <summary>First key of each sequence; default 0.</summary>
    public ReadOnlySpan<int> KeyStarts { get; init; }

    /// <summary>Packed sequences: sequence b has the queries offsets[b] … offsets[b + 1] − 1.</summary>
    public ReadOnlySpan<int> QueryOffsets { get; init; }

    /// <summary>Packed sequences: sequence b has the keys offsets[b] … offsets[b + 1] − 1.</summary>
    public ReadOnlySpan<int> KeyOffsets { get; init; }

    /// <summary>Position of the first key: how many keys a sliding cache has evicted.</summary>
    /// <value>Default: 0.</value>
    public int KeyPosition { get; init; }

    /// <summary>Position of the first query, on the scale of the keys.</summary>
    /// <value>Default: KeyPosition + keys − queries.</value>
    public int? QueryPosition { get; init; }

    /// <summary>One number for each query row (batch, heads, queries) that a modifier reads as <see cref="ScoreContext{V}.QueryTerm"/>.</summary>
    public ReadOnlySpan<float> QueryTerms { get; init; }

    /// <summary>One number for each key row (batch, key/value heads, keys) that a modifier reads as <see cref="ScoreContext{V}.KeyTerm"/>.</summary>
    public ReadOnlySpan<float> KeyTerms { get; init; }

    /// <summary>A table for each query row (batch, heads, queries, width) that a modifier reads by <see cref="ScoreContext{V}.Table"/>.</summary>
    public ReadOnlySpan<float> QueryTable { get; init; }

    /// <summary>Vectors (rows, valueDim), shared by all heads, of which each pair adds the one that the modifier's <see cref="IScoreModifier.ValueIndex"/> names to the key's value.</summary>
    public ReadOnlySpan<float> ValueTable { get; init; }

    /// <summary>Numbers for masks that need data, such as the document of each position.</summary>
    public ReadOnlySpan<int> MaskNumbers { get; init; }

    /// <summary>Truth values for masks that need data: true means "may attend".</summary>
    public ReadOnlySpan<bool> MaskFlags { get; init; }
}
