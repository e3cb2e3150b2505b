namespace Heed;

/// <summary>Softmax: α_i = e^(e_i)/Σ_j e^(e_j). The default. Every key gets some weight.</summary>
/// <remarks>With a sink, α_i = e^(e_i)/(e^s + Σ_j e^(e_j)) with one learned s a head, 0 at the start: a head may attend to nothing. Miller 2023, Xiao et al. 2023. Fused where the score is.</remarks>
/// <param name="Sink">Whether there is a sink; default false.</param>
public sealed record Softmax(bool Sink = false) : Distribution
{
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => new Function(headCount, Sink);

    private sealed class Function : DistributionFunction
    {
        private readonly Parameter? sinks;

        public Function(int headCount, bool hasSink) => sinks = hasSink ? Register("sinks", new Parameter(new Shape(headCount), Initializer.Zeros)) : null;

        internal override FusedDistribution Fused => FusedDistribution.Softmax;

        internal override Tensor? Sinks(in Pass pass) => sinks is null ? null : pass.Use(sinks);

        public override Tensor Weights(Tensor energies, in Pass pass) => sinks is null ? energies.Softmax() : energies.SinkSoftmax(pass.Use(sinks));
    }
}

/// <summary>The sigmoid of each energy by itself: α_i = 1/(1 + e^(−e_i)). Weights do not compete and do not sum to 1.</summary>
public sealed record Sigmoid : Distribution
{
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => new Function();

    private sealed class Function : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass) => energies.Sigmoid();
    }
}

/// <summary>Softmax over the k largest energies; all others weigh exactly 0 and pass no gradient.</summary>
/// <param name="Count">k; at least 1.</param>
public sealed record TopK(int Count) : Distribution
{
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) =>
        Count >= 1 ? new Function(Count) : throw new ArgumentException(FormattableString.Invariant($"TopK: Count must be at least 1, got {Count}."));

    private sealed class Function(int count) : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass) => energies.TopKSoftmax(count);
    }
}
