using Heed.Kernels;

namespace Heed;

/// <summary>The additive score: e = vᵀ tanh(W₁k + W₂q + b). Bahdanau, Cho and Bengio 2015.</summary>
/// <remarks>
/// <para>W₁ <c>(size, key size)</c>, W₂ <c>(size, query size)</c>, b <c>(size)</c>, v <c>(heads, size)</c>. The concat score vᵀ tanh(W[k; q] + b) is the same function, with W = [W₁ W₂].</para>
/// <para>Cost: queries·keys·size tanh: some ten times a dot product; the hidden layer is never in memory. Queries and keys may have different lengths.</para>
/// <para>With coverage (See, Liu and Manning 2017, equation 11) e = vᵀ tanh(W₁k + W₂q + w_c·s + b), where s is the sum of the weights that the key got in earlier steps;
/// w_c <c>(size, 1)</c>. Queries then come step by step.</para>
/// </remarks>
/// <param name="Size">Length of the hidden layer; default 64.</param>
/// <param name="HasCoverage">Whether the score sees what was attended to before; default false.</param>
public sealed record AdditiveScore(int Size = 64, bool HasCoverage = false) : Score
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

    internal static Mechanism ConcatEntry => Entry with
    {
        Name = "concat",
        Formula = "e = vᵀ tanh(W[k; q] + b)",
        Source = "Luong, Pham and Manning, \"Effective approaches to attention-based neural machine translation\", 2015, section 3.1",
        Variant = "The additive score under its other name, with W = [W₁ W₂].",
        Example = ExampleOf("concat(8)"),
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => new Function(sizes, Size, HasCoverage);

    private sealed class Function : ScoreFunction
    {
        private readonly Linear keys, queries;
        private readonly Parameter v;
        private readonly Linear? coverage;

        public Function(ScoreSizes sizes, int size, bool hasCoverage)
        {
            keys = Register("key", new Linear(sizes.KeySize, size, hasBias: false));
            queries = Register("query", new Linear(sizes.QuerySize, size));
            v = Register("v", new Parameter(new Shape(sizes.HeadCount, size), Initializer.LecunUniform));
            coverage = hasCoverage ? Register("coverage", new Linear(1, size, hasBias: false, Initializer.Uniform(0.1))) : null;
        }

        public override bool NeedsState => coverage is not null;

        public override Tensor PrepareKeys(Tensor key, in Pass pass) => keys.Forward(key, pass);

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => Scores(query, PrepareKeys(key, pass), pass);

        public override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass) =>
            step.State?.Cumulated is { } seen && coverage is not null ? Covered(queries.Forward(query, pass), prepared, seen, pass) : Scores(query, prepared, pass);

        internal override bool TakesSpans => coverage is null;

        internal override void Energies(ReadOnlySpan<float> query, Tensor prepared, Span<float> energies)
        {
            (int batch, int keys, int size) = (prepared.Shape[0], prepared.Shape[2], prepared.Shape[3]);
            int input = queries.Weight.Shape[1], rows = query.Length / input;
            TensorBlock block = TensorPool.Rent(rows * size);
            Span<float> mapped = block.Memory.Span[..(rows * size)];
            Gemm.Multiply(new ReadOnlyMatrixSpan(query, rows, input), queries.Weight.PackedTransposed(), new MatrixSpan(mapped, rows, size), bias: queries.Bias!.Values);
            AdditiveScoreKernel.Forward(mapped, prepared.Values, v.Values, new AdditiveScoreShape(batch, 1, rows / batch, keys, size), energies);
            TensorPool.Return(block);
        }

        // Queries side by side have seen different things: one after the other.
        private Tensor Covered(Tensor query, Tensor prepared, Tensor seen, in Pass pass)
        {
            (int batch, int heads, int count, int size, int keys) = (query.Shape[0], query.Shape[1], query.Shape[2], query.Shape[3], prepared.Shape[2]);
            Tensor rows = query.Reshape(new Shape(batch * heads, count * size)), seenRows = seen.Reshape(new Shape(batch * heads, count * keys));
            Tensor[] energies = new Tensor[count];
            for (int i = 0; i < count; i++)
            {
                Tensor term = coverage!.Forward(seenRows.Columns(i * keys, keys).Reshape(new Shape(batch, heads, keys, 1)), pass);
                energies[i] = Tensor.AdditiveScores(rows.Columns(i * size, size).Reshape(new Shape(batch, heads, 1, size)), prepared + term, pass.Use(v)).Reshape(new Shape(batch * heads, keys));
            }
            return Tensor.Concatenate(energies).Reshape(new Shape(batch, heads, count, keys));
        }

        private Tensor Scores(Tensor query, Tensor prepared, in Pass pass) => Tensor.AdditiveScores(queries.Forward(query, pass), prepared, pass.Use(v));
    }
}
