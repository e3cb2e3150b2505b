using Heed.Kernels;

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
    internal const string ScoreShapes = "queries (batch, heads, queries, query size), keys (batch, heads, keys, key size); energies (batch, heads, queries, keys)";
    private static readonly MechanismList<Func<double[], Score>> list = new("score", ScaledDotScore.Entry, DotScore.Entry, GeneralScore.Entry, GeneralScore.BiasedEntry, ActivatedGeneralScore.Entry,
        AdditiveScore.Entry, AdditiveScore.ConcatEntry, LocationScore.Entry, LocationAwareScore.Entry, CosineSimilarityScore.Entry, DistanceScore.Entry);

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

    /// <summary>A score by its name, with a hidden layer as long as the configuration around it says, unless the name says it.</summary>
    internal static Score Sized(string name, int size) => Parse(name) switch
    {
        AdditiveScore additive when !SaysNumbers(name) => additive with { Size = size },
        LocationAwareScore aware when !SaysNumbers(name) => aware with { Size = size },
        Score other => other,
    };

    private static bool SaysNumbers(string name) => name.Contains('(', StringComparison.Ordinal);

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

    // Whether queries and keys must have one length.
    internal virtual bool WantsOneSize => false;

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
/// <remarks>A score of your own overrides <see cref="Energies(Tensor, Tensor, in Pass)"/>. Where a part depends on the keys alone, it overrides
/// <see cref="PrepareKeys"/> and <see cref="Energies(Tensor, Tensor, in AttentionStep, in Pass)"/> too,
/// so that a decoder computes that part once a sequence.</remarks>
public abstract class ScoreFunction : Module
{
    /// <summary>Whether energies depend on what earlier steps attended to: <see cref="AttentionStep.State"/> is then always there, and queries come one after the other.</summary>
    public virtual bool NeedsState => false;

    /// <summary>The energies.</summary>
    /// <param name="query">Queries <c>(batch, heads, queries, query size)</c>.</param>
    /// <param name="key">Keys <c>(batch, heads, keys, key size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, heads, queries, keys)</c>.</returns>
    public abstract Tensor Energies(Tensor query, Tensor key, in Pass pass);

    /// <summary>What depends on the keys alone; default the keys themselves.</summary>
    /// <param name="key">Keys <c>(batch, heads, keys, key size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, heads, keys, any size)</c>.</returns>
    public virtual Tensor PrepareKeys(Tensor key, in Pass pass) => key;

    /// <summary>The energies from prepared keys; default those of <see cref="Energies(Tensor, Tensor, in Pass)"/>.</summary>
    /// <param name="query">Queries <c>(batch, heads, queries, query size)</c>.</param>
    /// <param name="prepared">What <see cref="PrepareKeys"/> gave.</param>
    /// <param name="step">What else there is.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, heads, queries, keys)</c>.</returns>
    public virtual Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass) => Energies(query, prepared, pass);

    // Whether there is a form for decoding that makes no tensors: energies (batch, queries, keys) of one head from queries and prepared keys.
    internal virtual bool TakesSpans => false;

    internal virtual void Energies(ReadOnlySpan<float> query, Tensor prepared, Span<float> energies) => throw new NotSupportedException();
}

/// <summary>A score that is a dot product of mapped queries and mapped keys: e = scale·⟨map(q), map(k)⟩. Fused attention computes it without the matrix of energies.</summary>
/// <remarks>Each vector is mapped by itself, so that leading axes may stand in any order.</remarks>
public abstract class DotProductFunction : ScoreFunction
{
    /// <summary>The scale; default 1.</summary>
    public virtual float Scale => 1;

    /// <summary>Maps queries; default as they are.</summary>
    /// <param name="query">Queries <c>(…, query size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    public virtual Tensor MapQuery(Tensor query, in Pass pass) => query;

    /// <summary>Maps keys; default as they are.</summary>
    /// <param name="key">Keys <c>(…, key size)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…, size)</c>, of one size with mapped queries.</returns>
    public virtual Tensor MapKey(Tensor key, in Pass pass) => key;

    /// <inheritdoc/>
    public sealed override Tensor Energies(Tensor query, Tensor key, in Pass pass) => Energies(query, MapKey(key, pass), new AttentionStep(query, null, null), pass);

    /// <inheritdoc/>
    public sealed override Tensor PrepareKeys(Tensor key, in Pass pass) => MapKey(key, pass);

    /// <inheritdoc/>
    public sealed override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass) => Changed(Product(query, prepared, pass), step, pass);

    // Whether a struct stands between product and distribution, which asks where a pair stands: queries side by side are then written out.
    internal virtual bool ReadsPairs => false;

    // What becomes of energies that are written out.
    internal virtual Tensor Changed(Tensor energies, in AttentionStep step, in Pass pass) => energies;

    // The same, fused.
    internal virtual AttentionOutputs Attend<TMask>(Tensor q, Tensor k, Tensor v, TMask mask, AttentionInputs inputs, FusedDistribution distribution, in Pass pass)
        where TMask : unmanaged, IAttentionMask => Attend(q, k, v, default(PlainScore), mask, inputs, distribution);

    private protected static AttentionOutputs Attend<TModifier, TMask>(Tensor q, Tensor k, Tensor v, TModifier modifier, TMask mask, AttentionInputs inputs, FusedDistribution distribution)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask => distribution switch
        {
            FusedDistribution.Softmax => Tensor.Attention(q, k, v, modifier, mask, inputs),
            FusedDistribution.Sparsemax => Tensor.Attention(q, k, v, new Distributed<TModifier, SparsemaxFunction>(modifier, default), mask, inputs),
            _ => Tensor.Attention(q, k, v, new Distributed<TModifier, Entmax15Function>(modifier, default), mask, inputs),
        };

    private Tensor Product(Tensor query, Tensor mapped, in Pass pass)
    {
        Tensor energies = MapQuery(query, pass).MatMulTransposed(mapped);
        return Scale == 1 ? energies : energies.Scale(Scale);
    }
}
