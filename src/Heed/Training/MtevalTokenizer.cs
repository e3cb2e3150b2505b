using System.Text;

namespace Heed;

/// <summary>The tokenization <c>13a</c> that BLEU is reported with: that of mteval-v13a, as sacreBLEU defines it.</summary>
/// <remarks>Source: Post, "A call for clarity in reporting BLEU scores", 2018.</remarks>
internal static class MtevalTokenizer
{
    public static string[] Tokenize(string line)
    {
        line = line.Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ');
        if (line.Contains('&', StringComparison.Ordinal))
        {
            line = line.Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
                .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        }
        return SetApart(" " + line + " ");
    }

    /// <summary>Sets the marks of ASCII apart and splits: what tokenizations of other languages share.</summary>
    public static string[] SetApart(string line)
    {
        StringBuilder text = new();
        foreach (char c in line)
        {
            if (IsMark(c))
                text.Append(' ').Append(c).Append(' ');
            else
                text.Append(c);
        }
        line = text.ToString();
        // Points and commas that do not stand between digits, then dashes behind digits: each rule over the whole line, from left to right.
        line = Apart(line, (a, b) => !char.IsAsciiDigit(a) && (b is '.' or ','), isFirst: false);
        line = Apart(line, (a, b) => (a is '.' or ',') && !char.IsAsciiDigit(b), isFirst: true);
        line = Apart(line, (a, b) => char.IsAsciiDigit(a) && b == '-', isFirst: false);
        return Split(line);
    }

    // Pairs of neighbours to which a rule applies, not overlapping: spaces around the first (the sign of the second rule), or around the second.
    private static string Apart(string line, Func<char, char, bool> rule, bool isFirst)
    {
        StringBuilder text = new(line.Length + 16);
        for (int i = 0; i < line.Length; i++)
        {
            if (i + 1 == line.Length || !rule(line[i], line[i + 1]))
            {
                text.Append(line[i]);
                continue;
            }
            text.Append(isFirst ? " " : "").Append(line[i]).Append(' ').Append(line[i + 1]).Append(isFirst ? "" : " ");
            i++;
        }
        return text.ToString();
    }

    // The signs of ASCII but apostrophe, comma, dash and point, which the rules behind this one treat.
    private static bool IsMark(char c) => c is >= '{' and <= '~' or >= '[' and <= '`' or >= ' ' and <= '&' or >= '(' and <= '+' or >= ':' and <= '@' or '/';

    /// <summary>At white space, as Python's split: the separators of information among it.</summary>
    public static string[] Split(string text)
    {
        List<string> parts = [];
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !(char.IsWhiteSpace(text[i]) || text[i] is >= '\u001C' and <= '\u001F'))
                continue;
            if (i > start)
                parts.Add(text[start..i]);
            start = i + 1;
        }
        return [.. parts];
    }
}
