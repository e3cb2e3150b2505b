namespace Heed.Kernels;

/// <summary><see cref="SoftmaxKernel"/>, <see cref="LogSoftmaxKernel"/>, <see cref="CrossEntropyKernel"/>, <see cref="SigmoidCrossEntropyKernel"/> and
/// <see cref="SequenceSoftmaxKernel"/> in double precision: plain
/// loops, the oracle of tests and of gradient checks.</summary>
/// <remarks>Shapes and edges as the float32 kernels have them.</remarks>
public static class ReferenceSoftmax
{
    /// <summary>y = softmax(x), row by row; x and y (rows, columns).</summary>
    public static void Forward(ReadOnlySpan<double> x, int columns, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
            Row(x.Slice(start, columns), y.Slice(start, columns));
    }

    /// <summary>y = log softmax(x), row by row; x and y (rows, columns).</summary>
    public static void LogForward(ReadOnlySpan<double> x, int columns, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            double log = LogSumExp(x.Slice(start, columns));
            for (int j = start; j < start + columns; j++)
                y[j] = double.IsNegativeInfinity(x[j]) ? x[j] : x[j] - log;
        }
    }

    /// <summary>The loss of <see cref="CrossEntropyKernel"/>: logits (rows, classes), targets (rows), class weights (classes) or none.</summary>
    public static double CrossEntropy(
        ReadOnlySpan<double> logits, ReadOnlySpan<int> targets, int classes, ReadOnlySpan<double> classWeights = default, double labelSmoothing = 0)
    {
        double sum = 0, total = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] == CrossEntropyKernel.Ignored)
                continue;
            ReadOnlySpan<double> x = logits.Slice(i * classes, classes);
            double log = LogSumExp(x), weight = classWeights.Length == 0 ? 1 : classWeights[targets[i]];
            sum += (1 - labelSmoothing) * weight * (log - x[targets[i]]);
            for (int c = 0; c < classes && labelSmoothing != 0; c++)
                sum += labelSmoothing / classes * (classWeights.Length == 0 ? 1 : classWeights[c]) * (log - x[c]);
            total += weight;
        }
        return total == 0 ? 0 : sum / total;
    }

    /// <summary>The loss of <see cref="SigmoidCrossEntropyKernel"/>: logits, targets and (if there are any) weights of one length.</summary>
    public static double SigmoidCrossEntropy(ReadOnlySpan<double> logits, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights = default)
    {
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
            sum += (weights.IsEmpty ? 1 : weights[i]) * (Math.Max(logits[i], 0) - (logits[i] * targets[i]) + Math.Log(1 + Math.Exp(-Math.Abs(logits[i]))));
        return logits.Length == 0 ? 0 : sum / logits.Length;
    }

    /// <summary>w[b, k, :] = softmax of s[b, :, k] over the real steps; s (batch, time, views), w (batch, views, time).</summary>
    public static void SequenceForward(ReadOnlySpan<double> scores, int views, Sequences sequences, Span<double> weights)
    {
        weights.Clear();
        int time = sequences.Time;
        for (int b = 0; b < sequences.Batch; b++)
        {
            int start = sequences.Starts.Length == 0 ? 0 : sequences.Starts[b], length = sequences.Lengths[b];
            for (int k = 0; k < views; k++)
            {
                Span<double> row = weights.Slice((((b * views) + k) * time) + start, length);
                for (int t = 0; t < length; t++)
                    row[t] = scores[(((b * time) + start + t) * views) + k];
                Row(row, row);
            }
        }
    }

    private static void Row(ReadOnlySpan<double> x, Span<double> y)
    {
        double max = Max(x), sum = 0;
        for (int j = 0; j < x.Length; j++)
            sum += y[j] = double.IsNegativeInfinity(x[j]) ? 0 : Math.Exp(x[j] - max);
        for (int j = 0; j < x.Length && sum != 0; j++)
            y[j] /= sum;
    }

    private static double LogSumExp(ReadOnlySpan<double> x)
    {
        double max = Max(x), sum = 0;
        foreach (double value in x)
            sum += double.IsNegativeInfinity(value) ? 0 : Math.Exp(value - max);
        return max + Math.Log(sum);
    }

    private static double Max(ReadOnlySpan<double> x)
    {
        double max = double.NegativeInfinity;
        foreach (double value in x)
            max = Math.Max(max, value);
        return max;
    }
}
