namespace Heed;

/// <summary>What a score is built for.</summary>
/// <param name="HeadCount">Heads.</param>
/// <param name="QuerySize">Length of a head's query.</param>
/// <param name="KeySize">Length of a head's key.</param>
public readonly record struct ScoreSizes(int HeadCount, int QuerySize, int KeySize);

/// <summary>The score function of the unified model: energies e = f(q, K). A configuration; <see cref="Create"/> builds the module that computes.</summary>
/// <remarks>Write your own by deriving a record and a <see cref="ScoreFunction"/>; it then works with every distribution and mask.</remarks>
public abstract record Score
{
    private protected const string ScoreShapes = "queries (batch, heads, queries, query size), keys (batch, heads, keys, key size); energies (batch, heads, queries, keys)";
    private static readonly MechanismList<Func<double[], Score>> list = new("score", ScaledDotScore.Entry, DotScore.Entry, GeneralScore.Entry, GeneralScore.BiasedEntry, ActivatedGeneralScore.Entry,
        AdditiveScore.Entry, LocationScore.Entry, CosineSimilarityScore.Entry, DistanceScore.Entry);

    /// <summary>The scores that have a name.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms => list.All;

    /// <summary>A score by its name, with numbers in parentheses where it has some: <c>additive</c>, <c>additive(128)</c>.</summary>
    /// <param name="name">As <see cref="Mechanisms"/> has it.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the numbers are wrong; the message says what there is, and what is nearest.</exception>
    public static Score Parse(string name)
    {
        (Func<double[], Score> build, double[] numbers) = list.Find("Score.Parse", name);
        return build(numbers);
    }

    /// <summary>A score by its name, so that a configuration may simply give that.</summary>
    /// <param name="name">As <see cref="Parse"/> takes it.</param>
    public static implicit operator Score(string name) => Parse(name);

    private protected static MechanismExample ExampleOf(string score) => new(score, name =>
    {
        Attention attention = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Score = name });
        attention.Initialize(seed: 1);
        Tensor x = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2));
        return Step.Evaluate(pass => attention.Forward(query: x, keys: x, values: x, ranges: null, pass).Weights!, Capture.Weights);
    });

    /// <summary>Builds the module.</summary>
    /// <param name="sizes">What for.</param>
    /// <exception cref="ArgumentException">The sizes do not suit the score.</exception>
    public abstract ScoreFunction Create(ScoreSizes sizes);

    /// <summary>Refuses queries and keys of different lengths.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <exception cref="ArgumentException">They differ.</exception>
    protected void RequireOneSize(ScoreSizes sizes)
    {
        if (sizes.QuerySize != sizes.KeySize)
            throw new ArgumentException(FormattableString.Invariant($"{GetType().Name}: queries and keys must have one length, got {sizes.QuerySize} and {sizes.KeySize}; take GeneralScore or AdditiveScore, or MultiHead, which projects both."));
    }
}

/// <summary>The module of a score: energies of all pairs.</summary>
public abstract class ScoreFunction : Module
{
    /// <summary>The energies.</summary>
    /// <param name="query">Queries <c>(batch, heads, queries, query size)</c>.</param>
    /// <param name="key">Keys <c>(batch, heads, keys, key size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, heads, queries, keys)</c>.</returns>
    public abstract Tensor Energies(Tensor query, Tensor key, in Pass pass);
}

/// <summary>A score that is a dot product of mapped queries and mapped keys: e = scale·⟨map(q), map(k)⟩. Fused attention computes it without the matrix of energies.</summary>
public abstract class DotProductFunction : ScoreFunction
{
    /// <summary>Maps queries and keys; each vector by itself, so that leading axes may stand in any order.</summary>
    /// <param name="query">Queries <c>(…, query size)</c>.</param>
    /// <param name="key">Keys <c>(…, key size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Mapped queries and keys of one length, and the scale.</returns>
    public abstract (Tensor Query, Tensor Key, float Scale) Map(Tensor query, Tensor key, in Pass pass);

    /// <inheritdoc/>
    public sealed override Tensor Energies(Tensor query, Tensor key, in Pass pass)
    {
        (Tensor q, Tensor k, float scale) = Map(query, key, pass);
        return q.MatMulTransposed(k).Scale(scale);
    }
}
