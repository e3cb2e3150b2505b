using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Heed.Cli;

/// <summary>A text with its tokens' weights: as background shades where there are colours, as marks like <c>[word 0.41]</c> where not.</summary>
internal sealed class WeightShading
{
    private const int Levels = 8;
    private const double MarkedShare = 0.4;
    private readonly Terminal terminal;
    private readonly IAnsiConsole? console;
    private readonly Style[] shades, against;

    public WeightShading(Terminal terminal)
    {
        this.terminal = terminal;
        console = terminal.HasColor ? Styled.Console(terminal, isWrapped: false) : null;
        shades = [.. Enumerable.Range(0, Levels + 1).Select(level => Shade(level, new Color(255, 140, 0)))];
        against = [.. Enumerable.Range(0, Levels + 1).Select(level => Shade(level, new Color(80, 170, 255)))];
    }

    /// <summary>Writes a prediction's text without line end; control characters become spaces.</summary>
    public void Write(TextPrediction prediction) => Write(prediction.Text, prediction.Weights);

    /// <summary>Writes a text without line end. Weights below 0 get shades of their own.</summary>
    public void Write(string source, IReadOnlyList<TokenWeight> weights)
    {
        string text = OneLine.Of(source);
        if (console is null)
            terminal.Out.Write(Mark(text, weights));
        else
            Paint(console, text, weights);
    }

    /// <summary>The text with its heaviest tokens in brackets; tokens that touch share a pair, with the sum of their weights, if these have one sign.</summary>
    public static string Mark(string text, IReadOnlyList<TokenWeight> weights)
    {
        float limit = (float)(Highest(weights) * MarkedShare);
        StringBuilder marked = new();
        int written = 0;
        for (int i = 0; i < weights.Count; i++)
        {
            if (Math.Abs(weights[i].Weight) < limit || weights[i].Weight == 0)
                continue;
            (int start, int end) = Place(weights[i], text);
            float sum = weights[i].Weight;
            for (; i + 1 < weights.Count && Math.Abs(weights[i + 1].Weight) >= limit && (weights[i + 1].Weight < 0) == (sum < 0) && Place(weights[i + 1], text).Start == end; i++)
                (sum, end) = (sum + weights[i + 1].Weight, Place(weights[i + 1], text).End);
            marked.Append(text, written, start - written);
            marked.Append('[').Append(text, start, end - start).Append(CultureInfo.InvariantCulture, $" {sum:F2}]");
            written = end;
        }
        return marked.Append(text, written, text.Length - written).ToString();
    }

    /// <summary>The shade of each character as readers see it (grapheme cluster), from 0 for none: its heaviest token's share of the highest
    /// weight, negative for a weight below 0.</summary>
    public static IReadOnlyList<(Range Range, int Level)> Levelled(string text, IReadOnlyList<TokenWeight> weights)
    {
        float highest = Highest(weights);
        int[] levels = new int[text.Length];
        foreach (TokenWeight token in weights)
            levels.AsSpan(token.Range).Fill(highest > 0 ? (int)Math.Round(Levels * token.Weight / highest) : 0);
        List<(Range, int)> runs = [];
        int start = 0, level = 0;
        for (int at = 0; at < text.Length;)
        {
            int length = StringInfo.GetNextTextElementLength(text, at), next = 0;
            foreach (int covered in levels.AsSpan(at, length))
                next = Math.Abs(covered) > Math.Abs(next) ? covered : next;
            if (next != level && at > start)
            {
                runs.Add((start..at, level));
                start = at;
            }
            level = next;
            at += length;
        }
        if (text.Length > start)
            runs.Add((start..text.Length, level));
        return runs;
    }

    private void Paint(IAnsiConsole painted, string text, IReadOnlyList<TokenWeight> weights)
    {
        foreach ((Range range, int level) in Levelled(text, weights))
            painted.Write(new Text(text[range], level < 0 ? against[-level] : shades[level]));
    }

    // From the terminal's background to orange, or to blue for what speaks against. Terminals that say which background they have say it in COLORFGBG; most are dark.
    private static Style Shade(int level, Color full)
    {
        if (level == 0)
            return Style.Plain;
        bool isLight = Environment.GetEnvironmentVariable("COLORFGBG")?.Split(';')[^1] is "15" or "7";
        double share = (double)level / Levels;
        Color background = Mix(isLight ? new Color(250, 245, 240) : new Color(25, 20, 15), full, share);
        return new Style(isLight || level > Levels / 2 ? Color.Black : Color.White, background);
    }

    private static Color Mix(Color from, Color to, double share)
    {
        static byte Between(byte a, byte b, double share) => (byte)Math.Round(a + ((b - a) * share));
        return new Color(Between(from.R, to.R, share), Between(from.G, to.G, share), Between(from.B, to.B, share));
    }

    private static float Highest(IReadOnlyList<TokenWeight> weights) => weights.Count == 0 ? 0 : weights.Max(w => Math.Abs(w.Weight));

    private static (int Start, int End) Place(TokenWeight token, string text) =>
        (token.Range.Start.GetOffset(text.Length), token.Range.End.GetOffset(text.Length));
}
