namespace Heed.Kernels;

/// <summary><see cref="SequencePoolingKernel"/> in double precision: plain loops, the oracle of tests and of gradient checks.</summary>
/// <remarks>Shapes as the float32 kernels have them: steps (batch, time, features), results (batch, features).</remarks>
public static class ReferenceSequence
{
    /// <summary>y[b, f] = max over real t of x[b, t, f], the first of equals, with its position; 0 and −1 for an empty sequence.</summary>
    public static void MaxOverTime(ReadOnlySpan<double> x, int features, Sequences sequences, Span<double> y, Span<int> positions)
    {
        for (int at = 0; at < y.Length; at++)
        {
            (y[at], positions[at]) = (0, -1);
            foreach (int t in Steps(sequences, at / features))
            {
                double value = x[(((at / features * sequences.Time) + t) * features) + (at % features)];
                if (positions[at] < 0 || (!double.IsNaN(y[at]) && !(value <= y[at])))
                    (y[at], positions[at]) = (value, t);
            }
        }
    }

    /// <summary>y[b, f] = (1/length)·Σ over real t of x[b, t, f].</summary>
    public static void MeanOverTime(ReadOnlySpan<double> x, int features, Sequences sequences, Span<double> y)
    {
        y.Clear();
        for (int at = 0; at < y.Length; at++)
        {
            foreach (int t in Steps(sequences, at / features))
                y[at] += x[(((at / features * sequences.Time) + t) * features) + (at % features)] / sequences.Lengths[at / features];
        }
    }

    /// <summary>y[b, f] = (1/length)·Σ over real t of σ(g[b, t, f])·x[b, t, f].</summary>
    public static void GatedMean(ReadOnlySpan<double> gates, ReadOnlySpan<double> x, int features, Sequences sequences, Span<double> y)
    {
        double[] gated = new double[x.Length];
        for (int i = 0; i < gated.Length; i++)
            gated[i] = x[i] / (1 + Math.Exp(-gates[i]));
        MeanOverTime(gated, features, sequences, y);
    }

    /// <summary>y[b, :] = forward features at the last real step, the others at the first; 0 for an empty sequence.</summary>
    public static void LastState(ReadOnlySpan<double> states, int features, int forwardFeatures, Sequences sequences, Span<double> y)
    {
        y.Clear();
        for (int at = 0; at < y.Length; at++)
        {
            int b = at / features, f = at % features, length = sequences.Lengths[b], start = Start(sequences, b);
            if (length > 0)
                y[at] = states[(((b * sequences.Time) + (f < forwardFeatures ? start + length - 1 : start)) * features) + f];
        }
    }

    /// <summary>c[b, k, f] = Σ over real t of w[b, k, t]·h[b, t, f].</summary>
    public static void WeightedSum(ReadOnlySpan<double> weights, ReadOnlySpan<double> states, int features, int views, Sequences sequences, Span<double> contexts)
    {
        contexts.Clear();
        for (int at = 0; at < contexts.Length; at++)
        {
            int row = at / features, b = row / views;
            foreach (int t in Steps(sequences, b))
                contexts[at] += weights[(row * sequences.Time) + t] * states[(((b * sequences.Time) + t) * features) + (at % features)];
        }
    }

    private static IEnumerable<int> Steps(Sequences sequences, int b) => Enumerable.Range(Start(sequences, b), sequences.Lengths[b]);

    private static int Start(Sequences sequences, int b) => sequences.Starts.Length == 0 ? 0 : sequences.Starts[b];
}
