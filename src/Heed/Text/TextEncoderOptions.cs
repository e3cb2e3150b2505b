namespace Heed;

/// <summary>How texts become ids.</summary>
public sealed record TextEncoderOptions
{
    /// <summary>What cuts the text, unless <see cref="Kind"/> names it.</summary>
    /// <value>Default: <see cref="WordTokenizer"/> with lower case.</value>
    public ITokenizer Tokenizer { get; init; } = new WordTokenizer();

    /// <summary>The name of a built-in tokenizer: <c>word</c>, <c>character</c>, or <c>byte-pair</c>, which is learned from the corpus. Null: <see cref="Tokenizer"/>.</summary>
    /// <value>Default null.</value>
    public string? Kind { get; init; }

    /// <summary>Whether the tokenizer that <see cref="Kind"/> names works in lower case.</summary>
    /// <value>Default true.</value>
    public bool LowerCase { get; init; } = true;

    /// <summary>How many merges a byte-pair tokenizer learns at most.</summary>
    /// <value>From 0 to 1,000,000; default 8,000.</value>
    public int MergeCount { get; init; } = 8000;

    /// <summary>Which tokens get an id.</summary>
    /// <value>Default: at least 2 occurrences, at most 30,000 tokens.</value>
    public VocabularyOptions Vocabulary { get; init; } = new();

    /// <summary>How many tokens of a text are kept; the rest is cut off.</summary>
    /// <value>From 1 to 1,048,576; default 400.</value>
    public int MaximumLength { get; init; } = 400;

    /// <summary>What is taken out of each text before it is cut, in training and in prediction.</summary>
    /// <value>Default <see cref="TextRedaction.None"/>.</value>
    public TextRedaction Redaction { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Tokenizer);
        ArgumentNullException.ThrowIfNull(Vocabulary);
        Vocabulary.Validate();
        if (Kind is not null && !TokenKinds.Names.Contains(Kind, StringComparer.Ordinal))
            throw new ArgumentException($"TextEncoderOptions: Kind must be one of {string.Join(", ", TokenKinds.Names)}, got '{Kind}'.");
        if ((Redaction & ~(TextRedaction.Email | TextRedaction.Number)) != TextRedaction.None)
            throw new ArgumentException($"TextEncoderOptions: Redaction holds what does not exist ({Redaction}).");
        ArgumentOutOfRangeException.ThrowIfNegative(MergeCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MergeCount, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumLength, TextEncoder.LargestMaximumLength);
    }
}
