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

    private readonly List<Option> all = [];
    private readonly Option<string> decoder, score, distribution, tokens, longSentences, optimizer, schedule, monitor;
    private readonly Option<int> hidden, embedding, layers, attention, merges, minimumCount, maximumVocabulary, maximumLength, epochs, batch, patience;
    private readonly Option<double> coverageWeight, dropout, learningRate, weightDecay, warmup, clip, momentum, labelSmoothing, wordDropout, averaging, checkpointMinutes;
    private readonly Option<bool> noFeeding, coverage, copy, tie, lowerCase, findAnomalies, resume;
    private readonly Option<ulong> seed = CommonOptions.Seed();

    public TranslatorSettings()
    {
        decoder = Add("--decoder", "bahdanau (attention before the recurrent cell) or luong (after it).", network.Decoder, "name");
        score = Add("--score", $"How queries and keys are compared: {string.Join(", ", Score.Mechanisms.Select(m => m.Signature))}.", network.Score, "name");
        distribution = Add("--distribution", $"How energies become weights: {string.Join(", ", Distribution.Mechanisms.Select(m => m.Signature))}.", network.Distribution, "name");
        noFeeding = Flag("--no-input-feeding", "The decoder luong does not read what it attended to before; all its steps are then trained at once.");
        coverage = Flag("--coverage", "The score sees what was attended to before, and a loss forbids looking twice.");
        coverageWeight = AddNumber("--coverage-weight", "Weight of the coverage loss.", network.CoverageWeight);
        copy = Flag("--copy", "Tokens of the source can be copied (pointer generator); sets --label-smoothing to 0.");
        hidden = Add("--hidden", "Size of a hidden state of one direction, and of the decoder.", network.HiddenSize);
        embedding = Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        layers = Add("--layers", "Stacked layers of the encoder.", network.LayerCount);
        attention = Add("--attention", "Inner size of the score additive.", network.AttentionSize);
        tie = Flag("--tie", "The output layer is the table of the target's token vectors.");
        dropout = AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        tokens = Add("--tokens", "What a token is: byte-pairs (frequent pieces of words), words or characters.", "byte-pairs", "name");
        merges = Add("--merges", "Merges that byte-pairs learn at most, on each side.", TranslatorOptions.DefaultTokens.MergeCount);
        lowerCase = Flag("--lower-case", "Do not tell upper from lower case; answers are in lower case.");
        minimumCount = Add("--min-count", "How often a token must occur to be known. For words 2 is usual.", TranslatorOptions.DefaultTokens.Vocabulary.MinimumCount);
        maximumVocabulary = Add("--max-vocabulary", "Known tokens at most, on each side.", TranslatorOptions.DefaultTokens.Vocabulary.MaximumSize);
        maximumLength = Add("--max-length", "Tokens of a sentence that are taken at most.", defaults.MaximumLength);
        longSentences = Add("--long-sentences", "Longer ones in training: truncate, drop (the pair) or keep; they are counted.", defaults.LongSentences, "name");
        optimizer = Add("--optimizer", "What makes the steps: adamw or sgd.", training.Optimizer, "name");
        momentum = AddNumber("--momentum", "Momentum of sgd.", training.Momentum);
        labelSmoothing = AddNumber("--label-smoothing", "Share of each target that goes to all tokens alike.", training.LabelSmoothing);
        wordDropout = AddNumber("--word-dropout", "Probability that a token of a training source is read as unknown.", training.WordDropout);
        averaging = AddNumber("--averaging", "Decay of a running average of the weights, such as 0.999; 0 for none.", training.AveragingDecay);
        epochs = Add("--epochs", "Epochs at most.", training.EpochCount);
        batch = Add("--batch", "Pairs a step.", training.BatchSize);
        learningRate = AddNumber("--learning-rate", "Highest learning rate.", training.LearningRate);
        weightDecay = AddNumber("--weight-decay", "Weight decay, relative to the learning rate.", training.WeightDecay);
        schedule = Add("--schedule", "Learning rate over time: constant or cosine.", training.Schedule, "name");
        warmup = AddNumber("--warmup", "Share of all steps in which the learning rate rises.", training.Warmup);
        clip = AddNumber("--clip", "Largest norm of the gradients; 0 for no limit.", training.ClipNorm);
        patience = Add("--patience", "Epochs without a better dev score before training stops.", training.Patience);
        monitor = Add("--monitor", "The dev score that decides: loss, or accuracy (of the next token).", "loss", "name");
        findAnomalies = Flag("--find-anomalies", "Name the operation where the first NaN or infinity arises; slower.");
        checkpointMinutes = AddNumber("--checkpoint-minutes", "Minutes between checkpoints in OUT.checkpoint, which --resume goes on from; 0 for one after each step, negative for none.", 5);
        resume = Flag("--resume", "Go on from the checkpoint that a run with the same command left.");
        all.Add(seed);
    }

    public void AddTo(Command command) => all.ForEach(command.Add);

    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed);

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
            Checkpoint = Checkpoint(parsed, folder),
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
        InputFeeding = !parsed.GetValue(noFeeding),
        Score = parsed.GetValue(score)!,
        Distribution = parsed.GetValue(distribution)!,
        AttentionSize = parsed.GetValue(attention),
        Coverage = parsed.GetValue(coverage),
        CoverageWeight = parsed.GetValue(coverageWeight),
        Copy = parsed.GetValue(copy),
        TieEmbeddings = parsed.GetValue(tie),
        Dropout = parsed.GetValue(dropout),
    };

    private TrainingOptions Training(ParseResult parsed) => new()
    {
        Seed = parsed.GetValue(seed),
        EpochCount = parsed.GetValue(epochs),
        BatchSize = parsed.GetValue(batch),
        LearningRate = parsed.GetValue(learningRate),
        WeightDecay = parsed.GetValue(weightDecay),
        Schedule = parsed.GetValue(schedule)!,
        Warmup = parsed.GetValue(warmup),
        ClipNorm = parsed.GetValue(clip),
        Patience = parsed.GetValue(patience),
        Monitor = parsed.GetValue(monitor)!,
        Optimizer = parsed.GetValue(optimizer)!,
        Momentum = parsed.GetValue(momentum),
        LabelSmoothing = parsed.GetValue(copy) && parsed.GetResult(labelSmoothing) is not { Implicit: false } ? 0 : parsed.GetValue(labelSmoothing),
        WordDropout = parsed.GetValue(wordDropout),
        AveragingDecay = parsed.GetValue(averaging),
        FindAnomalies = parsed.GetValue(findAnomalies),
    };

    private CheckpointOptions? Checkpoint(ParseResult parsed, string folder)
    {
        double minutes = parsed.GetValue(checkpointMinutes);
        string path = Path.TrimEndingDirectorySeparator(folder) + ".checkpoint";
        bool goesOn = parsed.GetValue(resume);
        if (goesOn && !Directory.Exists(path))
            throw new UsageException($"there is no checkpoint {path} to go on from; leave --resume out.");
        if (!goesOn && Directory.Exists(path))
            throw new UsageException($"an earlier run left the checkpoint {path}; add --resume to go on from it, or delete it.");
        if (!(minutes <= 1e6))
            throw new UsageException(FormattableString.Invariant($"--checkpoint-minutes must be at most 1000000, got {minutes}."));
        return minutes < 0 ? null : new CheckpointOptions { Path = path, Interval = TimeSpan.FromMinutes(minutes), Resume = goesOn };
    }

    private Option<T> Add<T>(string name, string description, T value, string help = "N")
    {
        Option<T> option = new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value };
        all.Add(option);
        return option;
    }

    private Option<double> AddNumber(string name, string description, double value)
    {
        Option<double> option = CommonOptions.Number(name, description, value);
        all.Add(option);
        return option;
    }

    private Option<bool> Flag(string name, string description)
    {
        Option<bool> option = new(name) { Description = description };
        all.Add(option);
        return option;
    }
}
