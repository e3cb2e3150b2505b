namespace Heed;

/// <summary>The general, or bilinear score: e = kᵀW·q. Luong, Pham and Manning 2015; with a bias e = kᵀ(W·q + b), the biased general score of Brauwers and Frasincar 2021.</summary>
/// <remarks>W <c>(key size, query size)</c>, one for all heads, is applied to the queries. Cost: a projection of the queries and a dot product; fused.</remarks>
/// <param name="HasBias">Whether b is added; default false.</param>
public sealed record GeneralScore(bool HasBias = false) : Score
{
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
