namespace Heed;

/// <summary>How texts become ids.</summary>
public sealed record TextEncoderOptions
{
    /// <summary>What cuts the text.</summary>
    /// <value>Default: <see cref="WordTokenizer"/> with lower case.</value>
    public ITokenizer Tokenizer { get; init; } = new WordTokenizer();

    /// <summary>Which tokens get an id.</summary>
    /// <value>Default: at least 2 occurrences, at most 30,000 tokens.</value>
    public VocabularyOptions Vocabulary { get; init; } = new();

    /// <summary>How many tokens of a text are kept; the rest is cut off.</summary>
    /// <value>From 1 to 1,048,576; default 400.</value>
    public int MaximumLength { get; init; } = 400;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Tokenizer);
        ArgumentNullException.ThrowIfNull(Vocabulary);
        Vocabulary.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumLength, TextEncoder.LargestMaximumLength);
    }
}
