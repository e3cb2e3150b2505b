namespace Heed;

/// <summary>How alike two orders are.</summary>
public static class RankCorrelation
{
    /// <summary>Spearman's ρ: the correlation of ranks, equal values sharing the mean of theirs.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">As many.</param>
    /// <returns>From −1 to 1; NaN where one of them has a single value only. Cost: n·log n.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Spearman(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
            throw new ArgumentException(FormattableString.Invariant($"RankCorrelation.Spearman: lists of one length are required, got {a.Length} and {b.Length}."), nameof(b));
        double[] x = Ranks(a), y = Ranks(b);
        double mean = (a.Length + 1) / 2.0, xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            xy += (x[i] - mean) * (y[i] - mean);
            xx += (x[i] - mean) * (x[i] - mean);
            yy += (y[i] - mean) * (y[i] - mean);
        }
        return xx == 0 || yy == 0 ? double.NaN : xy / Math.Sqrt(xx * yy);
    }

    private static double[] Ranks(ReadOnlySpan<float> values)
    {
        float[] sorted = values.ToArray();
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(sorted, order);
        double[] ranks = new double[values.Length];
        for (int first = 0, end; first < sorted.Length; first = end)
        {
            for (end = first + 1; end < sorted.Length && sorted[end] == sorted[first]; end++)
            {
            }
            for (int i = first; i < end; i++)
                ranks[order[i]] = (first + 1 + end) / 2.0;
        }
        return ranks;
    }
}
