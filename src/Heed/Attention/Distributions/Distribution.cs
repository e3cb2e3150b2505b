namespace Heed;

/// <summary>The distribution function of the unified model: weights α = g(e). A configuration; <see cref="Create(int)"/> builds the module that computes.</summary>
/// <remarks>Write your own by deriving a record and a <see cref="DistributionFunction"/>; it then works with every score and mask.</remarks>
public abstract record Distribution
{
    private protected const string DistributionShapes = "energies (batch, heads, queries, keys); weights the same";
    private static readonly MechanismList<Func<double[], Distribution>> list = new("distribution", Softmax.Entry, Softmax.SinkEntry, Sigmoid.Entry, Sparsemax.Entry, Entmax.Entry, Entmax.LearnedEntry, TopK.Entry,
        GumbelSoftmax.Entry, GumbelSoftmax.HardEntry, HardAttention.Entry, HardAttention.StraightThroughEntry, LocalAttention.StepEntry, LocalAttention.Entry, MonotonicAttention.Entry);

    /// <summary>The distributions that have a name.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms => list.All;

    /// <summary>A distribution by its name, with numbers in parentheses where it has some: <c>softmax</c>, <c>entmax(1.2)</c>.</summary>
    /// <param name="name">As <see cref="Mechanisms"/> has it.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the numbers are wrong; the message says what there is, and what is nearest.</exception>
    public static Distribution Parse(string name)
    {
        (Func<double[], Distribution> build, double[] numbers) = list.Find("Distribution.Parse", name);
        return build(numbers);
    }

    /// <summary>A distribution by its name, so that a configuration may simply give that.</summary>
    /// <param name="name">As <see cref="Parse"/> takes it.</param>
    public static implicit operator Distribution(string name) => Parse(name);

    private protected static MechanismExample ExampleOf(string distribution) => new(distribution, name =>
    {
        DistributionFunction weigh = Distribution.Parse(name).Create(headCount: 1);
        weigh.Initialize(seed: 1);
        Tensor energies = Tensor.From([2, 1, 0.1f, -1], new Shape(1, 1, 1, 4));
        return Step.Evaluate(pass => weigh.Weights(energies, pass));
    });

    /// <summary>Whether the weights of a row that has a real key sum to 1, so that they can be read as probabilities of places; default true.</summary>
    protected internal virtual bool SumsToOne => true;

    /// <summary>Builds the module.</summary>
    /// <param name="headCount">Heads.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public abstract DistributionFunction Create(int headCount);

    /// <summary>Builds the module of a distribution that reads the queries; default <see cref="Create(int)"/>.</summary>
    /// <param name="sizes">What for.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public virtual DistributionFunction Create(ScoreSizes sizes) => Create(sizes.HeadCount);
}

/// <summary>The module of a distribution.</summary>
public abstract class DistributionFunction : Module
{
    /// <summary>From energies to weights. An energy of −∞ is masked: its weight is exactly 0, and a row of nothing else gives zeros.</summary>
    /// <param name="energies">Shape <c>(batch, heads, queries, keys)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>The same shape.</returns>
    public abstract Tensor Weights(Tensor energies, in Pass pass);

    /// <summary>Whether weights depend on what earlier steps attended to: <see cref="AttentionStep.State"/> is then always there, and queries come one after the other.</summary>
    public virtual bool NeedsState => false;

    /// <summary>As <see cref="Weights(Tensor, in Pass)"/>, for distributions that read the queries or earlier weights (local, monotonic); default the same.</summary>
    /// <param name="energies">Shape <c>(batch, heads, queries, keys)</c>.</param>
    /// <param name="step">What else there is.</param>
    /// <param name="pass">The call.</param>
    /// <returns>The same shape.</returns>
    public virtual Tensor Weights(Tensor energies, in AttentionStep step, in Pass pass) => Weights(energies, pass);

    // Weights, and for hard attention what was chosen.
    internal virtual (Tensor Weights, HardChoice? Choice) Draw(Tensor energies, in AttentionStep step, in Pass pass) => (Weights(energies, step, pass), null);

    // Whether fused attention knows this distribution, and by which name.
    internal virtual FusedDistribution Fused => FusedDistribution.None;

    internal virtual Tensor? Sinks(in Pass pass) => null;
}

/// <summary>The distributions that fused attention knows.</summary>
internal enum FusedDistribution
{
    None,
    Softmax,
    Sparsemax,
    Entmax15,
}
