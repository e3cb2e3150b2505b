namespace Heed;

/// <summary>The shape of an <see cref="EncoderDecoder"/>.</summary>
public sealed record EncoderDecoderConfig : SequenceToSequenceConfig
{
    /// <summary>Length of a token vector.</summary>
    /// <value>Default 256.</value>
    public int EmbeddingSize { get; init; } = 256;

    /// <summary>Length of a hidden state: of each direction of the encoder, and of the decoder.</summary>
    /// <value>Default 256.</value>
    public int HiddenSize { get; init; } = 256;

    /// <summary>Stacked layers of the encoder.</summary>
    /// <value>Default 1.</value>
    public int LayerCount { get; init; } = 1;

    /// <summary><c>bahdanau</c>: attention before the recurrent cell, its context goes into the cell (Bahdanau et al. 2015). <c>luong</c>: attention after it (Luong et al. 2015).</summary>
    /// <value>Default <c>bahdanau</c>.</value>
    public string Decoder { get => field ?? "bahdanau"; init; } = "bahdanau";

    /// <summary>The recurrent cell of encoder and decoder: <c>lstm</c>, or <c>gru</c> as in Bahdanau's paper.</summary>
    /// <value>Default <c>lstm</c>.</value>
    public string Cell { get => field ?? "lstm"; init; } = "lstm";

    /// <summary>Whether <c>luong</c> feeds what it attended to into the next step. Without it all steps of training run at once (of an LSTM).</summary>
    /// <value>Default true; <c>bahdanau</c> always does.</value>
    public bool InputFeeding { get; init; } = true;

    /// <summary>The score by its name, as <see cref="Heed.Score.Parse"/> takes it. Scores that want queries and keys of one length get projections (one head).</summary>
    /// <value>Default <c>additive</c>.</value>
    public string Score { get => field ?? "additive"; init; } = "additive";

    /// <summary>The distribution by its name, as <see cref="Heed.Distribution.Parse"/> takes it.</summary>
    /// <value>Default <c>softmax</c>.</value>
    public string Distribution { get => field ?? "softmax"; init; } = "softmax";

    /// <summary>Weight λ of the entropy of where <c>hard</c> attention looks, which keeps it trying; see <see cref="ReinforceLoss"/>.</summary>
    /// <value>Default 0.01; at least 0.</value>
    public double EntropyWeight { get; init; } = 0.01;

    /// <summary>Length of the hidden layer of the scores <c>additive</c> and <c>location-aware</c>, unless their name says one.</summary>
    /// <value>Default 256.</value>
    public int AttentionSize { get; init; } = 256;

    /// <summary>Whether the score sees the sum of earlier weights, and a loss forbids looking twice (See et al. 2017); with the score <c>additive</c>.</summary>
    /// <value>Default false.</value>
    public bool Coverage { get; init; }

    /// <summary>Weight λ of the coverage loss.</summary>
    /// <value>Default 1; at least 0.</value>
    public double CoverageWeight { get; init; } = 1;

    /// <summary>Whether tokens of the source can be copied: a pointer-generator network (See et al. 2017).</summary>
    /// <value>Default false.</value>
    public bool Copy { get; init; }

    /// <summary>Whether the output layer is the table of the target's token vectors (Press and Wolf 2017); needs <see cref="EmbeddingSize"/> = <see cref="HiddenSize"/>.</summary>
    /// <value>Default false.</value>
    public bool TieEmbeddings { get; init; }

    /// <summary>Probability of dropping an element of token vectors and of what the output layer reads.</summary>
    /// <value>Default 0.3; in [0, 1).</value>
    public double Dropout { get; init; } = 0.3;

    internal override bool Copies => Copy;

    internal override int LongestSource => CreateScore() is LocationScore { MaximumLength: int longest } ? longest : int.MaxValue;

    internal override string Description
    {
        get
        {
            string fed = Decoder == "luong" ? InputFeeding ? " with input feeding" : " without input feeding" : "";
            string further = (Coverage ? ", coverage" : "") + (Copy ? ", copying" : "");
            return $"{Decoder} decoder{fed}, {Score} score, {Distribution}{further}, over a bidirectional {Cell.ToUpperInvariant()}";
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        foreach ((string name, int value) in new[] { (nameof(EmbeddingSize), EmbeddingSize), (nameof(HiddenSize), HiddenSize), (nameof(LayerCount), LayerCount), (nameof(AttentionSize), AttentionSize) })
        {
            if (value is < 1 or > 1 << 14)
                throw new ArgumentException(FormattableString.Invariant($"EncoderDecoderConfig: {name} must be in 1 … 16384, got {value}."), name);
        }
        if (Decoder is not ("bahdanau" or "luong"))
            throw new ArgumentException($"EncoderDecoderConfig: there is no decoder '{Decoder}'.{NearestName.Hint(Decoder, ["bahdanau", "luong"])} There are bahdanau and luong.", nameof(Decoder));
        if (Cell is not ("lstm" or "gru"))
            throw new ArgumentException($"EncoderDecoderConfig: Cell must be lstm or gru, got '{Cell}'.", nameof(Cell));
        Score score = CreateScore();
        Distribution distribution = Heed.Distribution.Parse(Distribution);
        if (Coverage && score is not AdditiveScore)
            throw new ArgumentException($"EncoderDecoderConfig: Coverage goes into the additive score, got the score '{Score}'; take additive, or leave Coverage out.", nameof(Coverage));
        if (Coverage && !distribution.SumsToOne)
            throw new ArgumentException($"EncoderDecoderConfig: Coverage adds up weights that sum to 1 at each step, those of '{Distribution}' do not; take softmax, sparsemax or entmax.", nameof(Coverage));
        if (Copy && !distribution.SumsToOne)
            throw new ArgumentException($"EncoderDecoderConfig: Copy reads the weights as probabilities, those of '{Distribution}' do not sum to 1; take softmax, sparsemax or entmax.", nameof(Copy));
        if (TieEmbeddings && EmbeddingSize != HiddenSize)
            throw new ArgumentException(FormattableString.Invariant($"EncoderDecoderConfig: TieEmbeddings needs EmbeddingSize = HiddenSize, got {EmbeddingSize} and {HiddenSize}."), nameof(TieEmbeddings));
        if (!(CoverageWeight >= 0 && double.IsFinite(CoverageWeight)))
            throw new ArgumentException(FormattableString.Invariant($"EncoderDecoderConfig: CoverageWeight must be at least 0, got {CoverageWeight}."), nameof(CoverageWeight));
        if (!(EntropyWeight >= 0 && double.IsFinite(EntropyWeight)))
            throw new ArgumentException(FormattableString.Invariant($"EncoderDecoderConfig: EntropyWeight must be at least 0, got {EntropyWeight}."), nameof(EntropyWeight));
        if (Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"EncoderDecoderConfig: Dropout must be in [0, 1), got {Dropout}."), nameof(Dropout));
    }

    // Those of tokens, encoder and decoder's cell.
    internal override double LeastWeights(int sourceCount, int targetCount)
    {
        double hidden = HiddenSize, embedding = EmbeddingSize, gates = GateCount * hidden;
        return (((double)sourceCount + targetCount) * embedding) + (2 * gates * (embedding + hidden)) + ((LayerCount - 1) * 2 * gates * 3 * hidden) + (gates * (embedding + hidden));
    }

    internal override SequenceToSequence Create(int sourceCount, int targetCount) => new EncoderDecoder(this, sourceCount, targetCount);

    // Sums that the cell needs for each of its states: i, f, g, o or r, z, n.
    internal int GateCount => Cell == "gru" ? 3 : 4;

    /// <summary>The encoder's layers, both directions.</summary>
    internal RecurrentLayer CreateEncoder() => Cell == "gru"
        ? new Gru(EmbeddingSize, HiddenSize, LayerCount, isBidirectional: true, Dropout)
        : new Lstm(EmbeddingSize, HiddenSize, LayerCount, isBidirectional: true, Dropout);

    // Whether attention draws and learns by reinforcement.
    internal bool IsReinforced => Heed.Distribution.Parse(Distribution) is HardAttention { Gradient: HardGradient.Reinforce };

    /// <summary>The score that the values name.</summary>
    internal Score CreateScore()
    {
        Score score = Heed.Score.Sized(Score, AttentionSize);
        return score is AdditiveScore additive ? additive with { HasCoverage = Coverage } : score;
    }
}
