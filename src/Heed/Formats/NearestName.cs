namespace Heed;

/// <summary>Which of the existing names was probably meant.</summary>
internal static class NearestName
{
    // Longer ones are no names, and comparing them takes long.
    private const int LongestName = 100, LongestShown = 40;

    /// <summary>A name as a message shows it: not more than one line of it.</summary>
    public static string Shown(string name) => name.Length > LongestShown ? name[..LongestShown] + "…" : name;

    /// <summary>" Did you mean 'x'?" for the name with the fewest edits, or nothing when none is near.</summary>
    public static string Hint(string wanted, IEnumerable<string> names)
    {
        if (wanted.Length > LongestName)
            return "";
        string? best = names.MinBy(name => Distance(wanted, name));
        return best is not null && Distance(wanted, best) <= Math.Max(2, wanted.Length / 3) && best.Length > 0 ? $" Did you mean '{best}'?" : "";
    }

    /// <summary>'a', 'b', 'c' and so on, at most <paramref name="most"/> of them.</summary>
    public static string List(IReadOnlyCollection<string> names, int most = 10) =>
        string.Join(", ", names.Take(most).Select(name => $"'{Shown(name)}'"))
        + (names.Count > most ? FormattableString.Invariant($" and {names.Count - most} more") : "");

    /// <summary>The nearest first.</summary>
    public static IReadOnlyCollection<string> Sorted(string wanted, IEnumerable<string> names) =>
        wanted.Length > LongestName ? [.. names] : [.. names.OrderBy(name => Distance(wanted, name))];

    // Levenshtein's distance with letters compared regardless of case.
    private static int Distance(string a, string b)
    {
        if (b.Length > LongestName)
            return int.MaxValue;
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
