namespace Heed;

/// <summary>When <see cref="GlimpseClassifier"/> is rewarded.</summary>
public enum GlimpseReward
{
    /// <summary>1 for the right class after the last look, else 0, for all draws alike: the paper's.</summary>
    AtTheEnd,

    /// <summary>The class is asked for after every look, and a draw's reward is the mean probability of the right class in the looks after it: less variance, learns faster.</summary>
    AfterEveryLook,
}

/// <summary>A picture classifier that sees through glimpses: <see cref="RecurrentGlimpses"/>, a class at the end, and a reward for the right one.</summary>
/// <remarks>
/// <para>Formula: p_t = softmax(W·h_t + b), the answer is that of the last look; loss = cross-entropy (of the last look, or the mean over all) + reinforcement with predicted baselines.</para>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; logits <c>(batch, classes)</c>.</para>
/// <para>Source: Mnih, Heess, Graves and Kavukcuoglu, "Recurrent models of visual attention", 2014, section 3.2 (the hybrid loss).</para>
/// </remarks>
public sealed class GlimpseClassifier : Module
{
    private readonly RecurrentGlimpses glimpses;
    private readonly Linear output;
    private readonly ReinforceLoss reinforce;
    private readonly GlimpseReward reward;

    /// <summary>Creates the model.</summary>
    /// <param name="config">Sizes of the glimpses.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="reward">When it is rewarded; default after every look.</param>
    public GlimpseClassifier(GlimpseConfig config, int classes, GlimpseReward reward = GlimpseReward.AfterEveryLook)
    {
        glimpses = Register("glimpses", new RecurrentGlimpses(config));
        output = Register("output", new Linear(config.HiddenSize, classes));
        reinforce = Register("reinforce", new ReinforceLoss(entropyWeight: 0));
        this.reward = reward;
    }

    /// <summary>Classifies.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits <c>(batch, classes)</c>, and where the looks went.</returns>
    /// <exception cref="ShapeException">The pictures have other axes or channels.</exception>
    public (Tensor Logits, GlimpseResult Glimpses) Forward(Tensor pictures, in Pass pass)
    {
        GlimpseResult seen = glimpses.Forward(pictures, pass);
        return (Return(output.Forward(seen.States[^1], pass), pass), seen);
    }

    /// <summary>The training loss.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="labels">The right classes.</param>
    /// <param name="pass">The call.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The pictures have other axes or channels, or the number of labels differs.</exception>
    /// <exception cref="ArgumentException">A label is no class.</exception>
    public Tensor Loss(Tensor pictures, int[] labels, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(labels);
        GlimpseResult seen = glimpses.Forward(pictures, pass);
        int looks = seen.States.Count, first = reward == GlimpseReward.AtTheEnd ? looks - 1 : 0;
        Tensor? loss = null;
        float[,] right = new float[looks, labels.Length];
        for (int t = first; t < looks; t++)
        {
            Tensor logits = output.Forward(seen.States[t], pass), one = Tensor.CrossEntropy(logits, labels).Scale(1f / (looks - first));
            loss = loss is null ? one : loss + one;
            Reward(logits, labels, t, right);
        }
        return looks == 1 ? loss! : loss! + reinforce.Forward(seen.LogProbabilities, Returns(right, first), pass, baselines: seen.Baselines);
    }

    private void Reward(Tensor logits, int[] labels, int look, float[,] right)
    {
        int classes = logits.Shape[1];
        Tensor probabilities = logits.Detach().Softmax();
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<float> row = probabilities.Values.Slice(i * classes, classes);
            right[look, i] = reward == GlimpseReward.AfterEveryLook ? row[labels[i]] : Largest.IndexOf(row) == labels[i] ? 1 : 0;
        }
    }

    // (batch, looks − 1): draw k decides over the looks from k + 1 on.
    private static float[] Returns(float[,] right, int first)
    {
        int looks = right.GetLength(0), batch = right.GetLength(1), draws = looks - 1;
        float[] returns = new float[batch * draws];
        for (int i = 0; i < returns.Length; i++)
        {
            int from = Math.Max(first, (i % draws) + 1);
            for (int t = from; t < looks; t++)
                returns[i] += right[t, i / draws] / (looks - from);
        }
        return returns;
    }
}
