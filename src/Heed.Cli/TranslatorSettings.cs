using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a translator's network, training and tokens; their defaults are the library's.</summary>
internal sealed class TranslatorSettings
{
    private static readonly EncoderDecoderConfig network = new();
    private static readonly TranslatorOptions defaults = new();
    private static readonly TrainingOptions training = defaults.Training;
    private static readonly Dictionary<string, string> kinds = new(StringComparer.Ordinal)
    {
        ["words"] = "word",
        ["characters"] = "character",
        ["byte-pairs"] = "byte-pair",
    };

    private readonly OptionList all = new();
    private readonly Option<string> decoder, cell, score, distribution, tokens, longSentences;
    private readonly Option<int> hidden, embedding, layers, attention, merges, minimumCount, maximumVocabulary, maximumLength;
    private readonly Option<double> coverageWeight, entropyWeight, dropout;
    private readonly Option<bool> noFeeding, coverage, copy, tie, lowerCase;
    private readonly TrainerSettings trainer = new(training with { Monitor = "loss" }, "Pairs", "source", "tokens", "loss, or accuracy (of the next token)");
    private readonly CheckpointSettings checkpoint = new();

    public TranslatorSettings()
    {
        decoder = all.Add("--decoder", "bahdanau (attention before the recurrent cell) or luong (after it).", network.Decoder, "name");
        cell = all.Add("--cell", "Recurrent cell of encoder and decoder: lstm, or gru as in Bahdanau's paper.", network.Cell, "name");
        score = all.Add("--score", $"How queries and keys are compared: {string.Join(", ", Score.Mechanisms.Select(m => m.Signature))}.", network.Score, "name");
        distribution = all.Add("--distribution", $"How energies become weights: {string.Join(", ", Distribution.Mechanisms.Select(m => m.Signature))}.", network.Distribution, "name");
        noFeeding = all.Flag("--no-input-feeding", "The decoder luong does not read what it attended to before; all its steps are then trained at once.");
        coverage = all.Flag("--coverage", "The score sees what was attended to before, and a loss forbids looking twice.");
        coverageWeight = all.AddNumber("--coverage-weight", "Weight of the coverage loss.", network.CoverageWeight);
        entropyWeight = all.AddNumber("--entropy-weight", "Weight of the entropy of where the distribution hard looks.", network.EntropyWeight);
        copy = all.Flag("--copy", "Tokens of the source can be copied (pointer generator); sets --label-smoothing to 0.");
        hidden = all.Add("--hidden", "Size of a hidden state of one direction, and of the decoder.", network.HiddenSize);
        embedding = all.Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        layers = all.Add("--layers", "Stacked layers of the encoder.", network.LayerCount);
        attention = all.Add("--attention", "Inner size of the score additive.", network.AttentionSize);
        tie = all.Flag("--tie", "The output layer is the table of the target's token vectors.");
        dropout = all.AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        tokens = all.Add("--tokens", "What a token is: byte-pairs (frequent pieces of words), words or characters.", "byte-pairs", "name");
        merges = all.Add("--merges", "Merges that byte-pairs learn at most, on each side.", TranslatorOptions.DefaultTokens.MergeCount);
        lowerCase = all.Flag("--lower-case", "Do not tell upper from lower case; answers are in lower case.");
        minimumCount = all.Add("--min-count", "How often a token must occur to be known. For words 2 is usual.", TranslatorOptions.DefaultTokens.Vocabulary.MinimumCount);
        maximumVocabulary = all.Add("--max-vocabulary", "Known tokens at most, on each side.", TranslatorOptions.DefaultTokens.Vocabulary.MaximumSize);
        maximumLength = all.Add("--max-length", "Tokens of a sentence that are taken at most.", defaults.MaximumLength);
        longSentences = all.Add("--long-sentences", "Longer ones in training: truncate, drop (the pair) or keep; they are counted.", defaults.LongSentences, "name");
        all.AddRange(trainer.Options);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => trainer.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public TranslatorOptions Read(ParseResult parsed, string folder, DecodingOptions decoding) => UsageException.Guard(() =>
    {
        TextEncoderOptions text = Tokens(parsed);
        TranslatorOptions options = new()
        {
            Network = Network(parsed),
            Training = Training(parsed),
            SourceTokens = text,
            TargetTokens = text,
            MaximumLength = parsed.GetValue(maximumLength),
            LongSentences = parsed.GetValue(longSentences)!,
            Decoding = decoding,
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });

    private TextEncoderOptions Tokens(ParseResult parsed)
    {
        string name = parsed.GetValue(tokens) ?? "";
        return new TextEncoderOptions
        {
            Kind = kinds.TryGetValue(name, out string? found) ? found : throw new UsageException($"--tokens must be byte-pairs, words or characters, got '{name}'."),
            LowerCase = parsed.GetValue(lowerCase),
            MergeCount = parsed.GetValue(merges),
            Vocabulary = new VocabularyOptions { MinimumCount = parsed.GetValue(minimumCount), MaximumSize = parsed.GetValue(maximumVocabulary) },
        };
    }

    private EncoderDecoderConfig Network(ParseResult parsed) => new()
    {
        EmbeddingSize = parsed.GetValue(embedding),
        HiddenSize = parsed.GetValue(hidden),
        LayerCount = parsed.GetValue(layers),
        Decoder = parsed.GetValue(decoder)!,
        Cell = parsed.GetValue(cell)!,
        InputFeeding = !parsed.GetValue(noFeeding),
        Score = parsed.GetValue(score)!,
        Distribution = parsed.GetValue(distribution)!,
        AttentionSize = parsed.GetValue(attention),
        Coverage = parsed.GetValue(coverage),
        CoverageWeight = parsed.GetValue(coverageWeight),
        EntropyWeight = parsed.GetValue(entropyWeight),
        Copy = parsed.GetValue(copy),
        TieEmbeddings = parsed.GetValue(tie),
        Dropout = parsed.GetValue(dropout),
    };

    private TrainingOptions Training(ParseResult parsed)
    {
        TrainingOptions options = trainer.Read(parsed);
        return parsed.GetValue(copy) && !trainer.SaysLabelSmoothing(parsed) ? options with { LabelSmoothing = 0 } : options;
    }
}
