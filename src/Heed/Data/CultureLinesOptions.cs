namespace Heed;

/// <summary>How many lines <see cref="CultureLines"/> makes and how badly they are typed.</summary>
public sealed record CultureLinesOptions
{
    /// <summary>The seed of all choices.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Lines in all three parts together; each language gets an equal number.</summary>
    /// <value>At least 10 for each language; default 12,000.</value>
    public int LineCount { get; init; } = 12_000;

    /// <summary>The probability that a character is mistyped: left out, doubled, swapped with the next, or replaced by another of the line.
    /// Above 0, a quarter of the lines is also written in lower case and an eighth without accents.</summary>
    /// <value>From 0 to 0.5; default 0.05.</value>
    public double Noise { get; init; } = 0.05;

    /// <summary>The share of the development part.</summary>
    /// <value>Default 0.1.</value>
    public double Dev { get; init; } = 0.1;

    /// <summary>The share of the test part.</summary>
    /// <value>Default 0.1.</value>
    public double Test { get; init; } = 0.1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LineCount, 10 * CultureLines.Languages.Count);
        if (!(Noise is >= 0 and <= 0.5))
            throw new ArgumentOutOfRangeException(nameof(Noise), Noise, "CultureLinesOptions: Noise must lie from 0 to 0.5.");
    }
}
