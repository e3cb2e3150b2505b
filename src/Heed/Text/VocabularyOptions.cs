namespace Heed;

/// <summary>Which tokens of a corpus get an id of their own.</summary>
public sealed record VocabularyOptions
{
    /// <summary>How often a token must occur. </summary>
    /// <value>At least 1; default 2.</value>
    public int MinimumCount { get; init; } = 2;

    /// <summary>How many tokens are kept at most, the two special ones not counted.</summary>
    /// <value>At least 0; default 30,000.</value>
    public int MaximumSize { get; init; } = 30_000;

    /// <summary>What decides between tokens that occur equally often.</summary>
    /// <value>Default <see cref="VocabularyTies.FirstOccurrence"/>.</value>
    public VocabularyTies Ties { get; init; } = VocabularyTies.FirstOccurrence;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumCount, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumSize);
    }
}

/// <summary>The order of tokens that occur equally often.</summary>
public enum VocabularyTies
{
    /// <summary>The token seen first comes first (the order of a stable sort by count).</summary>
    FirstOccurrence,

    /// <summary>By UTF-16 units, whatever the order of the corpus.</summary>
    Ordinal,
}
