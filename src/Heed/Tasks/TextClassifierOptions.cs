namespace Heed;

/// <summary>What a <see cref="TextClassifier"/> is made of and how it is trained.</summary>
public sealed record TextClassifierOptions
{
    /// <summary>The network.</summary>
    /// <value>Default null: <see cref="BlstmConfig"/> with its defaults, and for sets of labels with the pooling <c>projection</c> and an attention row for
    /// each label.</value>
    public BlstmConfig? Network { get; init; }

    /// <summary>The training.</summary>
    /// <value>Default: <see cref="TrainingOptions"/> with its defaults.</value>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>How texts become token ids.</summary>
    /// <value>Default: words, seen at least twice, at most 30,000, at most 400 a text.</value>
    public TextEncoderOptions Tokens { get; init; } = new();

    /// <summary>Whether a <see cref="TfidfModel"/> is trained on the same rows (seconds), to be shown beside every result.</summary>
    /// <value>Default true.</value>
    public bool Baseline { get; init; } = true;

    /// <summary>Whether the network reads what the simple model says about each token (<see cref="BlstmConfig.Evidence"/>): what single words and pairs tell
    /// it then need not learn again from few rows. Training rows get it from models that have not seen them. A model to <see cref="Start"/>
    /// from says it itself.</summary>
    /// <value>Default null: where <see cref="Baseline"/> is true. True needs <see cref="Baseline"/>.</value>
    public bool? Evidence { get; init; }

    /// <summary>A file of pretrained word vectors (GloVe or fastText, text form) that token vectors start from; null for none. Sets
    /// <see cref="BlstmConfig.EmbeddingSize"/> to their length.</summary>
    /// <value>Default null.</value>
    public string? Vectors { get; init; }

    /// <summary>Whether the token vectors stay as they start: of use with <see cref="Vectors"/> and few rows.</summary>
    /// <value>Default false.</value>
    public bool FreezeVectors { get; init; }

    /// <summary>A trained model to go on from: its weights, its tokens and those that the new rows bring, its labels in the training data's
    /// <see cref="TextData.LabelNames"/> and further ones. The shape of <see cref="Network"/> and the tokenizer
    /// are then its own.</summary>
    /// <value>Default null.</value>
    public TextClassifier? Start { get; init; }

    /// <summary>Where the run writes down where it stands, so that it can go on when it was killed; null for nowhere.</summary>
    /// <value>Default null.</value>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        Network?.Validate();
        Training.Validate();
        Tokens.Validate();
        if (Evidence == true && !Baseline)
            throw new ArgumentException("TextClassifierOptions: Evidence comes from the simple model; set Baseline to true, too, or leave Evidence out.", nameof(Evidence));
    }

    internal BlstmConfig NetworkFor(TargetKind target) =>
        (Network ?? (target == TargetKind.Multi ? new BlstmConfig { Pooling = "projection", PerLabel = true } : new BlstmConfig())) with { Evidence = Evidence ?? Baseline };
}
