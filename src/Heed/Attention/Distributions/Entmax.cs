using Heed.Kernels;

namespace Heed;

/// <summary>Sparsemax: the projection of the energies onto the simplex; most weights are exactly 0. Martins and Astudillo 2016.</summary>
/// <remarks>Formula: α_i = max(e_i − τ, 0), with τ so that Σ α_i = 1. Fused where the score is.</remarks>
public sealed record Sparsemax : Distribution
{
    internal static Mechanism Entry => new("sparsemax", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(_ => new Sparsemax()),
        Formula = "α_i = max(e_i − τ, 0), τ so that Σ α_i = 1",
        Shapes = DistributionShapes,
        Cost = "Three passes over a row, and about 5 over the few scores near the largest; fused where the score is",
        Source = "Martins and Astudillo, \"From softmax to sparsemax\", 2016",
        Variant = "τ by Newton's method, exact.",
        Use = "Few keys matter and the rest should weigh exactly 0.",
        Avoid = "Early training of deep models: what weighs 0 gets no gradient.",
        Example = ExampleOf("sparsemax"),
        Types = [typeof(Sparsemax)],
        Pages = ["unified-attention"],
    };

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
    internal static Mechanism Entry => new("entmax", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(n => new Entmax((float)n[0])),
        Parameters = [new("alpha", 1.5, "α, above 1 up to 2", IsWhole: false)],
        Formula = "α_i = max((α − 1)·(e_i − τ), 0)^(1/(α − 1)), τ so that Σ α_i = 1",
        Shapes = DistributionShapes,
        Cost = "Three passes over a row, and about 5 over the few scores near the largest; fused for α = 1.5 where the score is",
        Source = "Peters, Niculae and Martins, \"Sparse sequence-to-sequence models\", 2019",
        Variant = "α = 1.5 in closed steps, others with powers. α → 1 is softmax, α = 2 sparsemax.",
        Use = "Between softmax and sparsemax: exact zeros, and a softer transition.",
        Avoid = "Where speed counts and weights near 0 do as well.",
        Example = ExampleOf("entmax(1.5)"),
        Types = [typeof(Entmax)],
        Pages = ["unified-attention"],
    };

    internal static Mechanism LearnedEntry => Entry with
    {
        Name = "entmax-learned",
        Parameters = [new("alpha", 1.5, "α at the start, above 1 and below 2", IsWhole: false)],
        Builder = (Func<double[], Distribution>)(n => new Entmax((float)n[0], IsLearned: true)),
        Cost = "That of entmax with powers, and the gradient for α; not fused",
        Source = "Correia, Niculae and Martins, \"Adaptively sparse transformers\", 2019",
        Variant = "α of each head is a sigmoid of a free number, between 1.01 and 2.",
        Use = "Where heads should choose how sharply they look.",
        Example = ExampleOf("entmax-learned(1.5)"),
    };

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
