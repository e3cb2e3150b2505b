namespace Heed.Kernels;

/// <summary><see cref="DistributionKernel"/>, <see cref="TopKKernel"/> and <see cref="SinkSoftmaxKernel"/> in double precision: plain loops, the oracle of tests and of gradient checks.</summary>
/// <remarks>Shapes and edges as the float32 kernels have them.</remarks>
public static class ReferenceDistribution
{
    /// <summary>y = entmax(x) with α in (1, 2], row by row; the normalizer by bisection. Sparsemax is α = 2.</summary>
    public static void Entmax(ReadOnlySpan<double> x, int columns, double alpha, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
            EntmaxRow(x.Slice(start, columns), alpha, y.Slice(start, columns));
    }

    /// <summary>y = softmax over the k largest values of each row; ties go to the first.</summary>
    public static void TopK(ReadOnlySpan<double> x, int columns, int k, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            double[] row = x.Slice(start, columns).ToArray();
            HashSet<int> kept = [.. Enumerable.Range(0, columns).OrderByDescending(j => row[j]).Take(k)];
            double[] left = [.. row.Select((value, j) => kept.Contains(j) ? value : double.NegativeInfinity)];
            ReferenceSoftmax.Forward(left, columns, y.Slice(start, columns));
        }
    }

    /// <summary>y[i, j] = e^x[i, j] / (e^sink[i] + Σ e^x[i, :]); sinks (rows).</summary>
    public static void Sink(ReadOnlySpan<double> x, int columns, ReadOnlySpan<double> sinks, Span<double> y)
    {
        for (int i = 0; i < sinks.Length; i++)
        {
            double[] row = [.. x.Slice(i * columns, columns), sinks[i]], weights = new double[row.Length];
            ReferenceSoftmax.Forward(row, row.Length, weights);
            weights.AsSpan(0, columns).CopyTo(y.Slice(i * columns, columns));
        }
    }

    private static void EntmaxRow(ReadOnlySpan<double> x, double alpha, Span<double> y)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in x)
            largest = Math.Max(largest, value);
        y.Clear();
        if (double.IsNegativeInfinity(largest))
            return;
        (double low, double high) = (-1 / (alpha - 1), 0);
        for (int step = 0; step < 200; step++)
        {
            double middle = (low + high) / 2;
            (low, high) = Fill(x, middle, y) > 1 ? (middle, high) : (low, middle);
        }
        double sum = Fill(x, low, y);
        foreach (ref double weight in y)
            weight /= sum;

        double Fill(ReadOnlySpan<double> scores, double normalizer, Span<double> weights)
        {
            double total = 0;
            for (int j = 0; j < scores.Length; j++)
                total += weights[j] = Math.Pow(Math.Max((alpha - 1) * (scores[j] - largest - normalizer), 0), 1 / (alpha - 1));
            return total;
        }
    }
}
