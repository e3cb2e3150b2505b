namespace Heed;

/// <summary>Targets of independent yes-or-no outputs.</summary>
internal static class AnswerTargets
{
    /// <summary>The sigmoid cross-entropy of a batch; smoothing ε makes of t the target t·(1 − ε) + ε/2.</summary>
    /// <param name="targets">(rows, outputs), 0 or 1.</param>
    /// <param name="outputs">Outputs a row.</param>
    /// <param name="smoothing">ε.</param>
    /// <param name="weights">(rows, outputs), how often each answer counts; null for once.</param>
    public static Func<Tensor, int[], Tensor> Loss(float[] targets, int outputs, double smoothing, float[]? weights = null)
    {
        float[] smoothed = smoothing == 0 ? targets : Array.ConvertAll(targets, t => (float)((t * (1 - smoothing)) + (smoothing / 2)));
        return (logits, rows) => Tensor.SigmoidCrossEntropy(logits, Rows(smoothed, rows, outputs), weights is null ? default : Rows(weights, rows, outputs));
    }

    private static float[] Rows(float[] values, int[] rows, int outputs)
    {
        float[] some = new float[rows.Length * outputs];
        for (int i = 0; i < rows.Length; i++)
            values.AsSpan(rows[i] * outputs, outputs).CopyTo(some.AsSpan(i * outputs));
        return some;
    }
}
