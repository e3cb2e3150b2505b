namespace Heed;

/// <summary>The distribution function of the unified model: weights α = g(e). A configuration; <see cref="Create(int)"/> builds the module that computes.</summary>
/// <remarks>Write your own by deriving a record and a <see cref="DistributionFunction"/>; it then works with every score and mask.</remarks>
public abstract record Distribution
{
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
