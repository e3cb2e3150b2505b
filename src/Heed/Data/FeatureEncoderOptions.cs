namespace Heed;

/// <summary>Which values of a category get an id of their own.</summary>
public sealed record FeatureEncoderOptions
{
    /// <summary>How often a value must occur in the training rows. Rarer ones are unknown, which trains the slot of the unknown and keeps what
    /// stands in a single row out of the model's folder.</summary>
    /// <value>At least 1; default 2.</value>
    public int MinimumCount { get; init; } = 2;

    /// <summary>How many values of a column are kept at most, the most frequent ones.</summary>
    /// <value>At least 1; default 1,000.</value>
    public int MaximumSize { get; init; } = 1000;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumSize, 1);
    }
}
