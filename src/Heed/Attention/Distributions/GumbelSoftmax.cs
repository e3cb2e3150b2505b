namespace Heed;

/// <summary>Gumbel-softmax: in training a relaxed sample of one key, with a gradient; in evaluation no noise. Jang, Gu and Poole 2017, section 2.</summary>
/// <remarks>
/// <para>Formula: α = softmax((e + G)/τ), G_i = −ln(−ln u_i), u uniform. The place of the largest is a sample of softmax(e); towards τ = 0 α becomes that sample.</para>
/// <para>Hard: forward the one-hot sample, backward the gradient of α (straight-through Gumbel-softmax, section 2.2 there). In evaluation G = 0: softmax(e/τ), or its largest.</para>
/// <para>Variant: one τ that stays; the paper lowers it while it trains: build the next module with a lower one. Cost: that of softmax and one random number an energy.</para>
/// </remarks>
/// <param name="Temperature">τ; above 0; default 1.</param>
/// <param name="IsHard">Whether one key is taken whole; default false.</param>
public sealed record GumbelSoftmax(float Temperature = 1, bool IsHard = false) : Distribution
{
    internal static Mechanism Entry => new("gumbel", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(n => new GumbelSoftmax((float)n[0])),
        Parameters = [new("temperature", 1, "τ, above 0: towards 0 the sample becomes one-hot", IsWhole: false)],
        Formula = "α = softmax((e + G)/τ), G_i = −ln(−ln u_i) in training, 0 in evaluation",
        Shapes = DistributionShapes,
        Cost = "That of softmax, and a random number an energy",
        Source = "Jang, Gu and Poole, \"Categorical reparameterization with Gumbel-softmax\", 2017",
        Variant = "τ stays as given; the paper lowers it while it trains.",
        Use = "A choice that should be learned by gradients.",
        Avoid = "Where the mixture itself is wanted: noise costs training steps.",
        Example = ExampleOf("gumbel(0.5)"),
        Types = [typeof(GumbelSoftmax)],
        Pages = ["hard-attention"],
    };

    internal static Mechanism HardEntry => Entry with
    {
        Name = "gumbel-hard",
        Softness = "hard, global",
        Builder = (Func<double[], Distribution>)(n => new GumbelSoftmax((float)n[0], IsHard: true)),
        Formula = "α one-hot at the largest of softmax((e + G)/τ); backward the gradient of that softmax",
        Variant = "Straight through; in evaluation the largest energy.",
        Use = "One key is to be taken whole, and learned by gradients.",
        Avoid = "Small τ: gradients grow as 1/τ. The gradient is biased.",
        Example = ExampleOf("gumbel-hard(0.5)"),
    };

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => this.Temperature > 0 && float.IsFinite(this.Temperature)
        ? new Function(this.Temperature, IsHard) : throw new ArgumentException(FormattableString.Invariant($"GumbelSoftmax: Temperature must be positive, got {this.Temperature}."));

    private sealed class Function(float temperature, bool isHard) : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass)
        {
            Tensor relaxed = pass.IsTraining ? energies.GumbelSoftmax(temperature, pass.Random.NextUInt64()) : energies.Scale(1 / temperature).Softmax();
            return isHard ? relaxed.StraightThrough(relaxed.OneHot(relaxed.LargestOfRows())) : relaxed;
        }
    }
}
