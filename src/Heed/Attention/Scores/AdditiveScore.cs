namespace Heed;

/// <summary>The additive score: e = vᵀ tanh(W₁k + W₂q + b). Bahdanau, Cho and Bengio 2015.</summary>
/// <remarks>
/// <para>W₁ <c>(size, key size)</c>, W₂ <c>(size, query size)</c>, b <c>(size)</c>, v <c>(heads, size)</c>. The concat score vᵀ tanh(W[k; q] + b) is the same function, with W = [W₁ W₂].</para>
/// <para>Cost: queries·keys·size tanh: some ten times a dot product; the hidden layer is never in memory. Queries and keys may have different lengths.</para>
/// </remarks>
/// <param name="Size">Length of the hidden layer; default 64.</param>
public sealed record AdditiveScore(int Size = 64) : Score
{
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

        public override Tensor PrepareKeys(Tensor key, in Pass pass) => keys.Forward(key, pass);

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => Scores(query, PrepareKeys(key, pass), pass);

        public override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass) => Scores(query, prepared, pass);

        private Tensor Scores(Tensor query, Tensor prepared, in Pass pass) => Tensor.AdditiveScores(queries.Forward(query, pass), prepared, pass.Use(v));
    }
}
