namespace Heed;

/// <summary>What a <see cref="TfidfModel"/> looks at.</summary>
public sealed record TfidfOptions
{
    /// <summary>What cuts the texts.</summary>
    /// <value>Default: <see cref="WordTokenizer"/> with lower case, which takes ideographs one by one.</value>
    public ITokenizer Tokenizer { get; init; } = new WordTokenizer();

    /// <summary>The longest run of tokens that is a feature; all runs from one token on are.</summary>
    /// <value>From 1 to 16; default 2.</value>
    public int MaximumOrder { get; init; } = 2;

    /// <summary>In how many texts a run must occur to be a feature.</summary>
    /// <value>At least 1; default 2.</value>
    public int MinimumCount { get; init; } = 2;

    /// <summary>Features at most, the most frequent; and weights (features · labels) at most sixteen times as many.</summary>
    /// <value>From 1 to 8,388,608; default 300,000.</value>
    public int MaximumFeatures { get; init; } = 300_000;

    /// <summary>What is taken out of texts before they are cut.</summary>
    /// <value>Default none.</value>
    public TextRedaction Redaction { get; init; } = TextRedaction.None;

    /// <summary>The strengths of regularisation that are tried, 1/(λ·rows) each; the best on the dev rows stays.</summary>
    /// <value>Rising, above 0; default 1, 10, 100.</value>
    public IReadOnlyList<double> Strengths { get; init; } = [1, 10, 100];

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumOrder, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumOrder, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumFeatures, 1);
        // Numbers of n-grams are written as float32, which is exact up to here.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumFeatures, 1 << 23);
        if (Strengths.Count == 0 || Strengths.Any(s => !(s > 0) || double.IsInfinity(s)))
            throw new ArgumentException("TfidfOptions: Strengths must hold finite numbers above 0, at least one.", nameof(Strengths));
    }

    /// <summary>Words and pairs of words; runs of one to four characters where most letters belong to a script that is written without spaces and that
    /// <see cref="WordTokenizer"/> does not cut (Thai, Lao, Burmese, Khmer); ideographs and kana one to three at a time.</summary>
    /// <param name="texts">A look at the texts.</param>
    public static TfidfOptions For(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        long letters = 0, uncut = 0, ideographs = 0;
        foreach (char c in texts.Take(2000).SelectMany(t => t.Take(400)))
        {
            if (!char.IsLetter(c) && !char.IsSurrogate(c))
                continue;
            letters++;
            uncut += c is >= '\u0E00' and <= '\u0EFF' or >= '\u1000' and <= '\u109F' or >= '\u1780' and <= '\u17FF' ? 1 : 0;
            ideographs += c is >= '\u3041' and <= '\u30FF' or >= '\u3400' and <= '\u9FFF' ? 1 : 0;
        }
        return 2 * uncut > letters ? new() { Tokenizer = new CharacterTokenizer(), MaximumOrder = 4 }
            : 2 * ideographs > letters ? new() { MaximumOrder = 3 } : new();
    }
}
