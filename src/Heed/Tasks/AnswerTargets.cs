namespace Heed;

/// <summary>Targets of independent yes-or-no outputs.</summary>
internal static class AnswerTargets
{
    /// <summary>The sigmoid cross-entropy of a batch; smoothing ε makes of t the target t·(1 − ε) + ε/2.</summary>
    /// <param name="targets">(rows, outputs), 0 or 1.</param>
    /// <param name="outputs">Outputs a row.</param>
    /// <param name="smoothing">ε.</param>
    public static Func<Tensor, int[], Tensor> Loss(float[] targets, int outputs, double smoothing)
    {
        float[] smoothed = smoothing == 0 ? targets : Array.ConvertAll(targets, t => (float)((t * (1 - smoothing)) + (smoothing / 2)));
        return (logits, rows) =>
        {
            float[] batch = new float[rows.Length * outputs];
            for (int i = 0; i < rows.Length; i++)
                smoothed.AsSpan(rows[i] * outputs, outputs).CopyTo(batch.AsSpan(i * outputs));
            return Tensor.SigmoidCrossEntropy(logits, batch);
        };
    }
}
