namespace Heed;

/// <summary>The shape of a <see cref="BlstmClassifier"/>.</summary>
public sealed record BlstmConfig : TextNetworkConfig
{
    /// <summary>Size of a token's vector.</summary>
    /// <value>Default 200; at least 1.</value>
    public int EmbeddingSize { get; init; } = 200;

    /// <summary>Buckets of a table of vectors for pairs of neighbouring tokens, added to the tokens' own; 0 for none. See <see cref="PairEmbedding"/>.</summary>
    /// <value>Default 0; 0, or 2 … 4,194,304.</value>
    public int PairBuckets { get; init; }

    /// <summary>Size of a hidden state of one direction.</summary>
    /// <value>Default 128; at least 1.</value>
    public int HiddenSize { get; init; } = 128;

    /// <summary>Number of stacked recurrent layers.</summary>
    /// <value>Default 1; at least 1.</value>
    public int LayerCount { get; init; } = 1;

    /// <summary>The recurrent cell: <c>lstm</c> or <c>gru</c>.</summary>
    /// <value>Default <c>lstm</c>.</value>
    public string Cell { get; init; } = "lstm";

    /// <summary>How hidden states become one vector: a name of <see cref="SequencePooling.Names"/>.</summary>
    /// <value>Default <c>additive</c>: α = softmax(uᵀ tanh(W·h_t + b)).</value>
    public string Pooling { get; init; } = "additive";

    /// <summary>d_a of the poolings <c>additive</c> and <c>structured</c>.</summary>
    /// <value>Default 128; at least 1.</value>
    public int AttentionSize { get; init; } = 128;

    /// <summary>Number of distributions of the poolings <c>projection</c> and <c>structured</c>.</summary>
    /// <value>Default 1; at least 1.</value>
    public int Views { get; init; } = 1;

    /// <summary>Whether the contexts of several views are averaged; otherwise they are concatenated.</summary>
    /// <value>Default false.</value>
    public bool AverageViews { get; init; }

    /// <summary>Whether each output has an attention row of its own and reads its own context alone, so that every label shows its own evidence;
    /// with the pooling <c>projection</c>, whose <see cref="Views"/> are then the outputs.</summary>
    /// <value>Default false.</value>
    public override bool PerLabel { get; init; }

    /// <summary>Weight of the pooling <c>structured</c>'s penalty ‖AAᵀ − I‖²_F.</summary>
    /// <value>Default 0; at least 0.</value>
    public double Penalty { get; init; }

    /// <summary>Whether each state is read beside the vector of its token, h_t = [→h_t ; ←h_t ; x_t], so that what is behind the encoder sees the word itself as well as the word in its text.</summary>
    /// <value>Default false; not with <see cref="Structure"/> <c>hierarchical</c>. Source: the shortcuts of Nie and Bansal, "Shortcut-stacked sentence encoders for multi-domain inference", 2017.</value>
    public bool Shortcut { get; init; }

    /// <summary>Probability of dropping an element of the token vectors and of the context.</summary>
    /// <value>Default 0.5; in [0, 1).</value>
    public override double Dropout { get; init; } = 0.5;

    /// <summary>Whether dropout on token vectors and between layers takes one mask a text, the same for all its tokens (variational dropout, Gal
    /// and Ghahramani 2016), instead of one a token.</summary>
    /// <value>Default false.</value>
    public bool VariationalDropout { get; init; }

    /// <summary>How a text pair is read (<see cref="TextPair"/>): <c>joined</c>, as one text; <c>towers</c>, each text by the same encoder for itself, the two
    /// contexts then compared: [u ; v ; |u − v| ; u∘v]; or a name of <see cref="CoAttention.Names"/>, where both texts attend to each other between encoder and comparison.</summary>
    /// <value>Default <c>joined</c>; others go with rows that have two texts, and not with <see cref="PerLabel"/>; with co-attention <see cref="Pooling"/> has no say but for <c>fine</c>, whose comparisons it pools.</value>
    public string PairForm { get => field ?? "joined"; init; } = "joined";

    /// <summary>How a text is read: <c>flat</c>, as one sequence of tokens; <c>hierarchical</c>, words → sentences → text with encoder and attention on both levels, see <see cref="HierarchicalEncoder"/>;
    /// or <c>directional</c>, as one sequence by directional self-attention in place of the recurrent layers, see <see cref="DirectionalEncoder"/> (DiSAN with <see cref="Pooling"/> <c>multi-dimensional</c>).</summary>
    /// <value>Default <c>flat</c>; <c>directional</c> has one layer, and <see cref="Cell"/> no say; <c>hierarchical</c> goes with <see cref="PairForm"/> <c>joined</c>, and not with <see cref="PerLabel"/>.</value>
    public string Structure { get => field ?? "flat"; init; } = "flat";

    /// <summary>Whether the network is given evidence for each token, one number an output, that reaches the logits by the pooling's weights.</summary>
    /// <value>Default false.</value>
    public override bool Evidence { get; init; }

    internal override IReadOnlyList<double> UsualDropouts => [0.2, 0.35, 0.5, 0.65];

    /// <inheritdoc/>
    public override void Validate()
    {
        foreach ((string name, int value) in new[] { (nameof(EmbeddingSize), EmbeddingSize), (nameof(HiddenSize), HiddenSize), (nameof(LayerCount), LayerCount), (nameof(AttentionSize), AttentionSize), (nameof(Views), Views) })
        {
            if (value is < 1 or > 1 << 16)
                throw new ArgumentException(FormattableString.Invariant($"BlstmConfig: {name} must be in 1 … 65536, got {value}."), name);
        }
        if (PairBuckets is not (0 or (>= 2 and <= 1 << 22)))
            throw new ArgumentException(FormattableString.Invariant($"BlstmConfig: PairBuckets must be 0 or in 2 … 4194304, got {PairBuckets}."), nameof(PairBuckets));
        if (Cell is not ("lstm" or "gru"))
            throw new ArgumentException($"BlstmConfig: Cell must be lstm or gru, got '{Cell}'.", nameof(Cell));
        SequencePooling.Require(nameof(BlstmConfig), Pooling);
        if (PerLabel && Pooling != "projection")
            throw new ArgumentException($"BlstmConfig: PerLabel needs the pooling projection, got '{Pooling}'.", nameof(PerLabel));
        string[] forms = ["joined", "towers", .. CoAttention.Names];
        if (!forms.Contains(PairForm, StringComparer.Ordinal))
            throw new ArgumentException($"BlstmConfig: there is no PairForm '{PairForm}'; there are {string.Join(", ", forms)}.{NearestName.Hint(PairForm, forms)}", nameof(PairForm));
        if (PerLabel && PairForm != "joined")
            throw new ArgumentException($"BlstmConfig: PairForm {PairForm} compares two contexts and does not go with PerLabel; leave one out.", nameof(PairForm));
        if (Structure is not ("flat" or "hierarchical" or "directional"))
            throw new ArgumentException($"BlstmConfig: Structure must be flat, hierarchical or directional, got '{Structure}'.{NearestName.Hint(Structure, ["flat", "hierarchical", "directional"])}", nameof(Structure));
        if (Structure == "directional" && LayerCount > 1)
            throw new ArgumentException(FormattableString.Invariant($"BlstmConfig: Structure directional has one layer, got LayerCount {LayerCount}."), nameof(LayerCount));
        if (Structure == "hierarchical" && (PerLabel || PairForm != "joined"))
            throw new ArgumentException($"BlstmConfig: Structure hierarchical pools sentences and does not go with {(PerLabel ? "PerLabel" : $"PairForm {PairForm}")}; leave one out.", nameof(Structure));
        if (Shortcut && Structure == "hierarchical")
            throw new ArgumentException("BlstmConfig: Structure hierarchical has no Shortcut; leave one out.", nameof(Shortcut));
        if (Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"BlstmConfig: Dropout must be in [0, 1), got {Dropout}."), nameof(Dropout));
        if (!(Penalty >= 0 && double.IsFinite(Penalty)))
            throw new ArgumentException(FormattableString.Invariant($"BlstmConfig: Penalty must be at least 0, got {Penalty}."), nameof(Penalty));
    }

    internal override TextNetworkConfig ForLabelSets() => this with { Pooling = "projection", PerLabel = true };

    internal override TextNetworkConfig WithTrainingOf(TextNetworkConfig other) =>
        other is BlstmConfig same ? this with { Dropout = same.Dropout, VariationalDropout = same.VariationalDropout } : this;

    internal override TextNetwork Create(int vocabularySize, int classCount, int featureCount, int separatorId) => new BlstmClassifier(this, vocabularySize, classCount, featureCount, separatorId);

    /// <summary>Size of what the encoder hands on for each step.</summary>
    internal int StateSize => checked((2 * HiddenSize) + (Shortcut ? EmbeddingSize : 0));

    // Both directions of the recurrent layers that the configuration asks for.
    internal RecurrentLayer CreateEncoder(int inputSize) => Cell == "gru"
        ? new Gru(inputSize, HiddenSize, LayerCount, isBidirectional: true, Dropout, VariationalDropout)
        : new Lstm(inputSize, HiddenSize, LayerCount, isBidirectional: true, Dropout, VariationalDropout);

    internal SequencePooling CreatePooling(int states) => SequencePooling.Create(Pooling, states, AttentionSize, Views, AverageViews, Penalty);

    /// <summary>Weights that such a network has at least: those of tokens, encoder and attention.</summary>
    internal override double LeastWeights(int vocabularySize)
    {
        double hidden = HiddenSize, gates = Cell == "gru" ? 3 : 4, first = Structure == "directional" ? 2 * hidden * (EmbeddingSize + (2 * hidden)) : 2 * gates * hidden * (EmbeddingSize + hidden), others = 2 * gates * hidden * 3 * hidden;
        double attention = Pooling is "additive" or "structured" && PairForm is "joined" or "towers" ? 2.0 * hidden * AttentionSize : 0;
        return (((double)vocabularySize + PairBuckets) * EmbeddingSize) + first + ((LayerCount - 1) * others) + attention;
    }
}
