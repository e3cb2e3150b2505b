namespace Heed;

/// <summary>The loss whose gradient is that of reinforcement (REINFORCE): choices that brought more than expected become more likely. For hard attention, for glimpses, for anything that
/// draws.</summary>
/// <remarks>
/// <para>Formula: L = (1/batch)·Σ_i [ −Σ_k (R_ik − b)·ln π_ik − λ·Σ_k H_ik ] with the reward R of a sample (or of each choice, as the sum of what came after it), the logarithm of the probability
/// of each of its
/// choices k, and the entropies H. The baseline b lowers the variance and changes no expectation: it is a moving average of earlier rewards, b ← m·b + (1 − m)·mean R, corrected for its start at 0;
/// or, if predicted baselines are given, b_ik = the prediction, trained by
/// w·Σ_k (R_ik − b_ik)²/batch.</para>
/// <para>No gradient flows through rewards, nor from the first term into baselines. The average is a buffer (saved, not trained), which only a training pass moves.</para>
/// <para>Sources: Williams 1992; moving average and entropy: Xu et al. 2015, section 4.1; predicted baselines: Mnih et al. 2014, section 3.2.</para>
/// </remarks>
public sealed class ReinforceLoss : Module
{
    private readonly double entropyWeight, momentum, baselineWeight;
    private readonly StateBuffer average;

    internal static Mechanism Entry => new("reinforce", MechanismKind.Softness)
    {
        Softness = "hard, global",
        InputForm = "any",
        Formula = "L = (1/batch)·Σ_i [−Σ_k (R_ik − b)·ln π_ik − λ·Σ_k H_ik], b ← m·b + (1 − m)·mean R",
        Shapes = "ln π and entropies H (batch, …), rewards one a sample or one a choice; a scalar",
        Cost = "A few operations a choice; what it saves or costs is the number of draws",
        Source = "Williams, \"Simple statistical gradient-following algorithms\", 1992; moving average and entropy: Xu et al., \"Show, attend and tell\", 2015, section 4.1; predicted baselines: Mnih et al. 2014, section 3.2",
        Variant = "Moving average of rewards as baseline, corrected for its start, or predictions trained beside. A translator with the distribution hard takes the logarithm of a token's own probability as reward, where Xu et al. take that of the whole target.",
        Use = "Anything that draws: hard attention, glimpses. The draws' distribution learns by it, all else by the ordinary loss.",
        Avoid = "Where soft attention is cheap enough, or hard-straight-through or gumbel-hard will do: they need fewer steps and no further loss.",
        Example = new(() =>
        {
            Tensor drawn = Tensor.From([-0.5f, -1, -2, -0.25f], new Shape(2, 2)), entropies = Tensor.From([0.7f, 0.6f, 0.4f, 0.5f], new Shape(2, 2));
            float[] rewards = [1, 0];
            ReinforceLoss reinforce = new(entropyWeight: 0.01);
            return Step.Evaluate(pass => reinforce.Forward(drawn, rewards, pass, entropies));
        }),
        Types = [typeof(ReinforceLoss)],
        Pages = ["hard-attention", "glimpses"],
    };

    /// <summary>Creates the loss.</summary>
    /// <param name="entropyWeight">λ; at least 0; default 0.01.</param>
    /// <param name="momentum">m, in [0, 1); default 0.9.</param>
    /// <param name="baselineWeight">w; at least 0; default 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside.</exception>
    public ReinforceLoss(double entropyWeight = 0.01, double momentum = 0.9, double baselineWeight = 1)
    {
        if (!(entropyWeight >= 0) || !double.IsFinite(entropyWeight))
            throw new ArgumentOutOfRangeException(nameof(entropyWeight), entropyWeight, "ReinforceLoss: the entropy's weight must be at least 0.");
        if (!(momentum is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "ReinforceLoss: the momentum must be in [0, 1).");
        if (!(baselineWeight >= 0) || !double.IsFinite(baselineWeight))
            throw new ArgumentOutOfRangeException(nameof(baselineWeight), baselineWeight, "ReinforceLoss: the baseline's weight must be at least 0.");
        (this.entropyWeight, this.momentum, this.baselineWeight) = (entropyWeight, momentum, baselineWeight);
        average = Register("baseline", new StateBuffer(new Shape(2)));
    }

    /// <summary>The moving average of rewards; 0 before the first.</summary>
    public float Baseline => average.Values.Span[1] > 0 ? average.Values.Span[0] / average.Values.Span[1] : 0;

    /// <summary>Computes the loss, and moves the average.</summary>
    /// <param name="logProbabilities">ln π: <c>(batch, …)</c>, any number of choices a sample; 0 where there was none.</param>
    /// <param name="rewards">R: one a sample, or one a choice in the order of ln π.</param>
    /// <param name="pass">The call.</param>
    /// <param name="entropies">H: <c>(batch, …)</c>; null for none.</param>
    /// <param name="baselines">Predicted b, of the shape of ln π; null for the moving average.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">A reward is not finite.</exception>
    public Tensor Forward(Tensor logProbabilities, ReadOnlyMemory<float> rewards, in Pass pass, Tensor? entropies = null, Tensor? baselines = null)
    {
        ArgumentNullException.ThrowIfNull(logProbabilities);
        int batch = logProbabilities.Shape.Rank < 1 ? 0 : logProbabilities.Shape[0], choices = logProbabilities.Length;
        if (rewards.Length == 0 || (rewards.Length != batch && rewards.Length != choices))
            throw ShapeException.For("ReinforceLoss", nameof(logProbabilities),
                FormattableString.Invariant($"(batch, …) with as many samples, or choices, as there are rewards ({rewards.Length}, at least 1),"), logProbabilities.Shape);
        if (entropies is not null && (entropies.Shape.Rank < 1 || entropies.Shape[0] != batch))
            throw ShapeException.For("ReinforceLoss", nameof(entropies), FormattableString.Invariant($"(batch, …) with batch = {batch}"), entropies.Shape);
        if (baselines is not null && baselines.Shape != logProbabilities.Shape)
            throw ShapeException.For("ReinforceLoss", nameof(baselines), $"the shape of the log-probabilities {logProbabilities.Shape}", baselines.Shape);
        foreach (float reward in rewards.Span)
        {
            if (!float.IsFinite(reward))
                throw new ArgumentException(FormattableString.Invariant($"ReinforceLoss: a reward is {reward}; rewards must be finite."), nameof(rewards));
        }
        // Of the same shape as ln π: without rewards of their own all choices of a sample have the sample's.
        float[] rewardOf = new float[choices], advantage = new float[choices];
        for (int i = 0; i < choices; i++)
        {
            rewardOf[i] = rewards.Span[(int)((long)i * rewards.Length / choices)];
            advantage[i] = rewardOf[i] - (baselines is null ? Baseline : baselines.Values[i]);
        }
        Tensor loss = (logProbabilities * pass.Input(advantage, logProbabilities.Shape)).Sum().Scale(-1f / batch);
        if (entropies is not null && entropyWeight > 0)
            loss -= entropies.Sum().Scale((float)(entropyWeight / batch));
        if (baselines is not null && baselineWeight > 0)
        {
            Tensor error = baselines - pass.Input(rewardOf, baselines.Shape);
            loss += (error * error).Sum().Scale((float)(baselineWeight / batch));
        }
        if (pass.IsTraining)
            Move(rewards.Span);
        return loss;
    }

    // Sum of weighted rewards, and sum of the weights.
    private void Move(ReadOnlySpan<float> rewards)
    {
        double mean = 0;
        foreach (float reward in rewards)
            mean += reward / (double)rewards.Length;
        Span<float> state = average.Values.Span;
        state[0] = (float)((momentum * state[0]) + ((1 - momentum) * mean));
        state[1] = (float)((momentum * state[1]) + (1 - momentum));
    }
}
