namespace Heed;

/// <summary>How a <see cref="LanguageModel"/> is built and trained.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>The network; its <see cref="TransformerConfig.MaximumLength"/> is the context. Causal whatever it says.</summary>
    /// <value>Default 4 layers, 4 heads, 128 wide, context 64, rotary positions, no dropout.</value>
    public TransformerConfig Network { get; init; } = new() { Size = 128, MaximumLength = 64, Position = "rope", Dropout = 0, IsCausal = true };

    /// <summary>Whether the last layer is the table of token vectors.</summary>
    /// <value>Default true.</value>
    public bool IsTied { get; init; } = true;

    /// <summary>The training; a row is a window of the text as long as the context. <see cref="TrainingOptions.EpochCount"/> is not read.</summary>
    public TrainingOptions Training { get; init; } = new()
    {
        BatchSize = 12, LearningRate = 2e-3, WeightDecay = 0.1, Schedule = "cosine", Warmup = 0.05, WordDropout = 0, AveragingDecay = 0, Monitor = "loss", Patience = 1000,
    };

    /// <summary>Steps of the whole run.</summary>
    /// <value>Default 2,000.</value>
    public int StepCount { get; init; } = 2000;

    /// <summary>Steps between two looks at the dev text.</summary>
    /// <value>Default 250.</value>
    public int EvaluationInterval { get; init; } = 250;

    /// <summary>What a token is: <c>characters</c>, <c>bpe</c> (byte-level pairs, learned), <c>unigram</c> (learned), or the path of a tokenizer (<see cref="PretrainedTokenizer.Load"/>).</summary>
    /// <value>Default <c>characters</c>.</value>
    public string Tokens { get => field ?? "characters"; init; } = "characters";

    /// <summary>Size of a learned vocabulary.</summary>
    /// <value>Default 4,000.</value>
    public int VocabularySize { get; init; } = 4000;

    /// <summary>Where training leaves checkpoints; null for none.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    internal TransformerConfig Causal => Network with { IsCausal = true };

    // The trainer counts epochs: here one is what lies between two looks at the dev text.
    internal TrainingOptions Run => Training with
    {
        EpochCount = (StepCount + EvaluationInterval - 1) / EvaluationInterval,
        Monitor = Training.Monitor == "auto" ? "loss" : Training.Monitor,
        ClassWeights = "none",
    };

    // Steps of the epoch (from 1): the last one has what is left.
    internal int StepsIn(int epoch) => Math.Min(EvaluationInterval, StepCount - ((epoch - 1) * EvaluationInterval));

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        Causal.Validate();
        if (StepCount < 1 || EvaluationInterval < 1)
            throw new ArgumentException(FormattableString.Invariant($"LanguageModelOptions: StepCount and EvaluationInterval must be at least 1, got {StepCount} and {EvaluationInterval}."), nameof(StepCount));
        if (VocabularySize < 300)
            throw new ArgumentException(FormattableString.Invariant($"LanguageModelOptions: VocabularySize must be at least 300, got {VocabularySize}."), nameof(VocabularySize));
        if (Training.Monitor == "macro-f1" || Training.ClassWeights == "balanced")
            throw new ArgumentException("LanguageModelOptions: a language model has no classes; Monitor must be auto, loss or accuracy, ClassWeights auto or none.", nameof(Training));
        Run.Validate();
    }
}
