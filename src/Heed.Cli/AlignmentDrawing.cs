using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Heed.Cli;

/// <summary>An alignment as a matrix: a line for each token of the answer, a column for each token of the source.</summary>
internal sealed class AlignmentDrawing(Terminal terminal)
{
    private const int Levels = 8, Narrow = 2;
    private const string Marks = " .:-=+*#@";

    /// <summary>Writes the matrix. Sources of single characters stand above their columns; others are numbered and listed.</summary>
    public void Write(Translation translation)
    {
        string[] source = [.. translation.SourceTokens.Select(range => Shown(translation.Source[range]))];
        bool isCharacters = source.All(token => Cells(token) <= 2);
        string[] heads = isCharacters ? source : [.. Enumerable.Range(1, source.Length).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        int cell = Math.Max(Narrow, heads.Length == 0 ? 0 : heads.Max(Cells) + (isCharacters ? 0 : 1)), label = translation.Tokens.Count == 0 ? 0 : translation.Tokens.Max(token => Cells(Shown(token))) + 2;
        StringBuilder head = new(new string(' ', label));
        foreach (string one in heads)
            head.Append(one).Append(' ', cell - Cells(one));
        terminal.Out.WriteLine(head.ToString().TrimEnd());
        for (int t = 0; t < translation.Tokens.Count; t++)
        {
            string token = Shown(translation.Tokens[t]);
            terminal.Out.Write(token + new string(' ', label - Cells(token)));
            Row(translation.Alignment[t], cell);
            terminal.Out.WriteLine();
        }
        if (!isCharacters)
            terminal.Out.WriteLine(string.Join("  ", source.Select((token, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1} {token}"))));
    }

    private void Row(float[] weights, int cell)
    {
        if (!terminal.HasColor)
        {
            terminal.Out.Write(string.Concat(weights.Select(w => Marks[Level(w)] + new string(' ', cell - 1))).TrimEnd());
            return;
        }
        IAnsiConsole console = Styled.Console(terminal, isWrapped: false);
        foreach (float weight in weights)
        {
            byte shade = (byte)(255 - (Level(weight) * 24));
            console.Write(new Text(new string(' ', cell), new Style(background: Level(weight) == 0 ? Color.Default : new Color(shade, shade, 255))));
        }
    }

    private static int Level(float weight) => (int)Math.Clamp(Math.Ceiling((weight * Levels) - 0.25), 0, Levels);

    private static string Shown(string token) => token.Trim().Length == 0 ? "␣" : OneLine.Of(token.Trim());

    // Cells of a terminal: East Asian characters and emoji take two, marks none.
    private static int Cells(string text)
    {
        int cells = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            cells += category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
                : rune.Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF
                    or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 and <= 0x1FAFF ? 2 : 1;
        }
        return cells;
    }
}
