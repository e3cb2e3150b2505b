namespace Heed;

/// <summary>What a <see cref="TextClassifier"/> is made of and how it is trained.</summary>
public sealed record TextClassifierOptions
{
    /// <summary>The network: <see cref="BlstmConfig"/>, or <see cref="TransformerClassifierConfig"/>.</summary>
    /// <value>Default null: <see cref="BlstmConfig"/> with its defaults, and for sets of labels with the pooling <c>projection</c> and an attention row for
    /// each label.</value>
    public TextNetworkConfig? Network { get; init; }

    /// <summary>The training.</summary>
    /// <value>Default: <see cref="TrainingOptions"/> with its defaults.</value>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>How texts become token ids.</summary>
    /// <value>Default: words, seen at least twice, at most 30,000, at most 400 a text.</value>
    public TextEncoderOptions Tokens { get; init; } = new();

    /// <summary>Whether a <see cref="TfidfModel"/> is trained on the same rows (seconds), to be shown beside every result.</summary>
    /// <value>Default true.</value>
    public bool Baseline { get; init; } = true;

    /// <summary>Whether the network reads what the simple model says about each token (<see cref="TextNetworkConfig.Evidence"/>): what single words and pairs tell
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

    /// <summary>The folder of a trained encoder to fine-tune: one of Hugging Face (BERT, MiniLM, RoBERTa, XLM-R, DistilBERT; see docs/checkpoints.md), or one of ours that has a Transformer. Its shape and its
    /// tokenizer are taken; <see cref="Network"/> then says pooling and output alone, and of <see cref="Tokens"/> the length and what is redacted count. null for none.</summary>
    /// <value>Default null. <see cref="Evidence"/> is then off, and <see cref="Network"/> by default reads the first token (<c>cls</c>) through a pooler, that of the folder if it has one; where texts have no such token, the mean.
    /// <see cref="TrainingOptions.FineTuning"/> has fitting settings.</value>
    public string? Pretrained { get; init; }

    /// <summary>Trains low-rank adapters in the encoder and the layers behind it, instead of all weights; merged once trained. For <see cref="Pretrained"/>, or a <see cref="Start"/> that has a Transformer.</summary>
    /// <value>Default null: all weights are trained.</value>
    public LoraConfig? Lora { get; init; }

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
        Lora?.Validate();
        if (Pretrained is not null)
        {
            if (Start is not null || Vectors is not null)
                throw new ArgumentException($"TextClassifierOptions: Pretrained brings weights of its own; leave {(Start is null ? nameof(Vectors) : nameof(Start))} out.", nameof(Pretrained));
            if (Network is not (null or TransformerClassifierConfig))
                throw new ArgumentException("TextClassifierOptions: Pretrained is a Transformer; Network must be a TransformerClassifierConfig, or null.", nameof(Network));
            if (Evidence == true)
                throw new ArgumentException("TextClassifierOptions: a pretrained encoder reads tokens alone; leave Evidence out.", nameof(Evidence));
        }
        if (Lora is not null && Pretrained is null && Start?.Network is not TransformerClassifier)
            throw new ArgumentException("TextClassifierOptions: Lora adapts a trained Transformer; give Pretrained, or a Start that has one.", nameof(Lora));
        if (Vectors is not null && Network is TransformerClassifierConfig)
            throw new ArgumentException("TextClassifierOptions: Vectors are for the recurrent network; leave them out.", nameof(Vectors));
        if (Evidence == true && !Baseline)
            throw new ArgumentException("TextClassifierOptions: Evidence comes from the simple model; set Baseline to true, too, or leave Evidence out.", nameof(Evidence));
    }

    internal TextNetworkConfig NetworkFor(TargetKind target) => (Network ?? Usual(target)) with { Evidence = Evidence ?? (Baseline && Pretrained is null) };

    private TextNetworkConfig Usual(TargetKind target) => Pretrained is not null ? new TransformerClassifierConfig { Pooling = TransformerClassifierConfig.FirstToken, HasPooler = true }
        : target == TargetKind.Multi ? new BlstmConfig().ForLabelSets() : new BlstmConfig();
}
