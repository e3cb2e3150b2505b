namespace Heed;

/// <summary>What a <see cref="NaiveBayes"/> counts.</summary>
public sealed record NaiveBayesOptions
{
    /// <summary>What cuts the texts: words or characters.</summary>
    /// <value>Default: <see cref="WordTokenizer"/> with lower case.</value>
    public ITokenizer Tokenizer { get; init; } = new WordTokenizer();

    /// <summary>The longest run of tokens that is counted; all runs from one token on are.</summary>
    /// <value>From 1 to 16; default 2.</value>
    public int MaximumOrder { get; init; } = 2;

    /// <summary>What is added to each count, so that an unseen run does not rule a label out.</summary>
    /// <value>Above 0; default 1 (Laplace).</value>
    public double Smoothing { get; init; } = 1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumOrder, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumOrder, 16);
        if (!(Smoothing > 0) || double.IsInfinity(Smoothing))
            throw new ArgumentOutOfRangeException(nameof(Smoothing), Smoothing, "NaiveBayesOptions: Smoothing must be a finite number above 0.");
    }
}
