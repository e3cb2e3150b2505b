namespace Heed;

/// <summary>How a <see cref="MaskedLanguageModel"/> is built and trained.</summary>
public sealed record MaskedLanguageModelOptions
{
    /// <summary>The encoder; its <see cref="TransformerConfig.MaximumLength"/> is the length of the pieces that are read, two special tokens included.</summary>
    /// <value>Default BERT's form: post-norm, learned positions, two segments; 4 layers, 4 heads, 128 wide, pieces of 128.</value>
    public TransformerConfig Network { get; init; } = new() { Size = 128, MaximumLength = 128, IsPreNorm = false, NormalizesEmbedding = true, SegmentCount = 2, Epsilon = 1e-12 };

    /// <summary>Share of the tokens that are to be guessed; of these 80 % are replaced by the mask, 10 % by a random token, 10 % stay.</summary>
    /// <value>Default 0.15; in (0, 1).</value>
    public double MaskedShare { get; init; } = 0.15;

    /// <summary>The training; a row is a piece of the text. <see cref="TrainingOptions.EpochCount"/> is not read.</summary>
    public TrainingOptions Training { get; init; } = new()
    {
        BatchSize = 16, LearningRate = 1e-3, WeightDecay = 0.01, Schedule = "cosine", Warmup = 0.1, WordDropout = 0, AveragingDecay = 0, Monitor = "loss", Patience = 1000,
    };

    /// <summary>Steps of the whole run.</summary>
    /// <value>Default 2,000.</value>
    public int StepCount { get; init; } = 2000;

    /// <summary>Steps between two looks at the dev text.</summary>
    /// <value>Default 250.</value>
    public int EvaluationInterval { get; init; } = 250;

    /// <summary>What a token is, as <see cref="LanguageModelOptions.Tokens"/>. A tokenizer without a mask gets the special tokens <c>[PAD]</c>, <c>[CLS]</c>, <c>[SEP]</c> and <c>[MASK]</c> and the form [CLS] text [SEP].</summary>
    /// <value>Default <c>bpe</c>.</value>
    public string Tokens { get => field ?? "bpe"; init; } = "bpe";

    /// <summary>Size of a learned vocabulary, without the added special tokens.</summary>
    /// <value>Default 4,000.</value>
    public int VocabularySize { get; init; } = 4000;

    /// <summary>Where training leaves checkpoints; null for none.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    // Tokens, steps and looks are those of any language model.
    internal LanguageModelOptions AsLanguageModel => new()
    {
        Network = Network with { IsCausal = true }, Training = Training, StepCount = StepCount, EvaluationInterval = EvaluationInterval, Tokens = Tokens, VocabularySize = VocabularySize, Checkpoint = Checkpoint,
    };

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        if (Network.IsCausal)
            throw new ArgumentException("MaskedLanguageModelOptions: hidden tokens are guessed from both sides; Network must not be causal.", nameof(Network));
        if (Network.MaximumLength < 4)
            throw new ArgumentException(FormattableString.Invariant($"MaskedLanguageModelOptions: MaximumLength of Network must be at least 4, got {Network.MaximumLength}."), nameof(Network));
        if (MaskedShare is not (> 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"MaskedLanguageModelOptions: MaskedShare must be in (0, 1), got {MaskedShare}."), nameof(MaskedShare));
        AsLanguageModel.Validate();
    }
}
