namespace Heed;

/// <summary>The location-aware score: additive, and it sees where the step before looked. Chorowski et al. 2015, "Attention-based models for speech recognition", section 2.1.</summary>
/// <remarks>
/// <para>Formula: f = F * α of the step before (a 1-D convolution, one row of features a key), e_j = vᵀ tanh(W₁k_j + W₂q + U f_j + b). Before the first step f = 0.</para>
/// <para>Shapes: F <c>(filters, 1, 1, width)</c>, the same for all heads; U <c>(size, filters)</c>; W₁, W₂, v, b as in <see cref="AdditiveScore"/>. Padding has weight 0, so it gives no
/// features.</para>
/// <para>Looks back, so queries come one after the other. Cost: that of <see cref="AdditiveScore"/>, and 2·queries·keys·filters·(width + size) flops.</para>
/// </remarks>
/// <param name="Size">Length of the hidden layer; default 64.</param>
/// <param name="Filters">k: features of a place; default 10, as in the paper.</param>
/// <param name="Width">r: keys that a filter sees, odd; default 21 (the paper has 201 for frames of speech).</param>
public sealed record LocationAwareScore(int Size = 64, int Filters = 10, int Width = 21) : Score
{
    internal static Mechanism Entry => new("location-aware", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(n => new LocationAwareScore((int)n[0], (int)n[1], (int)n[2])),
        Parameters = [new("size", 64, "the length of the hidden layer"), new("filters", 10, "features of a place"), new("width", 21, "keys that a filter sees, odd")],
        Formula = "f = F * α of the step before; e_j = vᵀ tanh(W₁k_j + W₂q + U f_j + b)",
        Shapes = ScoreShapes,
        Cost = "That of additive, and 2·queries·keys·filters·(width + size) operations; queries come one after the other",
        Source = "Chorowski et al., \"Attention-based models for speech recognition\", 2015, section 2.1",
        Variant = "One convolution over the weights of the step before, the same for all heads.",
        Use = "A decoder over long inputs with parts that resemble each other.",
        Avoid = "Without a decoder: nothing looks back.",
        Example = ExampleOf("location-aware(8, 2, 3)"),
        Types = [typeof(LocationAwareScore)],
        Pages = ["local-attention"],
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => Size >= 1 && Filters >= 1 && Width >= 1 && Width % 2 == 1
        ? new Function(sizes, this)
        : throw new ArgumentException(FormattableString.Invariant($"LocationAwareScore: Size and Filters must be at least 1 and Width odd, got {Size}, {Filters} and {Width}."));

    private sealed class Function : ScoreFunction
    {
        private readonly Linear keys, queries, features;
        private readonly Convolution filters;
        private readonly Parameter v;

        public Function(ScoreSizes sizes, LocationAwareScore config)
        {
            keys = Register("key", new Linear(sizes.KeySize, config.Size, hasBias: false));
            queries = Register("query", new Linear(sizes.QuerySize, config.Size));
            filters = Register("filters", new Convolution(1, config.Filters, (1, config.Width), padding: (0, config.Width / 2), hasBias: false));
            features = Register("features", new Linear(config.Filters, config.Size, hasBias: false));
            v = Register("v", new Parameter(new Shape(sizes.HeadCount, config.Size), Initializer.LecunUniform));
        }

        public override bool NeedsState => true;

        public override Tensor PrepareKeys(Tensor key, in Pass pass) => keys.Forward(key, pass);

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => Tensor.AdditiveScores(queries.Forward(query, pass), PrepareKeys(key, pass), pass.Use(v));

        public override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass)
        {
            Tensor q = queries.Forward(query, pass);
            if (step.State?.Previous is not { } previous)
                return Tensor.AdditiveScores(q, prepared, pass.Use(v));
            (int batch, int heads, int rows, int count, int size) = (q.Shape[0], q.Shape[1], q.Shape[2], prepared.Shape[2], prepared.Shape[3]);
            Tensor seen = features.Forward(filters.Forward(previous.Reshape(new Shape(batch * heads * rows, 1, count, 1)), pass), pass);
            // Decoders that stand side by side have looked at different places: each adds its own features to the keys.
            Tensor[] energies = new Tensor[rows];
            for (int i = 0; i < rows; i++)
            {
                Tensor own = seen.Reshape(new Shape(batch * heads, rows * count * size)).Columns(i * count * size, count * size).Reshape(prepared.Shape);
                Tensor one = q.Reshape(new Shape(batch * heads, rows * size)).Columns(i * size, size).Reshape(new Shape(batch, heads, 1, size));
                energies[i] = Tensor.AdditiveScores(one, prepared + own, pass.Use(v)).Reshape(new Shape(batch * heads, count));
            }
            return Tensor.Concatenate(energies).Reshape(new Shape(batch, heads, rows, count));
        }
    }
}
