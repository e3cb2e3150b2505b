namespace Heed;

/// <summary>The additive score: e = vᵀ tanh(W₁k + W₂q + b). Bahdanau, Cho and Bengio 2015.</summary>
/// <remarks>
/// <para>W₁ <c>(size, key size)</c>, W₂ <c>(size, query size)</c>, b <c>(size)</c>, v <c>(heads, size)</c>. The concat score vᵀ tanh(W[k; q] + b) is the same function, with W = [W₁ W₂].</para>
/// <para>Cost: queries·keys·size tanh: some ten times a dot product; the hidden layer is never in memory. Queries and keys may have different lengths.</para>
/// </remarks>
/// <param name="Size">Length of the hidden layer; default 64.</param>
public sealed record AdditiveScore(int Size = 64) : Score
{
    internal static Mechanism Entry => new("additive", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(n => new AdditiveScore((int)n[0])),
        Parameters = [new("size", 64, "the length of the hidden layer")],
        Formula = "e = vᵀ tanh(W₁k + W₂q + b)",
        Shapes = ScoreShapes,
        Cost = "queries·keys·size tanh, some ten times a dot product; the hidden layer is never in memory",
        Source = "Bahdanau, Cho and Bengio, \"Neural machine translation by jointly learning to align and translate\", 2015, appendix A.1.2",
        Variant = "Also called concat: vᵀ tanh(W[k; q] + b) is the same function with W = [W₁ W₂]. v for each head.",
        Use = "Recurrent encoder–decoders; queries and keys of different lengths; where a comparison is not a product.",
        Avoid = "Long sequences on both sides: the tanh of every pair is what costs.",
        Example = ExampleOf("additive(8)"),
        Types = [typeof(AdditiveScore)],
        Pages = ["unified-attention"],
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => new Function(sizes, Size);

    private sealed class Function : ScoreFunction
    {
        private readonly Linear keys, queries;
        private readonly Parameter v;

        public Function(ScoreSizes sizes, int size)
        {
            keys = Register("key", new Linear(sizes.KeySize, size, hasBias: false));
            queries = Register("query", new Linear(sizes.QuerySize, size));
            v = Register("v", new Parameter(new Shape(sizes.HeadCount, size), Initializer.LecunUniform));
        }

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => Tensor.AdditiveScores(queries.Forward(query, pass), keys.Forward(key, pass), pass.Use(v));
    }
}
