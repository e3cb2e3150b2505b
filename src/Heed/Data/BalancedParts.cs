namespace Heed;

/// <summary>Deals clusters of rows out to parts so that each part gets its share of each stratum and of all rows.</summary>
/// <remarks>Large clusters first; each goes where it raises <c>Σ h(p, s)² / (share(p) · n(s)²)</c> least, where part p has h rows of stratum s and
/// there are n in all. The sum is smallest where each part has its share exactly. Cost: clusters · parts · strata of a cluster.</remarks>
internal static class BalancedParts
{
    /// <summary>The part of each cluster.</summary>
    /// <param name="clusters">Rows that stay together.</param>
    /// <param name="strata">The strata of each row.</param>
    /// <param name="strataCount">How many strata there are.</param>
    /// <param name="shares">The share of each part; a part with share 0 gets nothing.</param>
    /// <param name="stream">Decides between equal clusters.</param>
    public static int[] Deal(List<List<int>> clusters, int[][] strata, int strataCount, ReadOnlySpan<double> shares, RandomStream stream)
    {
        double[] totals = new double[strataCount + 1];
        foreach (int[] own in strata)
        {
            foreach (int stratum in own)
                totals[stratum]++;
            totals[strataCount]++;
        }
        int[] order = [.. Enumerable.Range(0, clusters.Count)];
        stream.Shuffle<int>(order);
        // Stratum by stratum, so that the odd rows of one go where those of the others did not.
        order = [.. order.OrderByDescending(cluster => clusters[cluster].Count).ThenBy(cluster => strata[clusters[cluster][0]][0])];
        double[] have = new double[shares.Length * (strataCount + 1)];
        int[] parts = new int[clusters.Count];
        var counts = new Dictionary<int, int>();
        foreach (int cluster in order)
        {
            counts.Clear();
            counts[strataCount] = clusters[cluster].Count;
            foreach (int stratum in clusters[cluster].SelectMany(row => strata[row]))
                counts[stratum] = counts.GetValueOrDefault(stratum) + 1;
            int best = -1;
            double least = double.PositiveInfinity;
            for (int part = 0; part < shares.Length; part++)
            {
                if (shares[part] <= 0)
                    continue;
                double rise = 0;
                foreach ((int stratum, int count) in counts)
                {
                    double had = have[part * (strataCount + 1) + stratum];
                    rise += (2 * had + count) * count / (totals[stratum] * totals[stratum]);
                }
                rise /= shares[part];
                if (rise < least)
                    (best, least) = (part, rise);
            }
            parts[cluster] = best;
            foreach ((int stratum, int count) in counts)
                have[best * (strataCount + 1) + stratum] += count;
        }
        return parts;
    }
}
