namespace Heed;

/// <summary>How a <see cref="Translator"/> is built and trained.</summary>
public sealed record TranslatorOptions
{
    /// <summary>The network: an <see cref="EncoderDecoderConfig"/>, or a <see cref="TransformerEncoderDecoderConfig"/>.</summary>
    /// <value>Default the recurrent one.</value>
    public SequenceToSequenceConfig Network { get; init; } = new EncoderDecoderConfig();

    /// <summary>The folder of a translator to go on from. Its tokens are taken, <see cref="SourceTokens"/> and <see cref="TargetTokens"/> are not read; its weights are the first ones of all parts of
    /// <see cref="Network"/> that it has. What it lacks, such as a coverage term that is added late (See et al. 2017), starts from scratch.</summary>
    /// <value>Default null: a start from scratch.</value>
    public string? InitialModel { get; init; }

    /// <summary>The training; <see cref="TrainingOptions.Monitor"/> auto means loss, accuracy is that of the next token.</summary>
    public TrainingOptions Training { get; init; } = new() { LabelSmoothing = 0.1, WordDropout = 0 };

    /// <summary>What a token of the source is.</summary>
    /// <value>Default byte pairs, 6,000 merges, with case.</value>
    public TextEncoderOptions SourceTokens { get; init; } = DefaultTokens;

    /// <summary>What a token of the target is. Not read where the network has one vocabulary (<see cref="TransformerEncoderDecoderConfig.SharesEmbeddings"/>): tokens are then as <see cref="SourceTokens"/> says,
    /// learned from both sides.</summary>
    /// <value>Default byte pairs, 6,000 merges, with case.</value>
    public TextEncoderOptions TargetTokens { get; init; } = DefaultTokens;

    /// <summary>Tokens of a sentence that are taken at most, on each side.</summary>
    /// <value>Default 100; from 1 to 10,000.</value>
    public int MaximumLength { get; init; } = 100;

    /// <summary>What happens to longer sentences in training: <c>truncate</c>, <c>drop</c> the pair, or <c>keep</c> them whole. They are counted.</summary>
    /// <value>Default <c>truncate</c>.</value>
    public string LongSentences { get => field ?? "truncate"; init; } = "truncate";

    /// <summary>How <see cref="Translator.Translate(string, DecodingOptions?)"/> searches unless told otherwise.</summary>
    public DecodingOptions Decoding { get; init; } = new();

    /// <summary>Where training leaves checkpoints; null for none.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>Byte pairs, 6,000 merges, with case, every token known.</summary>
    public static TextEncoderOptions DefaultTokens { get; } = new()
    {
        Kind = TokenKinds.BytePair, LowerCase = false, MergeCount = 6000, Vocabulary = new VocabularyOptions { MinimumCount = 1 },
    };

    /// <summary>Options of the encoder–decoder of Vaswani et al. 2017: its network, and a training with a learning rate that rises and falls, and averaged weights.</summary>
    public static TranslatorOptions Transformer => new()
    {
        Network = new TransformerEncoderDecoderConfig(),
        Training = new() { EpochCount = 30, LearningRate = 1e-3, Schedule = "cosine", Warmup = 0.1, LabelSmoothing = 0.1, WordDropout = 0, AveragingDecay = 0.998, Patience = 5 },
    };

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        Network.Validate();
        Training.Validate();
        SourceTokens.Validate();
        TargetTokens.Validate();
        Decoding.Validate();
        if (MaximumLength is < 1 or > 10_000)
            throw new ArgumentException(FormattableString.Invariant($"TranslatorOptions: MaximumLength must be from 1 to 10000, got {MaximumLength}."), nameof(MaximumLength));
        string[] kinds = ["truncate", "drop", "keep"];
        if (!kinds.Contains(LongSentences, StringComparer.Ordinal))
            throw new ArgumentException($"TranslatorOptions: LongSentences must be truncate, drop or keep, got '{LongSentences}'.{NearestName.Hint(LongSentences, kinds)}", nameof(LongSentences));
        if (Training.Monitor == "macro-f1" || Training.ClassWeights == "balanced")
            throw new ArgumentException("TranslatorOptions: a translator has no classes; Monitor must be auto, loss or accuracy, ClassWeights auto or none.", nameof(Training));
        // A target's last token is read as well as its first, the edge.
        if (LongSentences == "keep" && Network.LongestSequence < int.MaxValue)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"TranslatorOptions: a network whose positions end at {Network.LongestSequence} cannot keep any sentence whole; take LongSentences truncate or drop, or relative positions such as rope."), nameof(LongSentences));
        }
        if (MaximumLength >= Network.LongestSequence)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"TranslatorOptions: MaximumLength = {MaximumLength} with the edge does not fit the network's {Network.LongestSequence} positions; lower it, or raise Stack.MaximumLength."), nameof(MaximumLength));
        }
        if (LongSentences == "keep" ? Network.LongestSource < int.MaxValue : MaximumLength > Network.LongestSource)
        {
            string most = LongSentences == "keep" ? "sources of any length are kept" : FormattableString.Invariant($"MaximumLength = {MaximumLength}");
            throw new ArgumentException(FormattableString.Invariant(
                $"TranslatorOptions: the score knows {Network.LongestSource} positions of the source, and {most}; take a longer one, as location({Math.Max(MaximumLength, 512)}), or shorten what is read."), nameof(MaximumLength));
        }
        if (Network.Copies && Training.LabelSmoothing > 0)
            throw new ArgumentException("TranslatorOptions: LabelSmoothing spreads over a fixed vocabulary, a network that copies has none; set one of them to 0.", nameof(Training));
    }
}
