namespace Heed;

/// <summary>The similarity score: e = τ·qᵀk/(‖q‖·‖k‖), with one learned temperature τ. Graves, Wayne and Danihelka 2014 (β there).</summary>
/// <remarks>A vector of zeros has similarity 0 with everything. Cost: that of a dot product; fused.</remarks>
/// <param name="InitialTemperature">τ at the start; default 10.</param>
public sealed record CosineSimilarityScore(float InitialTemperature = 10) : Score
{
    internal static Mechanism Entry => new("cosine", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(n => new CosineSimilarityScore((float)n[0])),
        Parameters = [new("temperature", 10, "τ at the start", IsWhole: false)],
        Formula = "e = τ·qᵀk/(‖q‖·‖k‖)",
        Shapes = ScoreShapes,
        Cost = "That of a dot product; fused",
        Source = "Graves, Wayne and Danihelka, \"Neural Turing machines\", 2014, section 3.3.1",
        Variant = "One learned τ (β there); a vector of zeros has similarity 0 with everything.",
        Use = "Addressing by content, where the length of a vector means nothing; keys of very unequal length.",
        Avoid = "Where length carries confidence.",
        Example = ExampleOf("cosine(10)"),
        Types = [typeof(CosineSimilarityScore)],
        Pages = ["unified-attention"],
    };

    internal override bool WantsOneSize => true;

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes)
    {
        RequireOneSize(sizes);
        return new Function(InitialTemperature);
    }

    private sealed class Function : DotProductFunction
    {
        private readonly Parameter temperature;

        public Function(float start) => temperature = Register("temperature", new Parameter(Shape.Scalar, Initializer.Filled(start)));

        public override Tensor MapQuery(Tensor query, in Pass pass) => query.ScaleRows(query.InverseNorm()).ScaleRows(pass.Use(temperature));

        public override Tensor MapKey(Tensor key, in Pass pass) => key.ScaleRows(key.InverseNorm());
    }
}

/// <summary>The distance score of a radial basis: e = −γ·‖q − k‖², with one learned γ > 0.</summary>
/// <remarks>γ = e^x of a free number x. Written as a dot product of [2γ·q, −γ‖q‖², 1] and [k, 1, −γ‖k‖²]: fused. With softmax the term of q changes nothing.</remarks>
/// <param name="Gamma">γ at the start; default 1.</param>
public sealed record DistanceScore(float Gamma = 1) : Score
{
    internal static Mechanism Entry => new("distance", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(n => new DistanceScore((float)n[0])),
        Parameters = [new("gamma", 1, "γ at the start", IsWhole: false)],
        Formula = "e = −γ·‖q − k‖²",
        Shapes = ScoreShapes,
        Cost = "That of a dot product with vectors longer by 2; fused",
        Source = "Graves, Wayne and Danihelka 2014 name it among similarities; with softmax it is Nadaraya–Watson regression with a Gaussian kernel",
        Variant = "One learned γ = eˣ; squared Euclidean distance, also called radial basis score.",
        Use = "Points in a space: nearness is what counts.",
        Avoid = "High dimensions, where all distances are alike.",
        Example = ExampleOf("distance(1)"),
        Types = [typeof(DistanceScore)],
        Pages = ["unified-attention"],
    };

    internal override bool WantsOneSize => true;

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes)
    {
        RequireOneSize(sizes);
        if (!(Gamma > 0) || !float.IsFinite(Gamma))
            throw new ArgumentException(FormattableString.Invariant($"DistanceScore: Gamma must be positive, got {Gamma}."));
        return new Function(Gamma);
    }

    private sealed class Function : DotProductFunction
    {
        private readonly Parameter logGamma;

        public Function(float start) => logGamma = Register("log_gamma", new Parameter(Shape.Scalar, Initializer.Filled((float)Math.Log(start))));

        public override Tensor MapQuery(Tensor query, in Pass pass)
        {
            Tensor gamma = pass.Use(logGamma).Exp();
            return Tensor.Concatenate(query.ScaleRows(gamma).Scale(2), -Square(query).ScaleRows(gamma), Ones(query, pass));
        }

        public override Tensor MapKey(Tensor key, in Pass pass) =>
            Tensor.Concatenate(key, Ones(key, pass), -Square(key).ScaleRows(pass.Use(logGamma).Exp()));

        private static Tensor Square(Tensor x) => (x * x).MeanLast().Scale(x.Shape[^1]).Reshape(x.Shape.WithLast(1));

        private static Tensor Ones(Tensor x, in Pass pass)
        {
            float[] ones = new float[x.Length / x.Shape[^1]];
            ones.AsSpan().Fill(1);
            return pass.Input(ones, x.Shape.WithLast(1));
        }
    }
}
