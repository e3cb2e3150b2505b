using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a translator's network, training and tokens; their defaults are the library's.</summary>
internal sealed class TranslatorSettings
{
    private const string Recurrent = "recurrent", Transformer = "transformer";
    private static readonly EncoderDecoderConfig network = new();
    private static readonly TransformerEncoderDecoderConfig transformer = (TransformerEncoderDecoderConfig)TranslatorOptions.Transformer.Network;
    private static readonly TrainingOptions usual = TranslatorOptions.Transformer.Training;
    private static readonly TranslatorOptions defaults = new();
    private static readonly TrainingOptions training = defaults.Training;
    private static readonly Dictionary<string, string> kinds = new(StringComparer.Ordinal)
    {
        ["words"] = "word",
        ["characters"] = "character",
        ["byte-pairs"] = "byte-pair",
    };

    private readonly OptionList all = new(), recurrentAlone = new(), transformerAlone = new();
    private readonly TransformerSettings layer;
    private readonly OptionList ofTokens = new();
    private readonly Option<string> model, initial, decoder, cell, score, distribution, tokens, longSentences, averageCheckpoints;
    private readonly Option<int> hidden, embedding, layers, decoderLayers, attention, merges, minimumCount, maximumVocabulary, maximumLength;
    private readonly Option<double> coverageWeight, entropyWeight, dropout;
    private readonly Option<bool> noFeeding, coverage, copy, tie, untied, separate, lowerCase;
    private readonly TrainerSettings trainer = new(training with { Monitor = "loss" }, "Pairs", "source", "tokens", "loss, or accuracy (of the next token)");
    private readonly CheckpointSettings checkpoint = new();

    public TranslatorSettings()
    {
        model = all.Add("--model", $"recurrent, or transformer (Vaswani et al.), which takes {Usual} unless told otherwise.", Recurrent, "name");
        initial = all.Add("--init", "Go on from this translator: its tokens and weights, and its network unless options change it; what they add, such as --coverage, starts from scratch.", "", "folder");
        layers = all.Add("--layers", "Stacked layers of the encoder.", network.LayerCount);
        dropout = all.AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        decoder = recurrentAlone.Add("--decoder", "bahdanau (attention before the recurrent cell) or luong (after it).", network.Decoder, "name");
        cell = recurrentAlone.Add("--cell", "Recurrent cell of encoder and decoder: lstm, or gru as in Bahdanau's paper.", network.Cell, "name");
        score = recurrentAlone.Add("--score", $"How queries and keys are compared: {string.Join(", ", Score.Mechanisms.Select(m => m.Signature))}.", network.Score, "name");
        distribution = recurrentAlone.Add("--distribution", $"How energies become weights: {string.Join(", ", Distribution.Mechanisms.Select(m => m.Signature))}.", network.Distribution, "name");
        noFeeding = recurrentAlone.Flag("--no-input-feeding", "The decoder luong does not read what it attended to before; all its steps are then trained at once.");
        coverage = recurrentAlone.Flag("--coverage", "The score sees what was attended to before, and a loss forbids looking twice.");
        coverageWeight = recurrentAlone.AddNumber("--coverage-weight", "Weight of the coverage loss.", network.CoverageWeight);
        entropyWeight = recurrentAlone.AddNumber("--entropy-weight", "Weight of the entropy of where the distribution hard looks.", network.EntropyWeight);
        copy = recurrentAlone.Flag("--copy", "Tokens of the source can be copied (pointer generator); sets --label-smoothing to 0.");
        hidden = recurrentAlone.Add("--hidden", "Size of a hidden state of one direction, and of the decoder.", network.HiddenSize);
        embedding = recurrentAlone.Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        attention = recurrentAlone.Add("--attention", "Inner size of the score additive.", network.AttentionSize);
        tie = recurrentAlone.Flag("--tie", "The output layer is the table of the target's token vectors.");
        decoderLayers = transformerAlone.Add("--decoder-layers", "Layers of the decoder; 0 for as many as the encoder has.", transformer.DecoderLayerCount);
        layer = new TransformerSettings(transformerAlone, transformer.Stack);
        separate = transformerAlone.Flag("--separate-tokens", "Source and target have tokens and vectors of their own, not one table for both.");
        untied = transformerAlone.Flag("--untied", "The output layer has weights of its own, not those of the target's token vectors.");
        all.AddRange(recurrentAlone);
        all.AddRange(transformerAlone);
        tokens = ofTokens.Add("--tokens", "What a token is: byte-pairs (frequent pieces of words), words or characters.", "byte-pairs", "name");
        merges = ofTokens.Add("--merges", "Merges that byte-pairs learn at most, on each side or of both.", TranslatorOptions.DefaultTokens.MergeCount);
        lowerCase = ofTokens.Flag("--lower-case", "Do not tell upper from lower case; answers are in lower case.");
        minimumCount = ofTokens.Add("--min-count", "How often a token must occur to be known. For words 2 is usual.", TranslatorOptions.DefaultTokens.Vocabulary.MinimumCount);
        maximumVocabulary = ofTokens.Add("--max-vocabulary", "Known tokens at most, on each side.", TranslatorOptions.DefaultTokens.Vocabulary.MaximumSize);
        all.AddRange(ofTokens);
        maximumLength = all.Add("--max-length", "Tokens of a sentence that are taken at most.", defaults.MaximumLength);
        longSentences = all.Add("--long-sentences", "Longer ones in training: truncate, drop (the pair) or keep; they are counted.", defaults.LongSentences, "name");
        all.AddRange(trainer.Options);
        averageCheckpoints = CheckpointSettings.AddAverage(all, "epochs");
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => trainer.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public TranslatorOptions Read(ParseResult parsed, string folder, DecodingOptions decoding) => UsageException.Guard(() =>
    {
        TextEncoderOptions text = Tokens(parsed);
        string? start = parsed.GetValue(initial) is { Length: > 0 } path ? path : null;
        if (start is not null && ofTokens.FirstGiven(parsed) is { } stray)
            throw new UsageException($"{stray.Name} says what a token is, and --init goes on with the tokens of its model; leave one of them out.");
        SequenceToSequenceConfig? first = start is null ? null : Translator.Load(start).Network.Config;
        bool isTransformer = IsTransformer(parsed, first);
        SequenceToSequenceConfig shape = isTransformer
            ? TransformerNetwork(parsed, first as TransformerEncoderDecoderConfig ?? transformer)
            : RecurrentNetwork(parsed, first as EncoderDecoderConfig ?? network);
        TranslatorOptions options = new()
        {
            InitialModel = start,
            Network = shape,
            Training = Training(parsed, shape),
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

    private static string Usual => FormattableString.Invariant(
        $"--layers {transformer.Stack.LayerCount} --epochs {usual.EpochCount} --schedule {usual.Schedule} --warmup {usual.Warmup} --averaging {usual.AveragingDecay} --patience {usual.Patience}");

    private bool IsTransformer(ParseResult parsed, SequenceToSequenceConfig? first)
    {
        string name = model.Or(parsed, first is TransformerEncoderDecoderConfig ? Transformer : Recurrent);
        if (name is not (Recurrent or Transformer))
            throw new UsageException($"--model must be {Recurrent} or {Transformer}, got '{name}'.");
        if (first is not null && first is TransformerEncoderDecoderConfig != (name == Transformer))
            throw new UsageException($"--model {name} cannot go on from the model of --init, which is of the other kind; leave one of them out.");
        (OptionList others, string owner) = name == Transformer ? (recurrentAlone, Recurrent) : (transformerAlone, Transformer);
        if (others.FirstGiven(parsed) is { } stray)
            throw new UsageException($"{stray.Name} is an option of --model {owner}; leave it out, or take that model.");
        return name == Transformer;
    }

    private TransformerEncoderDecoderConfig TransformerNetwork(ParseResult parsed, TransformerEncoderDecoderConfig first) => first with
    {
        Stack = layer.Read(parsed, first.Stack) with
        {
            LayerCount = layers.Or(parsed, first.Stack.LayerCount),
            Dropout = dropout.Or(parsed, first.Stack.Dropout),
            // An answer may be twice as long as its source, and some.
            MaximumLength = Math.Max(first.Stack.MaximumLength, (2 * Math.Min(parsed.GetValue(maximumLength), 1 << 20)) + 16),
        },
        DecoderLayerCount = decoderLayers.Or(parsed, first.DecoderLayerCount),
        SharesEmbeddings = first.SharesEmbeddings && !parsed.GetValue(separate),
        TieEmbeddings = first.TieEmbeddings && !parsed.GetValue(untied),
    };

    private EncoderDecoderConfig RecurrentNetwork(ParseResult parsed, EncoderDecoderConfig first) => first with
    {
        EmbeddingSize = embedding.Or(parsed, first.EmbeddingSize),
        HiddenSize = hidden.Or(parsed, first.HiddenSize),
        LayerCount = layers.Or(parsed, first.LayerCount),
        Decoder = decoder.Or(parsed, first.Decoder),
        Cell = cell.Or(parsed, first.Cell),
        InputFeeding = first.InputFeeding && !parsed.GetValue(noFeeding),
        Score = score.Or(parsed, first.Score),
        Distribution = distribution.Or(parsed, first.Distribution),
        AttentionSize = attention.Or(parsed, first.AttentionSize),
        Coverage = first.Coverage || parsed.GetValue(coverage),
        CoverageWeight = coverageWeight.Or(parsed, first.CoverageWeight),
        EntropyWeight = entropyWeight.Or(parsed, first.EntropyWeight),
        Copy = first.Copy || parsed.GetValue(copy),
        TieEmbeddings = first.TieEmbeddings || parsed.GetValue(tie),
        Dropout = dropout.Or(parsed, first.Dropout),
    };

    private TrainingOptions Training(ParseResult parsed, SequenceToSequenceConfig shape)
    {
        TrainingOptions options = trainer.Read(parsed, shape is TransformerEncoderDecoderConfig ? usual : null) with { CheckpointAveraging = parsed.GetValue(averageCheckpoints)! };
        return shape is EncoderDecoderConfig { Copy: true } && !trainer.SaysLabelSmoothing(parsed) ? options with { LabelSmoothing = 0 } : options;
    }
}
