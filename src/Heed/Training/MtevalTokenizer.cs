using System.Text.RegularExpressions;

namespace Heed;

/// <summary>The tokenization <c>13a</c> that BLEU is reported with: that of mteval-v13a, as sacreBLEU defines it.</summary>
/// <remarks>Source: Post, "A call for clarity in reporting BLEU scores", 2018.</remarks>
internal static partial class MtevalTokenizer
{
    public static string[] Tokenize(string line)
    {
        line = line.Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ');
        if (line.Contains('&', StringComparison.Ordinal))
        {
            line = line.Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
                .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        }
        line = Marks().Replace($" {line} ", " $1 ");
        line = MarkBehindNoDigit().Replace(line, "$1 $2 ");
        line = MarkBeforeNoDigit().Replace(line, " $1 $2");
        line = DashBehindDigit().Replace(line, "$1 $2 ");
        return Split(line);
    }

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

    [GeneratedRegex(@"([\{-\~\[-\` -\&\(-\+\:-\@\/])", RegexOptions.CultureInvariant)]
    private static partial Regex Marks();

    [GeneratedRegex(@"([^0-9])([\.,])", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex MarkBehindNoDigit();

    [GeneratedRegex(@"([\.,])([^0-9])", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex MarkBeforeNoDigit();

    [GeneratedRegex(@"([0-9])(-)", RegexOptions.CultureInvariant)]
    private static partial Regex DashBehindDigit();
}
