namespace Heed;

/// <summary>How hard attention learns where to look.</summary>
public enum HardGradient
{
    /// <summary>By reinforcement: no gradient through the weights; the result's <see cref="HardChoice"/> goes into a <see cref="ReinforceLoss"/>.</summary>
    Reinforce,

    /// <summary>Forward the sample, backward the gradient of softmax: biased, with less variance. Bengio, Léonard and Courville 2013.</summary>
    StraightThrough,
}

/// <summary>Hard attention: one key is drawn, and its value is the context. Xu et al. 2015, "Show, attend and tell", section 4.1.</summary>
/// <remarks>
/// <para>Formula: s ~ softmax(e); α_s = 1, all others 0; c = v_s. In evaluation s is the place of the largest energy. A query that may see no key chooses none: zero weights, log-probability 0.</para>
/// <para>Learning (the paper's equation 12): gradient ≈ (R − b)·∇ln p_s + λ·∇H(p), with the reward R, a moving average b of earlier rewards, and the entropy H. <see cref="AttentionResult.Choice"/>
/// hands out ln p_s
/// and H, <see cref="ReinforceLoss"/> does the rest.</para>
/// <para>Cost: that of softmax; the context is written out as a product with one-hot rows.</para>
/// </remarks>
/// <param name="Gradient">How it learns; default by reinforcement.</param>
public sealed record HardAttention(HardGradient Gradient = HardGradient.Reinforce) : Distribution
{
    internal static Mechanism Entry => new("hard", MechanismKind.Distribution)
    {
        Builder = (Func<double[], Distribution>)(_ => new HardAttention()),
        Softness = "hard, global",
        Formula = "s ~ softmax(e), α_s = 1; gradient ≈ (R − b)·∇ ln p_s + λ·∇H(p)",
        Shapes = DistributionShapes,
        Cost = "That of softmax, and a random number a query",
        Source = "Xu et al., \"Show, attend and tell\", 2015, section 4.1",
        Variant = "Sampled in training, the largest in evaluation; the caller adds ReinforceLoss to its loss. The paper's mixing with soft weights is not built.",
        Use = "Where looking at a value is dear, or one key is the answer.",
        Avoid = "Where soft attention will do: reinforcement needs many more steps.",
        Example = ExampleOf("hard"),
        Types = [typeof(HardAttention)],
        Pages = ["hard-attention"],
    };

    internal static Mechanism StraightThroughEntry => Entry with
    {
        Name = "hard-straight-through",
        Builder = (Func<double[], Distribution>)(_ => new HardAttention(HardGradient.StraightThrough)),
        Formula = "s ~ softmax(e), α_s = 1; backward the gradient of softmax(e)",
        Source = "Bengio, Léonard and Courville, \"Estimating or propagating gradients through stochastic neurons\", 2013",
        Variant = "Sampled in training, the largest in evaluation; needs no further loss.",
        Use = "Hard attention that learns at once.",
        Avoid = "Where the bias of its gradient matters.",
        Example = ExampleOf("hard-straight-through"),
    };

    /// <inheritdoc/>
    public override DistributionFunction Create(int headCount) => Enum.IsDefined(Gradient)
        ? new Function(Gradient) : throw new ArgumentException($"HardAttention: there is no gradient {Gradient}.");

    private sealed class Function(HardGradient gradient) : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass) => Draw(energies, pass).Weights;

        internal override (Tensor Weights, HardChoice? Choice) Draw(Tensor energies, in AttentionStep step, in Pass pass) => Draw(energies, pass);

        private (Tensor Weights, HardChoice? Choice) Draw(Tensor energies, in Pass pass)
        {
            Tensor probabilities = energies.Softmax();
            int[] choices = pass.IsTraining ? probabilities.DrawRows(pass.Random.NextUInt64()) : probabilities.LargestOfRows();
            Tensor weights = probabilities.OneHot(choices);
            if (gradient == HardGradient.StraightThrough)
                return (probabilities.StraightThrough(weights), null);
            (Tensor logarithms, Tensor entropies) = energies.LogProbabilityOf(choices);
            return (weights, new HardChoice(logarithms, entropies));
        }
    }
}

/// <summary>What hard attention chose, for <see cref="ReinforceLoss"/>.</summary>
/// <param name="LogProbabilities">ln p of each choice, <c>(batch, heads, queries)</c>; 0 where nothing could be chosen. Gradients flow to the energies.</param>
/// <param name="Entropies">H of each distribution, of the same shape, with gradients.</param>
public sealed record HardChoice(Tensor LogProbabilities, Tensor Entropies);
