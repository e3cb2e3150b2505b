namespace Heed;

/// <summary>Divides rows by label, with all rows of one text in one part.</summary>
internal static class TextSplitter
{
    public static TextSplit Split(TextData data, ulong seed, double dev, double test)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dev);
        ArgumentOutOfRangeException.ThrowIfNegative(test);
        if (!(dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(test), "TextData.Split: dev + test must be below 1, or nothing is left to learn from.");

        List<int>[][] groups = GroupByLabel(data);
        var parts = new List<int>[] { [], [], [] };
        var stream = new RandomStream(seed, "split");
        long before = 0;
        for (int label = 0; label < groups.Length; label++)
        {
            List<int>[] texts = groups[label];
            long rows = texts.Sum(text => (long)text.Count), after = before + rows;
            stream.Fork((ulong)label).Shuffle<List<int>>(texts);
            // Differences of rounded running totals: the whole is exact, and no label is off by more than one row.
            long devQuota = Share(after, dev) - Share(before, dev), testQuota = Share(after, test) - Share(before, test);
            Fill(texts, parts, testQuota, devQuota);
            before = after;
        }
        foreach (List<int> part in parts)
            part.Sort();
        return new TextSplit(data.Select(parts[0]), data.Select(parts[1]), data.Select(parts[2]));
    }

    private static long Share(long rows, double share) => (long)Math.Floor(rows * share + 0.5);

    // What is shared out evenly: labels; of a set its rarest label; of numbers ten ranges of equal size.
    private static int[] Strata(TextData data, out int count)
    {
        const int Ranges = 10;
        switch (data.Target)
        {
            case TargetKind.Number:
                count = Ranges;
                int[] strata = new int[data.Count];
                int[] byNumber = [.. Enumerable.Range(0, data.Count).OrderBy(row => data[row].Number)];
                for (int rank = 0; rank < byNumber.Length; rank++)
                    strata[byNumber[rank]] = (int)((long)rank * Ranges / byNumber.Length);
                return strata;
            case TargetKind.Multi:
                int none = data.LabelNames.Count;
                count = none + 1;
                int[] counts = data.CountLabels();
                return [.. data.Select(row => row.Labels.Count == 0 ? none : row.Labels.MinBy(label => counts[label]))];
            default:
                count = data.LabelNames.Count;
                return data.ToLabels();
        }
    }

    // A text that stands under several labels counts for the label of its first row.
    private static List<int>[][] GroupByLabel(TextData data)
    {
        int[] strata = Strata(data, out int count);
        var groups = new List<List<int>>[count];
        for (int label = 0; label < groups.Length; label++)
            groups[label] = [];
        var byText = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (int row = 0; row < data.Count; row++)
        {
            if (!byText.TryGetValue(data[row].Text, out List<int>? group))
            {
                byText[data[row].Text] = group = [];
                groups[strata[row]].Add(group);
            }
            group.Add(row);
        }
        return Array.ConvertAll(groups, list => list.ToArray());
    }

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
