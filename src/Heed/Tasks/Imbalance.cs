namespace Heed;

/// <summary>What is done where labels are far from equally frequent.</summary>
internal static class Imbalance
{
    private const double Tolerated = 3;

    /// <summary>Puts <c>auto</c> into words: macro F1 and balanced weights where the most frequent label has more than three times as many rows as the
    /// rarest, accuracy and no weights otherwise.</summary>
    /// <returns>The options without <c>auto</c>, and what to tell the user; null for nothing.</returns>
    public static (TrainingOptions Options, string? Note) Resolve(TrainingOptions options, IReadOnlyList<string> labels, int[] counts)
    {
        int[] present = [.. Enumerable.Range(0, counts.Length).Where(c => counts[c] > 0)];
        int most = present.MaxBy(c => counts[c]), least = present.MinBy(c => counts[c]);
        bool isSkewed = counts[most] > Tolerated * counts[least];
        TrainingOptions resolved = options with
        {
            Monitor = options.Monitor == "auto" ? isSkewed ? "macro-f1" : "accuracy" : options.Monitor,
            ClassWeights = options.ClassWeights == "auto" ? isSkewed ? "balanced" : "none" : options.ClassWeights,
        };
        if (!isSkewed || (options.Monitor != "auto" && options.ClassWeights != "auto"))
            return (resolved, null);
        string what = string.Join(" and ", new[]
        {
            options.ClassWeights == "auto" ? "their rows are weighted to balance" : "", options.Monitor == "auto" ? "macro F1 decides which epoch is best" : "",
        }.Where(part => part.Length > 0));
        return (resolved, FormattableString.Invariant($"labels are unequal: '{labels[most]}' has {counts[most]:N0} rows, '{labels[least]}' {counts[least]:N0}; so {what} (ClassWeights, Monitor)"));
    }

    /// <summary>rows / (classes · rows of the class).</summary>
    public static float[] Balanced(int[] counts) => [.. counts.Select(c => c == 0 ? 0 : (float)counts.Sum() / (counts.Length * c))];
}
