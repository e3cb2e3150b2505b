using Heed.Kernels;

namespace Heed;

/// <summary>A dot product that a struct of your own changes inside fused attention, forward and backward: e′ = modifier(e).</summary>
/// <remarks>
/// <para>The struct sees the scaled score, the positions of query and key, and the parameters; it may be one of the library's (<see cref="SoftCap"/>, <see cref="Alibi"/>, <see cref="Then{TFirst, TSecond}"/> of several). Test yours with <see cref="ScoreChecker"/>.</para>
/// <para>Goes with every distribution, mask and number of heads. Where the matrix of weights is in memory anyhow (<see cref="Attention.IsFused"/>), or a decoder asks step by step, the same struct runs over it; the results are the same.</para>
/// <para>Positions count from a sequence's first real key, and the last query stands at the last key; in a decoder a query stands where its step does. Cost: that of the product, and of the struct a pair.</para>
/// <example><code>
/// AttentionConfig config = new() { QuerySize = 64, KeySize = 64, ValueSize = 64, Score = new ModifiedScore&lt;Recency&gt;(new(30f), [0.5f, 0.25f]), Heads = new MultiHead(2) };
/// </code></example>
/// </remarks>
/// <param name="Modifier">The struct.</param>
/// <param name="Parameters">The first values of what the struct reads by number and learns (the parameter <c>modifier</c>); null: it learns nothing.</param>
/// <typeparam name="TModifier">The struct.</typeparam>
public sealed record ModifiedScore<TModifier>(TModifier Modifier, IReadOnlyList<float>? Parameters = null) : Score
    where TModifier : unmanaged, IDifferentiableScoreModifier
{
    /// <summary>The dot product that is changed.</summary>
    /// <value>Default <see cref="ScaledDotScore"/>; any whose function is a <see cref="DotProductFunction"/>.</value>
    public Score Product { get; init; } = new ScaledDotScore();

    internal override bool WantsOneSize => Product.WantsOneSize;

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes)
    {
        ScoreFunction product = Product.Create(sizes);
        if (product is not DotProductFunction { ReadsPairs: false } dot)
            throw new ArgumentException($"ModifiedScore: {Product.GetType().Name} is no dot product that a struct can change inside fused attention; take ScaledDotScore, DotScore, GeneralScore, CosineSimilarityScore or DistanceScore. Several structs are joined by Then.");
        if (TModifier.NamesValues)
            throw new ArgumentException($"ModifiedScore: {typeof(TModifier).Name} adds vectors to values, and a score has none; call Tensor.Attention with a ValueTable.");
        if (typeof(TModifier).IsGenericType && typeof(TModifier).GetGenericTypeDefinition() == typeof(Distributed<,>))
            throw new ArgumentException("ModifiedScore: Distributed is a distribution; give that to AttentionConfig.Distribution, and its inner struct here.");
        return new Function(dot, Modifier, Parameters is null ? [] : [.. Parameters]);
    }

    private sealed class Function : DotProductFunction
    {
        private readonly DotProductFunction product;
        private readonly TModifier modifier;
        private readonly Parameter? parameters;

        public Function(DotProductFunction product, TModifier modifier, float[] start)
        {
            (this.product, this.modifier) = (Register("product", product), modifier);
            parameters = start.Length == 0 ? null : Register("modifier", new Parameter(new Shape(start.Length), new Given(start)));
        }

        public override float Scale => product.Scale;

        internal override bool ReadsPairs => true;

        public override Tensor MapQuery(Tensor query, in Pass pass) => product.MapQuery(query, pass);

        public override Tensor MapKey(Tensor key, in Pass pass) => product.MapKey(key, pass);

        internal override Tensor Changed(Tensor energies, in AttentionStep step, in Pass pass)
        {
            int[] positions = step.State is null ? [] : new int[energies.Shape[0]];
            for (int b = 0; b < positions.Length; b++)
                positions[b] = step.State!.PositionOf(b);
            return energies.ModifyScores(modifier, Learned(pass), step.QueryRanges, step.Ranges, positions);
        }

        internal override AttentionOutputs Attend<TMask>(Tensor q, Tensor k, Tensor v, TMask mask, AttentionInputs inputs, FusedDistribution distribution, in Pass pass) =>
            Attend(q, k, v, modifier, mask, inputs with { Parameters = Learned(pass) }, distribution);

        private Tensor? Learned(in Pass pass) => parameters is null ? null : pass.Use(parameters);
    }

    private sealed class Given(float[] start) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random) => start.CopyTo(values);
    }
}

/// <summary>The entry of scores under a struct.</summary>
internal static class ModifiedScore
{
    public static Mechanism Entry => new("modified", MechanismKind.Score)
    {
        Formula = "e′ = m(e, query, key, parameters), e a dot product, m a struct of your own",
        Shapes = Score.ScoreShapes,
        Cost = "That of the dot product, and of the struct a pair; fused",
        Source = "Dong et al., \"Flex attention\", 2024, name such functions score modifications",
        Variant = "A struct with a forward and a backward method, compiled into the kernel; what it learns is a parameter. In C# alone: ModifiedScore has no name for configurations.",
        Use = "A bias, a cap, a decay over distance that no other score has.",
        Avoid = "Functions of the vectors themselves: derive a ScoreFunction, or a DotProductFunction that maps queries and keys.",
        Example = new(() =>
        {
            Attention attention = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Score = new ModifiedScore<Heed.Kernels.SoftCap>(new(0.5f)) });
            attention.Initialize(seed: 1);
            Tensor x = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2));
            return Step.Evaluate(pass => attention.Forward(query: x, keys: x, values: x, ranges: null, pass).Weights!, Capture.Weights);
        }),
        Types = [typeof(ModifiedScore<>)],
        Pages = ["unified-attention", "fused-attention"],
    };
}
