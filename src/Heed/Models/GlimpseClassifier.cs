namespace Heed;

/// <summary>A picture classifier that sees through glimpses: <see cref="RecurrentGlimpses"/>, a class at the end, and a reward for the right one.</summary>
/// <remarks>
/// <para>Formula: p = softmax(W·h_T + b); loss = cross-entropy + w·reinforcement, with the reward R = 1 for the right class and 0 else, and predicted baselines.</para>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; logits <c>(batch, classes)</c>.</para>
/// <para>Source: Mnih, Heess, Graves and Kavukcuoglu, "Recurrent models of visual attention", 2014, section 3.2 (the hybrid loss).</para>
/// </remarks>
public sealed class GlimpseClassifier : Module
{
    private readonly RecurrentGlimpses glimpses;
    private readonly Linear output;
    private readonly ReinforceLoss reinforce;

    /// <summary>Creates the model.</summary>
    /// <param name="config">Sizes of the glimpses.</param>
    /// <param name="classes">Number of classes.</param>
    public GlimpseClassifier(GlimpseConfig config, int classes)
    {
        glimpses = Register("glimpses", new RecurrentGlimpses(config));
        output = Register("output", new Linear(config.HiddenSize, classes));
        reinforce = Register("reinforce", new ReinforceLoss(entropyWeight: 0));
    }

    /// <summary>Classifies.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits <c>(batch, classes)</c>, and where the looks went.</returns>
    public (Tensor Logits, GlimpseResult Glimpses) Forward(Tensor pictures, in Pass pass)
    {
        GlimpseResult seen = glimpses.Forward(pictures, pass);
        return (Return(output.Forward(seen.State, pass), pass), seen);
    }

    /// <summary>The training loss.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="labels">The right classes.</param>
    /// <param name="pass">The call.</param>
    /// <param name="reinforcement">w: the weight of the reinforcement; default 1.</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(Tensor pictures, int[] labels, in Pass pass, float reinforcement = 1)
    {
        ArgumentNullException.ThrowIfNull(labels);
        (Tensor logits, GlimpseResult seen) = Forward(pictures, pass);
        Tensor loss = Tensor.CrossEntropy(logits, labels);
        if (seen.LogProbabilities.Length == 0)
            return loss;
        float[] rewards = new float[labels.Length];
        int classes = logits.Shape[1];
        for (int i = 0; i < rewards.Length; i++)
            rewards[i] = Largest.IndexOf(logits.Values.Slice(i * classes, classes)) == labels[i] ? 1 : 0;
        return loss + reinforce.Forward(seen.LogProbabilities, rewards, pass, baselines: seen.Baselines).Scale(reinforcement);
    }
}
