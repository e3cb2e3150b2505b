using Heed.Kernels;

namespace Heed;

/// <summary>Sparsemax: the projection of the energies onto the simplex; most weights are exactly 0. Martins and Astudillo 2016.</summary>
/// <remarks>Formula: α_i = max(e_i − τ, 0), with τ so that Σ α_i = 1. Fused where the score is.</remarks>
public sealed record Sparsemax : Distribution
{
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => new Function();

    private sealed class Function : DistributionFunction
    {
        internal override FusedDistribution Fused => FusedDistribution.Sparsemax;

        public override Tensor Weights(Tensor energies, in Pass pass) => energies.Sparsemax();
    }
}

/// <summary>Entmax: between softmax (α → 1) and sparsemax (α = 2), with exact zeros. Peters, Niculae and Martins 2019; learned α: Correia, Niculae and Martins 2019.</summary>
/// <remarks>Formula: p_i = max((α − 1)·(e_i − τ), 0)^(1/(α − 1)), with τ so that Σ p_i = 1. Fused for α = 1.5 that is not learned, where the score is.</remarks>
/// <param name="Alpha">α, or where it starts if it is learned; above 1, up to 2; default 1.5.</param>
/// <param name="IsLearned">Whether each head learns its α, as a sigmoid of a free number between <see cref="EntmaxFunction.LeastAlpha"/> and 2; default false.</param>
public sealed record Entmax(float Alpha = 1.5f, bool IsLearned = false) : Distribution
{
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount)
    {
        if (Alpha is not (>= EntmaxFunction.LeastAlpha and <= 2) || (IsLearned && Alpha == 2))
            throw new ArgumentException(FormattableString.Invariant($"Entmax: Alpha must be from {EntmaxFunction.LeastAlpha} to 2, and below 2 if it is learned; got {Alpha}."));
        return IsLearned ? new Learned(headCount, Alpha) : new Fixed(Alpha);
    }

    private sealed class Fixed(float alpha) : DistributionFunction
    {
        internal override FusedDistribution Fused => alpha == 1.5f ? FusedDistribution.Entmax15 : FusedDistribution.None;

        public override Tensor Weights(Tensor energies, in Pass pass) => energies.Entmax(alpha);
    }

    private sealed class Learned : DistributionFunction
    {
        private const float Least = EntmaxFunction.LeastAlpha;
        private readonly Parameter logits;

        public Learned(int headCount, float start)
        {
            double share = (start - Least) / (2 - Least);
            logits = Register("alpha", new Parameter(new Shape(headCount), Initializer.Filled((float)Math.Log(Math.Max(share, 1e-6) / (1 - share)))));
        }

        public override Tensor Weights(Tensor energies, in Pass pass) => energies.Entmax(pass.Use(logits).Sigmoid().Scale(2 - Least, Least));
    }
}
