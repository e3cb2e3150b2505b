namespace Heed;

/// <summary>Rows that may not be torn apart: those with equal texts, and those of one group, and whatever these chain together.</summary>
internal static class RowClusters
{
    /// <summary>The clusters in the order of their first rows, each with its rows in order.</summary>
    public static List<List<int>> Of(TextData data)
    {
        int[] parent = [.. Enumerable.Range(0, data.Count)];
        var firstOfText = new Dictionary<TextKey, int>(data.Count);
        var firstOfGroup = new Dictionary<string, int>(StringComparer.Ordinal);
        ReadOnlySpan<TextKey> keys = data.Keys;
        for (int row = 0; row < parent.Length; row++)
        {
            if (!firstOfText.TryAdd(keys[row], row))
                Join(firstOfText[keys[row]], row);
            // A row without a group belongs to no other.
            if (data[row].Group is { Length: > 0 } group && !firstOfGroup.TryAdd(group, row))
                Join(firstOfGroup[group], row);
        }
        var clusters = new List<List<int>>();
        var places = new Dictionary<int, int>();
        for (int row = 0; row < parent.Length; row++)
        {
            int root = Root(row);
            if (places.TryAdd(root, clusters.Count))
                clusters.Add([]);
            clusters[places[root]].Add(row);
        }
        return clusters;

        int Root(int row)
        {
            while (parent[row] != row)
                row = parent[row] = parent[parent[row]];
            return row;
        }

        void Join(int a, int b)
        {
            (a, b) = (Root(a), Root(b));
            parent[Math.Max(a, b)] = Math.Min(a, b);
        }
    }
}
