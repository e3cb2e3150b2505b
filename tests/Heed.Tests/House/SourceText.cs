using System.Text;

namespace Heed.Tests.House;

/// <summary>C# source without comments and without the content of strings, line for line, so that house rules look at code alone.</summary>
internal static class SourceText
{
    /// <summary>Blanks comments, strings and characters; code inside the holes of interpolated strings stays.</summary>
    public static string CodeOnly(string source)
    {
        var code = new StringBuilder(source.Length);
        int at = 0;
        Code(source, ref at, code, holeBraces: 0);
        return code.ToString();
    }

    /// <summary>Copies code up to the end, or up to the braces that close the hole of an interpolated string.</summary>
    private static void Code(string source, ref int at, StringBuilder code, int holeBraces)
    {
        int depth = 0;
        while (at < source.Length)
        {
            if (holeBraces > 0 && depth == 0 && source[at] == '}')
                return;
            if (Starts(source, at, "//"))
                Blank(source, ref at, code, LineEnd(source, at));
            else if (Starts(source, at, "/*"))
                Blank(source, ref at, code, After(source, "*/", at + 2));
            else if (source[at] == '\'')
                Blank(source, ref at, code, EndOfQuoted(source, at + 1, '\''));
            else if (StringStart(source, at, out int dollars, out bool verbatim, out int quotes))
                Text(source, ref at, code, dollars, verbatim, quotes);
            else
            {
                depth += source[at] == '{' ? 1 : source[at] == '}' ? -1 : 0;
                code.Append(source[at++]);
            }
        }
    }

    private static bool StringStart(string source, int at, out int dollars, out bool verbatim, out int quotes)
    {
        int i = at;
        (dollars, verbatim, quotes) = (0, false, 0);
        for (; i < source.Length && source[i] is '$' or '@'; i++)
        {
            dollars += source[i] == '$' ? 1 : 0;
            verbatim |= source[i] == '@';
        }
        for (; i < source.Length && source[i] == '"'; i++)
            quotes++;
        // Two quotes are an empty string of one-quote kind; three or more open a raw string.
        if (quotes == 2 || verbatim)
            quotes = Math.Min(quotes, 1);
        return quotes > 0;
    }

    private static void Text(string source, ref int at, StringBuilder code, int dollars, bool verbatim, int quotes)
    {
        Blank(source, ref at, code, source.IndexOf('"', at) + quotes);
        string closing = new('"', quotes);
        bool raw = quotes >= 3;
        int holeBraces = raw ? dollars : Math.Min(dollars, 1);
        while (at < source.Length)
        {
            if (verbatim && Starts(source, at, "\"\""))
                Blank(source, ref at, code, at + 2);
            else if (!raw && !verbatim && source[at] == '\\')
                Blank(source, ref at, code, at + 2);
            else if (Starts(source, at, closing))
            {
                Blank(source, ref at, code, at + quotes);
                return;
            }
            else if (holeBraces > 0 && !raw && Starts(source, at, "{{"))
                Blank(source, ref at, code, at + 2);
            else if (holeBraces > 0 && Starts(source, at, new string('{', holeBraces)))
            {
                Blank(source, ref at, code, at + holeBraces);
                Code(source, ref at, code, holeBraces);
            }
            else
                Blank(source, ref at, code, at + 1);
        }
    }

    private static void Blank(string source, ref int at, StringBuilder code, int end)
    {
        for (end = Math.Min(end, source.Length); at < end; at++)
            code.Append(source[at] == '\n' ? '\n' : ' ');
    }

    private static int EndOfQuoted(string source, int at, char quote)
    {
        while (at < source.Length && source[at] != quote && source[at] != '\n')
            at += source[at] == '\\' ? 2 : 1;
        return at + 1;
    }

    private static int LineEnd(string source, int at) => source.IndexOf('\n', at) is int end and >= 0 ? end : source.Length;

    private static int After(string source, string text, int at) =>
        source.IndexOf(text, Math.Min(at, source.Length), StringComparison.Ordinal) is int end and >= 0 ? end + text.Length : source.Length;

    private static bool Starts(string source, int at, string text) => string.CompareOrdinal(source, at, text, 0, text.Length) == 0;
}
