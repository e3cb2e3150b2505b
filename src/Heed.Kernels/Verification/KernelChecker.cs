namespace Heed.Kernels;

/// <summary>What a check of one kernel uses: data, comparison, and differences.</summary>
internal sealed class KernelChecker(string kernel, List<KernelVerdict> verdicts)
{
    private readonly ulong key = kernel.Aggregate(0ul, (k, c) => CounterRandom.Mix(k ^ c));
    private ulong drawn;

    /// <summary>A hash of the bits of everything that was compared.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Values spread evenly over a range.</summary>
    public float[] Draw(int length, float from = -1, float to = 1)
    {
        float[] values = new float[length];
        foreach (ref float value in values.AsSpan())
            value = from + ((to - from) * ((CounterRandom.Block(key, drawn++).Low >> 40) * (1f / (1 << 24))));
        return values;
    }

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }

    /// <summary>Compares a result with its reference; the error is relative to the largest reference value, or to <paramref name="summands"/> where
    /// larger numbers may have cancelled.</summary>
    public void Compare(string result, ReadOnlySpan<float> got, ReadOnlySpan<double> reference, double limit, double summands = 0)
    {
        double largest = summands, worst = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            Hash = CounterRandom.Mix(Hash ^ BitConverter.SingleToUInt32Bits(got[i]));
            largest = Math.Max(largest, Math.Abs(reference[i]));
            double error = Math.Abs(got[i] - reference[i]);
            worst = error <= worst ? worst : error;
        }
        verdicts.Add(new(kernel, result, worst / Math.Max(largest, 1e-30), limit));
    }

    /// <summary>An error that was measured elsewhere.</summary>
    public void Add(string result, double error, double limit) => verdicts.Add(new(kernel, result, error, limit));

    /// <summary>Compares a gradient with central differences of the reference, Σ dy·f(x), at values that are exact in double.</summary>
    public void CompareWithDifferences(string result, ReadOnlySpan<float> gradient, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Func<double[], double[]> reference, double limit) =>
        Compare(result, gradient, Differences(x, dy, reference), limit);

    /// <summary>Central differences of Σ dy·f(x).</summary>
    public static double[] Differences(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Func<double[], double[]> reference)
    {
        const double Step = 1e-5;
        double[] at = Widen(x), differences = new double[at.Length];
        for (int i = 0; i < at.Length; i++)
        {
            double value = at[i];
            at[i] = value + Step;
            double[] up = reference(at);
            at[i] = value - Step;
            double[] down = reference(at);
            at[i] = value;
            for (int j = 0; j < up.Length; j++)
                differences[i] += dy[j] * (up[j] - down[j]) / (2 * Step);
        }
        return differences;
    }
}
