namespace Heed;

/// <summary>The area under a precision–recall curve.</summary>
internal static class AveragePrecision
{
    /// <summary>Σ (R_i − R_{i−1})·P_i over all thresholds, equal scores together; NaN where nothing is positive.</summary>
    /// <param name="scores">Higher means more likely positive.</param>
    /// <param name="positive">Which rows are.</param>
    public static double Of(float[] scores, bool[] positive)
    {
        int total = positive.Count(p => p);
        if (total == 0)
            return double.NaN;
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort(Array.ConvertAll(scores, s => -s), order);
        double area = 0;
        int hits = 0, before = 0;
        for (int i = 0; i < order.Length; i++)
        {
            hits += positive[order[i]] ? 1 : 0;
            if (i + 1 < order.Length && scores[order[i + 1]] == scores[order[i]])
                continue;
            area += (double)(hits - before) / total * hits / (i + 1);
            before = hits;
        }
        return area;
    }
}
