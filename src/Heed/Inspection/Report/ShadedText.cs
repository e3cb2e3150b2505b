using System.Globalization;

namespace Heed;

/// <summary>A text with what each of its tokens weighs, by one or several methods, heads or views.</summary>
/// <param name="Text">The text as it was read; a pair is one string, see <see cref="TextPair"/>.</param>
/// <param name="Tokens">Where its tokens stand, in UTF-16 units, in their order.</param>
/// <param name="Rows">What they weigh; the first is shown first.</param>
public sealed record ShadedText(string Text, IReadOnlyList<Range> Tokens, IReadOnlyList<WeightRow> Rows)
{
    /// <summary>What it is, as its line and its labels.</summary>
    /// <value>Default none.</value>
    public string Heading { get; init; } = "";

    /// <summary>Figures and labels under the heading, by name.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>The tokens as they can be shown: none splits what readers see as one character, and none overlaps another. Tokens within one character are one part.</summary>
    /// <returns>Where each part stands, ascending, and the tokens in it.</returns>
    internal IReadOnlyList<(int Start, int End, int[] Tokens)> Parts(int maximumLength)
    {
        int length = Math.Min(Text.Length, maximumLength);
        int[] starts = StringInfo.ParseCombiningCharacters(Text);
        List<(int Start, int End, List<int> Tokens)> parts = [];
        foreach (int token in Enumerable.Range(0, Tokens.Count).OrderBy(t => Tokens[t].GetOffsetAndLength(Text.Length).Offset))
        {
            (int offset, int count) = Tokens[token].GetOffsetAndLength(Text.Length);
            if (count == 0)
                continue;
            int start = Floor(starts, offset), end = Ceiling(starts, offset + count, Text.Length);
            if (end > length)
                break;
            if (parts.Count > 0 && start < parts[^1].End)
            {
                parts[^1].Tokens.Add(token);
                parts[^1] = parts[^1] with { End = Math.Max(end, parts[^1].End) };
            }
            else
            {
                parts.Add((start, end, [token]));
            }
        }
        return [.. parts.Select(p => (p.Start, p.End, p.Tokens.ToArray()))];
    }

    private static int Floor(int[] starts, int at) => Array.BinarySearch(starts, at) is >= 0 and int found ? starts[found] : starts[~Array.BinarySearch(starts, at) - 1];

    private static int Ceiling(int[] starts, int at, int length)
    {
        int found = Array.BinarySearch(starts, at);
        return found >= 0 ? at : ~found < starts.Length ? starts[~found] : length;
    }
}

/// <summary>What each token of a text weighs by one method.</summary>
/// <param name="Name">The method, head or view.</param>
/// <param name="Weights">One for each token; below 0 where it speaks against the answer.</param>
public sealed record WeightRow(string Name, IReadOnlyList<float> Weights)
{
    /// <summary>What must be known to read it, as a baseline or a gap.</summary>
    /// <value>Default none.</value>
    public string Note { get; init; } = "";
}
