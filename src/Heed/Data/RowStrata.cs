namespace Heed;

/// <summary>What a split shares out evenly: labels; of a set each of its labels; of numbers ten ranges of equal size.</summary>
internal static class RowStrata
{
    private const int Ranges = 10;

    /// <summary>The strata of each row, at least one.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="count">How many strata there are.</param>
    public static int[][] Of(TextData data, out int count)
    {
        switch (data.Target)
        {
            case TargetKind.Number:
                count = Ranges;
                int[][] ranges = new int[data.Count][];
                int[] byNumber = [.. Enumerable.Range(0, data.Count).OrderBy(row => data[row].Number)];
                for (int rank = 0; rank < byNumber.Length; rank++)
                    ranges[byNumber[rank]] = [(int)((long)rank * Ranges / byNumber.Length)];
                return ranges;
            case TargetKind.Multi:
                int none = data.LabelNames.Count;
                count = none + 1;
                return [.. data.Select(row => row.Labels.Count == 0 ? [none] : row.Labels.ToArray())];
            default:
                count = data.LabelNames.Count;
                return [.. data.Select(row => new[] { row.Label })];
        }
    }
}
