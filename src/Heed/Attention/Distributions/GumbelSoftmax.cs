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
    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => Temperature > 0 && float.IsFinite(Temperature)
        ? new Function(Temperature, IsHard) : throw new ArgumentException(FormattableString.Invariant($"GumbelSoftmax: Temperature must be positive, got {Temperature}."));

    private sealed class Function(float temperature, bool isHard) : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass)
        {
            Tensor relaxed = pass.IsTraining ? energies.GumbelSoftmax(temperature, pass.Random.NextUInt64()) : energies.Scale(1 / temperature).Softmax();
            return isHard ? relaxed.StraightThrough(relaxed.OneHot(relaxed.LargestOfRows())) : relaxed;
        }
    }
}
