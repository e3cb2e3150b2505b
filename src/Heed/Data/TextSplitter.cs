namespace Heed;

/// <summary>Divides rows into parts, with all rows of one text, and of one group, in one part.</summary>
internal static class TextSplitter
{
    public static TextSplit Split(TextData data, RandomStream stream, double dev, double test)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dev);
        ArgumentOutOfRangeException.ThrowIfNegative(test);
        if (!(dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(test), "TextData.Split: dev + test must be below 1, or nothing is left to learn from.");
        List<List<int>> clusters = RowClusters.Of(data);
        if (data.HasTimes)
        {
            List<int>[] cut = TimeParts.Cut(data, clusters, [1 - dev - test, dev, test]);
            return Parts(data, cut[0], cut[1], cut[2]);
        }
        return data.HasGroups || data.Target == TargetKind.Multi ? Balanced(data, clusters, stream, dev, test) : ByLabel(data, clusters, stream, dev, test);
    }

    /// <summary>Splits of which each row is tested in one; with times the tests are later and later blocks, each learned from what was before.</summary>
    public static IReadOnlyList<TextSplit> Folds(TextData data, RandomStream stream, int count, double dev)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        if (!(dev is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(dev), dev, "TextData.Folds: dev must lie from 0 to 1, 1 not included.");
        List<List<int>> clusters = RowClusters.Of(data);
        int needed = data.HasTimes ? count + 1 : count;
        if (clusters.Count < needed)
        {
            throw new InputException(FormattableString.Invariant(
                $"there are {clusters.Count} different texts or groups; {count} folds need at least {needed}. Ask for fewer folds."), data.SourcePath);
        }
        List<int>[] blocks = data.HasTimes ? TimeParts.Cut(data, clusters, [.. Enumerable.Repeat(1.0 / needed, needed)]) : Dealt();
        var splits = new List<TextSplit>();
        for (int fold = needed - count; fold < needed; fold++)
        {
            List<int> rest = [.. blocks.Where((_, i) => data.HasTimes ? i < fold : i != fold).SelectMany(block => block).Order()];
            TextSplit learned = Split(data.Select(rest), stream.Fork((ulong)fold), dev, test: 0);
            splits.Add(new TextSplit(learned.Train, learned.Dev, data.Select(blocks[fold])));
        }
        return splits;

        List<int>[] Dealt()
        {
            int[][] strata = RowStrata.Of(data, out int strataCount);
            double[] shares = [.. Enumerable.Repeat(1.0 / count, count)];
            return Rows(clusters, BalancedParts.Deal(clusters, strata, strataCount, shares, stream.Fork("folds")), count);
        }
    }

    private static TextSplit Balanced(TextData data, List<List<int>> clusters, RandomStream stream, double dev, double test)
    {
        int[][] strata = RowStrata.Of(data, out int count);
        List<int>[] parts = Rows(clusters, BalancedParts.Deal(clusters, strata, count, [1 - dev - test, dev, test], stream), 3);
        return Parts(data, parts[0], parts[1], parts[2]);
    }

    private static List<int>[] Rows(List<List<int>> clusters, int[] parts, int count)
    {
        List<int>[] rows = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        for (int i = 0; i < clusters.Count; i++)
            rows[parts[i]].AddRange(clusters[i]);
        return rows;
    }

    private static TextSplit Parts(TextData data, params ReadOnlySpan<List<int>> parts)
    {
        foreach (List<int> part in parts)
            part.Sort();
        return new TextSplit(data.Select(parts[0]), data.Select(parts[1]), data.Select(parts[2]));
    }

    private static TextSplit ByLabel(TextData data, List<List<int>> clusters, RandomStream stream, double dev, double test)
    {
        // A text that stands under several labels counts for the label of its first row.
        int[][] strata = RowStrata.Of(data, out int count);
        ILookup<int, List<int>> byLabel = clusters.ToLookup(cluster => strata[cluster[0]][0]);
        List<int>[][] texts = [.. Enumerable.Range(0, count).Select(label => byLabel[label].ToArray())];
        List<int>[] parts = [[], [], []];
        long before = 0;
        for (int label = 0; label < texts.Length; label++)
        {
            long rows = texts[label].Sum(text => (long)text.Count), after = before + rows;
            stream.Fork((ulong)label).Shuffle<List<int>>(texts[label]);
            // Differences of rounded running totals: the whole is exact, and no label is off by more than one row.
            long devQuota = Share(after, dev) - Share(before, dev), testQuota = Share(after, test) - Share(before, test);
            Fill(texts[label], parts, testQuota, devQuota);
            before = after;
        }
        return Parts(data, parts);
    }

    private static long Share(long rows, double share) => (long)Math.Floor(rows * share + 0.5);

    // One text at least stays for training, and a text with more rows than a part has room for stays there too.
    private static void Fill(List<int>[] texts, List<int>[] parts, long testQuota, long devQuota)
    {
        if (texts.Length == 0)
            return;
        parts[0].AddRange(texts[0]);
        foreach (List<int> text in texts.AsSpan(1))
        {
            int part = text.Count <= testQuota ? 2 : text.Count <= devQuota ? 1 : 0;
            parts[part].AddRange(text);
            if (part == 2)
                testQuota -= text.Count;
            else if (part == 1)
                devQuota -= text.Count;
        }
    }
}
