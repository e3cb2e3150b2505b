namespace Heed;

/// <summary>The shape of a <see cref="TransformerClassifier"/>.</summary>
public sealed record TransformerClassifierConfig : TextNetworkConfig
{
    /// <summary>The pooling that reads the state of the first token.</summary>
    public const string FirstToken = "cls";

    /// <summary>The poolings that <see cref="Pooling"/> may name.</summary>
    public static IReadOnlyList<string> Poolings { get; } = [FirstToken, .. SequencePooling.Names];

    /// <summary>The encoder. Its <see cref="TransformerConfig.MaximumLength"/> must reach as far as texts are read.</summary>
    /// <value>Default 2 layers, 4 heads, 128 wide, rotary positions, dropout 0.1.</value>
    public TransformerConfig Encoder { get; init; } = new() { Size = 128, LayerCount = 2, HeadCount = 4, Position = "rope" };

    /// <summary>Rows of the table of token vectors, where a pretrained encoder has more than its tokenizer has tokens.</summary>
    /// <value>Default 0: as many as tokens.</value>
    public int VocabularySize { get; init; }

    /// <summary>How states become one vector: <c>cls</c>, the state of the first token; or a name of <see cref="SequencePooling.Names"/>, among them <c>mean</c>.</summary>
    /// <value>Default <c>additive</c>.</value>
    public string Pooling { get => field ?? "additive"; init; } = "additive";

    /// <summary>Whether the network puts a token of its own before each text for <see cref="Pooling"/> <c>cls</c> to read; tokenizers of pretrained encoders put one there themselves.</summary>
    /// <value>Default false. It has the id of padding, which is read nowhere else.</value>
    public bool AddsClassToken { get; init; }

    /// <summary>Whether a dense layer stands between context and output, as BERT's pooler.</summary>
    /// <value>Default false.</value>
    public bool HasPooler { get; init; }

    /// <summary>The function of the pooler: <c>tanh</c> (BERT, RoBERTa) or <c>relu</c> (DistilBERT).</summary>
    /// <value>Default <c>tanh</c>.</value>
    public string PoolerActivation { get => field ?? "tanh"; init; } = "tanh";

    /// <summary>d_a of the poolings <c>additive</c> and <c>structured</c>.</summary>
    /// <value>Default 128; at least 1.</value>
    public int AttentionSize { get; init; } = 128;

    /// <summary>Number of distributions of the poolings <c>projection</c> and <c>structured</c>.</summary>
    /// <value>Default 1; at least 1.</value>
    public int Views { get; init; } = 1;

    /// <summary>Whether the contexts of several views are averaged; otherwise they are concatenated.</summary>
    /// <value>Default false.</value>
    public bool AverageViews { get; init; }

    /// <summary>Weight of the pooling <c>structured</c>'s penalty ‖AAᵀ − I‖²_F.</summary>
    /// <value>Default 0; at least 0.</value>
    public double Penalty { get; init; }

    /// <inheritdoc/>
    /// <value>Default 0.1; in [0, 1). That of the encoder is <see cref="TransformerConfig.Dropout"/>.</value>
    public override double Dropout { get; init; } = 0.1;

    /// <inheritdoc/>
    /// <value>Default false; true needs the pooling <c>projection</c>, and goes without <see cref="HasPooler"/>.</value>
    public override bool PerLabel { get; init; }

    /// <inheritdoc/>
    public override bool Evidence { get; init; }

    internal bool ReadsFirst => Pooling == FirstToken;

    internal override IReadOnlyList<double> UsualDropouts => [0, 0.1, 0.2, 0.3];

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Encoder);
        Encoder.Validate();
        if (Encoder.IsCausal)
            throw new ArgumentException("TransformerClassifierConfig: a classifier reads its text from both sides; Encoder must not be causal.", nameof(Encoder));
        foreach ((string name, int value) in new[] { (nameof(AttentionSize), AttentionSize), (nameof(Views), Views) })
        {
            if (value is < 1 or > 1 << 16)
                throw new ArgumentException(FormattableString.Invariant($"TransformerClassifierConfig: {name} must be in 1 … 65536, got {value}."), name);
        }
        if (VocabularySize is < 0 or > 1 << 24)
            throw new ArgumentException(FormattableString.Invariant($"TransformerClassifierConfig: VocabularySize must be in 0 … 16777216, got {VocabularySize}."), nameof(VocabularySize));
        if (!Poolings.Contains(Pooling, StringComparer.Ordinal))
            throw new ArgumentException($"TransformerClassifierConfig: there is no Pooling '{Pooling}'; there are {string.Join(", ", Poolings)}.{NearestName.Hint(Pooling, Poolings)}", nameof(Pooling));
        if (AddsClassToken && !ReadsFirst)
            throw new ArgumentException($"TransformerClassifierConfig: AddsClassToken is for the pooling {FirstToken}, got {Pooling}.", nameof(AddsClassToken));
        if (PoolerActivation is not ("tanh" or "relu"))
            throw new ArgumentException($"TransformerClassifierConfig: PoolerActivation must be tanh or relu, got '{PoolerActivation}'.", nameof(PoolerActivation));
        if (PerLabel && (Pooling != "projection" || HasPooler))
            throw new ArgumentException($"TransformerClassifierConfig: PerLabel needs the pooling projection and no pooler, got {Pooling}{(HasPooler ? " with one" : "")}.", nameof(PerLabel));
        if (Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"TransformerClassifierConfig: Dropout must be in [0, 1), got {Dropout}."), nameof(Dropout));
        if (!(Penalty >= 0 && double.IsFinite(Penalty)))
            throw new ArgumentException(FormattableString.Invariant($"TransformerClassifierConfig: Penalty must be at least 0, got {Penalty}."), nameof(Penalty));
    }

    internal override TextNetworkConfig ForLabelSets() => this with { Pooling = "projection", PerLabel = true, AddsClassToken = false, HasPooler = false };

    internal override TextNetworkConfig WithTrainingOf(TextNetworkConfig other) => other is TransformerClassifierConfig same
        ? this with { Dropout = same.Dropout, Encoder = Encoder with { Dropout = same.Encoder.Dropout, AttentionDropout = same.Encoder.AttentionDropout, EmbeddingDropout = same.Encoder.EmbeddingDropout } } : this;

    internal override TextNetworkConfig WithDropout(double dropout) => this with { Dropout = dropout, Encoder = Encoder with { Dropout = dropout, EmbeddingDropout = null } };

    internal override TextNetworkConfig For(TokenEncoder tokens)
    {
        bool adds = ReadsFirst && tokens is TextEncoder;
        return this with { AddsClassToken = adds, Encoder = Encoder with { MaximumLength = Math.Max(Encoder.MaximumLength, tokens.MaximumLength + (adds ? 1 : 0)) } };
    }

    internal override TextNetwork Create(int vocabularySize, int classCount, int featureCount, int separatorId) =>
        new TransformerClassifier(this, Math.Max(VocabularySize, vocabularySize), classCount, featureCount);

    internal override double LeastWeights(int vocabularySize) => Encoder.LeastWeights(Math.Max(VocabularySize, vocabularySize));
}
