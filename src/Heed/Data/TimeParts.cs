namespace Heed;

/// <summary>Cuts rows by time: the oldest into the first part.</summary>
internal static class TimeParts
{
    /// <summary>The rows of each part. A cluster counts from its oldest row; equal times stay in one part, so the shares are met to within the
    /// clusters of one time.</summary>
    /// <exception cref="InputException">A time cannot be read, or some are numbers and some dates.</exception>
    public static List<int>[] Cut(TextData data, List<List<int>> clusters, ReadOnlySpan<double> shares)
    {
        double[] times = Read(data);
        double[] starts = [.. clusters.Select(cluster => cluster.Min(row => times[row]))];
        int[] order = [.. Enumerable.Range(0, clusters.Count).OrderBy(cluster => starts[cluster])];
        var parts = new List<int>[shares.Length];
        for (int part = 0; part < parts.Length; part++)
            parts[part] = [];
        long taken = 0;
        for (int i = 0; i < order.Length;)
        {
            int end = i + 1;
            while (end < order.Length && starts[order[end]] == starts[order[i]])
                end++;
            long rows = 0;
            foreach (int cluster in order.AsSpan(i, end - i))
                rows += clusters[cluster].Count;
            // A time goes where its middle row belongs.
            List<int> part = parts[PartOf(taken + rows / 2.0, data.Count, shares)];
            foreach (int cluster in order.AsSpan(i, end - i))
                part.AddRange(clusters[cluster]);
            taken += rows;
            i = end;
        }
        return parts;
    }

    private static int PartOf(double row, int count, ReadOnlySpan<double> shares)
    {
        double end = 0;
        int last = 0;
        for (int part = 0; part < shares.Length; part++)
        {
            if (shares[part] <= 0)
                continue;
            end += shares[part] * count;
            last = part;
            if (row < end)
                break;
        }
        return last;
    }

    private static double[] Read(TextData data)
    {
        double[] times = new double[data.Count];
        bool? areNumbers = null;
        for (int row = 0; row < times.Length; row++)
        {
            string field = data[row].Time ?? "";
            if (!TimeField.TryRead(field, out times[row], out bool isNumber))
                throw new InputException(TimeField.Complaint(field), data.SourcePath, data[row].Line);
            areNumbers ??= isNumber;
            if (areNumbers != isNumber)
                throw new InputException($"the time '{field}' is a {(isNumber ? "number" : "date")}, those before are not; write all in one form.", data.SourcePath, data[row].Line);
        }
        return times;
    }
}
