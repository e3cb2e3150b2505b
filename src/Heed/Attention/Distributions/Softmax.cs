namespace Heed;

/// <summary>Softmax: α_i = e^(e_i)/Σ_j e^(e_j). The default. Every key gets some weight.</summary>
/// <remarks>With a sink, α_i = e^(e_i)/(e^s + Σ_j e^(e_j)) with one learned s a head, 0 at the start: a head may attend to nothing. Miller 2023, Xiao et al. 2023. Fused where the score is.</remarks>
/// <param name="Sink">Whether there is a sink; default false.</param>
public sealed record Softmax(bool Sink = false) : Distribution
{
    internal static Mechanism Entry => new("softmax", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(_ => new Softmax()),
        Formula = "α_i = e^(e_i)/Σ_j e^(e_j)",
        Shapes = DistributionShapes,
        Cost = "One exp a pair; fused where the score is",
        Source = "Bahdanau, Cho and Bengio 2015, section 3.1",
        Variant = "The maximum is subtracted; a row of nothing but masked keys gives zeros.",
        Use = "The default: every key gets some weight.",
        Avoid = "Many keys of which few matter: what is left to the others adds up.",
        Example = ExampleOf("softmax"),
        Types = [typeof(Softmax)],
        Pages = ["unified-attention"],
    };

    internal static Mechanism SinkEntry => Entry with
    {
        Name = "softmax-sink",
        Builder = (Func<double[], Distribution>)(_ => new Softmax(Sink: true)),
        Formula = "α_i = e^(e_i)/(e^s + Σ_j e^(e_j)), s learned",
        Source = "Miller, \"Attention is off by one\", 2023 (s = 0); Xiao et al., \"Efficient streaming language models with attention sinks\", 2023",
        Variant = "One learned s a head, 0 at the start; the sink has no value.",
        Use = "Where a head should be able to look at nothing.",
        Avoid = "Where weights must sum to 1.",
        Example = ExampleOf("softmax-sink"),
    };

    /// <inheritdoc/>
    protected internal override bool SumsToOne => !Sink;

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => new Function(headCount, Sink);

    private sealed class Function : DistributionFunction
    {
        private readonly Parameter? sinks;

        public Function(int headCount, bool hasSink) => sinks = hasSink ? Register("sinks", new Parameter(new Shape(headCount), Initializer.Zeros)) : null;

        internal override FusedDistribution Fused => FusedDistribution.Softmax;

        internal override Tensor? Sinks(in Pass pass) => sinks is null ? null : pass.Use(sinks);

        public override Tensor Weights(Tensor energies, in Pass pass) => sinks is null ? energies.Softmax() : energies.SinkSoftmax(pass.Use(sinks));
    }
}

/// <summary>The sigmoid of each energy by itself: α_i = 1/(1 + e^(−e_i)). Weights do not compete and do not sum to 1.</summary>
public sealed record Sigmoid : Distribution
{
    internal static Mechanism Entry => new("sigmoid", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(_ => new Sigmoid()),
        Formula = "α_i = 1/(1 + e^(−e_i))",
        Shapes = DistributionShapes,
        Cost = "One exp a pair; not fused",
        Source = "Kim et al., \"Structured attention networks\", 2017, section 3.1, as the simplest structure",
        Variant = "Each energy by itself; weights do not sum to 1.",
        Use = "Where several items, or none, may count fully.",
        Avoid = "Where weights shall be shares; long sequences, whose sums grow.",
        Example = ExampleOf("sigmoid"),
        Types = [typeof(Sigmoid)],
        Pages = ["unified-attention"],
    };

    /// <inheritdoc/>
    protected internal override bool SumsToOne => false;

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => new Function();

    private sealed class Function : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass) => energies.Sigmoid();
    }
}

/// <summary>Softmax over the k largest energies; all others weigh exactly 0 and pass no gradient.</summary>
/// <param name="Count">k; at least 1.</param>
public sealed record TopK(int Count) : Distribution
{
    internal static Mechanism Entry => new("top-k", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(n => new TopK((int)n[0])),
        Parameters = [new("count", null, "the number of keys that keep a weight")],
        Formula = "α_i = e^(e_i)/Σ_{j ∈ top k} e^(e_j) for the k largest energies, else 0",
        Shapes = DistributionShapes,
        Cost = "A selection a row, then softmax over k; not fused",
        Source = "Zhao et al., \"Explicit sparse transformer\", 2019",
        Variant = "Others weigh exactly 0 and pass no gradient; of equal energies the earlier key is taken.",
        Use = "A fixed budget of items to look at.",
        Avoid = "Where the number of relevant items varies much.",
        Example = ExampleOf("top-k(2)"),
        Types = [typeof(TopK)],
        Pages = ["unified-attention"],
    };

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) =>
        Count >= 1 ? new Function(Count) : throw new ArgumentException(FormattableString.Invariant($"TopK: Count must be at least 1, got {Count}."));

    private sealed class Function(int count) : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass) => energies.TopKSoftmax(count);
    }
}
