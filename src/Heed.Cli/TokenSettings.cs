using System.CommandLine;

namespace Heed.Cli;

/// <summary>How texts become tokens; the defaults are the library's.</summary>
internal sealed class TokenSettings
{
    private static readonly TextEncoderOptions defaults = new();
    private static readonly Dictionary<string, string> kinds = new(StringComparer.Ordinal)
    {
        ["words"] = "word",
        ["characters"] = "character",
        ["byte-pairs"] = "byte-pair",
    };

    private readonly Option<string> kind = new("--tokens")
    {
        Description = "What a token is: words, characters or byte-pairs (frequent pieces of words).",
        HelpName = "name",
        DefaultValueFactory = _ => "words",
    };
    private readonly Option<bool> caseSensitive = new("--case-sensitive") { Description = "Tell upper from lower case." };
    private readonly Option<int> minimumCount = Number("--min-count", "How often a token must occur to be known.", defaults.Vocabulary.MinimumCount);
    private readonly Option<int> maximumVocabulary = Number("--max-vocabulary", "Known tokens at most.", defaults.Vocabulary.MaximumSize);
    private readonly Option<int> maximumLength = Number("--max-length", "Tokens of a text that are read at most.", defaults.MaximumLength);
    private readonly Option<int> merges = Number("--merges", "Merges that byte-pairs learn at most.", defaults.MergeCount);

    private readonly Option<string?> redact = new("--redact")
    {
        Description = "Taken out of texts before the model sees them: email, number, or email,number.",
        HelpName = "kinds",
    };

    /// <summary>All options.</summary>
    public IEnumerable<Option> All => [kind, caseSensitive, minimumCount, maximumVocabulary, maximumLength, merges, redact];

    /// <summary>Those that say which tokens there are; a trained encoder has its own.</summary>
    public IEnumerable<Option> Vocabulary => [kind, caseSensitive, minimumCount, maximumVocabulary, merges];

    /// <summary>What was asked for.</summary>
    public TextEncoderOptions Read(ParseResult parsed)
    {
        string name = parsed.GetValue(kind) ?? "";
        return new TextEncoderOptions
        {
            Kind = kinds.TryGetValue(name, out string? found) ? found : throw new UsageException($"--tokens must be words, characters or byte-pairs, got '{name}'."),
            LowerCase = !parsed.GetValue(caseSensitive),
            Vocabulary = new VocabularyOptions { MinimumCount = parsed.GetValue(minimumCount), MaximumSize = parsed.GetValue(maximumVocabulary) },
            MaximumLength = parsed.GetValue(maximumLength),
            MergeCount = parsed.GetValue(merges),
            Redaction = Redaction(parsed.GetValue(redact)),
        };
    }

    private static TextRedaction Redaction(string? kinds) => (kinds ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(TextRedaction.None, (all, kind) => all | kind switch
        {
            "email" => TextRedaction.Email,
            "number" => TextRedaction.Number,
            _ => throw new UsageException($"--redact must be email, number or both with a comma, got '{kind}'."),
        });

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
}
