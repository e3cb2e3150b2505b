namespace Heed;

/// <summary>The general, or bilinear score: e = kᵀW·q. Luong, Pham and Manning 2015; with a bias e = kᵀ(W·q + b), the biased general score of Brauwers and Frasincar 2021.</summary>
/// <remarks>W <c>(key size, query size)</c>, one for all heads, is applied to the queries. Cost: a projection of the queries and a dot product; fused.</remarks>
/// <param name="HasBias">Whether b is added; default false.</param>
public sealed record GeneralScore(bool HasBias = false) : Score
{
    internal static Mechanism Entry => new("general", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(_ => new GeneralScore()),
        Formula = "e = kᵀW·q",
        Shapes = ScoreShapes,
        Cost = "A projection of the queries and a dot product; fused",
        Source = "Luong, Pham and Manning 2015, section 3.1",
        Variant = "One W for all heads, applied to the queries.",
        Use = "Queries and keys of different lengths, or from different spaces (decoder and encoder), at the price of a product.",
        Avoid = "Self-attention with several heads, which projects already.",
        Example = ExampleOf("general"),
        Types = [typeof(GeneralScore)],
        Pages = ["unified-attention"],
    };

    internal static Mechanism BiasedEntry => Entry with
    {
        Name = "biased-general",
        Builder = (Func<double[], Score>)(_ => new GeneralScore(HasBias: true)),
        Formula = "e = kᵀ(W·q + b)",
        Source = "Brauwers and Frasincar, \"A general survey on attention mechanisms in deep learning\", 2021",
        Variant = "b is added to the projected query, so some keys get more whatever the query is.",
        Use = "As general, where some keys are worth more for every query.",
        Example = ExampleOf("biased-general"),
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => new Function(sizes, HasBias);

    private sealed class Function : DotProductFunction
    {
        private readonly Linear weight;

        public Function(ScoreSizes sizes, bool hasBias) => weight = Register("general", new Linear(sizes.QuerySize, sizes.KeySize, hasBias));

        public override Tensor MapQuery(Tensor query, in Pass pass) => weight.Forward(query, pass);
    }
}

/// <summary>The activated general score: e = tanh(kᵀW·q + b) with one b. Ma et al. 2017.</summary>
/// <remarks>Energies lie in (−1, 1), so no weight exceeds another by more than e². Cost: that of <see cref="GeneralScore"/>, written out.</remarks>
public sealed record ActivatedGeneralScore : Score
{
    internal static Mechanism Entry => new("activated-general", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(_ => new ActivatedGeneralScore()),
        Formula = "e = tanh(kᵀW·q + b)",
        Shapes = ScoreShapes,
        Cost = "That of general, with energies in memory: queries·keys; not fused",
        Source = "Ma et al., \"Interactive attention networks for aspect-level sentiment classification\", 2017",
        Variant = "One b, a number. Brauwers and Frasincar 2021 allow any activation.",
        Use = "Where no item may dominate: energies lie in (−1, 1), so no weight exceeds another by more than e².",
        Avoid = "Where one item should take nearly all of the weight.",
        Example = ExampleOf("activated-general"),
        Types = [typeof(ActivatedGeneralScore)],
        Pages = ["unified-attention"],
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => new Function(sizes);

    private sealed class Function : ScoreFunction
    {
        private readonly Linear weight;
        private readonly Parameter bias;

        public Function(ScoreSizes sizes)
        {
            weight = Register("general", new Linear(sizes.QuerySize, sizes.KeySize, hasBias: false));
            bias = Register("bias", new Parameter(Shape.Scalar, Initializer.Zeros));
        }

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => (weight.Forward(query, pass).MatMulTransposed(key) + pass.Use(bias)).Tanh();
    }
}
