using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>Texts shaded by what their tokens weigh, with the exact values on hover, by keyboard and as tables.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Texts">The texts.</param>
public sealed record ReportTexts(string Title, IReadOnlyList<ShadedText> Texts) : ReportSection(Title)
{
    internal override void Write(HtmlWriter html, string id)
    {
        bool isSigned = Texts.Any(t => t.Rows.Any(r => r.Weights.Any(w => w < 0)));
        WriteScale(html, isSigned);
        for (int i = 0; i < Math.Min(Texts.Count, ReportLimits.Texts); i++)
            Write(html, Texts[i], FormattableString.Invariant($"{id}t{i + 1}"));
        WriteCut(html, Math.Min(Texts.Count, ReportLimits.Texts), Texts.Count, "texts");
    }

    private static void WriteScale(HtmlWriter html, bool isSigned)
    {
        html.Start("p", ("class", "scale"));
        for (int level = isSigned ? -ReportAssets.Levels : 0; level <= ReportAssets.Levels; level++)
        {
            string text = level == -ReportAssets.Levels ? "against" : level == 0 ? "0" : level == ReportAssets.Levels ? isSigned ? "for" : "highest of the text" : "";
            html.Element("span", text, ("class", ("step " + ReportAssets.ClassOf(level)).TrimEnd()));
        }
        html.Text(" Each row of weights is shaded by its own largest value. Point at a token, or move to a text and use the arrow keys, for the exact value.").End().Line();
    }

    private static void Write(HtmlWriter html, ShadedText text, string id)
    {
        html.Start("article", ("class", "text"), ("aria-labelledby", id)).Element("h3", text.Heading.Length > 0 ? text.Heading : "Text", ("id", id), ("dir", "auto"));
        if (text.Facts.Count > 0)
        {
            html.Start("p", ("class", "facts"));
            foreach ((string name, string value) in text.Facts)
                html.Start("span").Text(name + " ").Element("strong", value, ("dir", "auto")).End().Text(" ");
            html.End();
        }
        IReadOnlyList<(int Start, int End, int[] Tokens)> parts = text.Parts(ReportLimits.Characters);
        WeightRow[] rows = [.. text.Rows.Take(ReportLimits.Rows)];
        WriteTokens(html, text.Text, parts, rows.FirstOrDefault(), id);
        foreach (WeightRow row in rows)
        {
            html.Element("span", row.Note, ("hidden", ""), ("class", "row"), ("data-name", row.Name), ("data-v", Values(row, parts)));
            if (row.Note.Length > 0)
                html.Start("p", ("class", "note")).Element("strong", row.Name).Text(": " + row.Note).End();
        }
        if (text.Text.Length > ReportLimits.Characters)
            html.Element("p", FormattableString.Invariant($"The first {ReportLimits.Characters:N0} of {text.Text.Length:N0} characters are shown."), ("class", "cut"));
        WriteCut(html, rows.Length, text.Rows.Count, "rows of weights");
        html.End().Line();
    }

    private static void WriteTokens(HtmlWriter html, string text, IReadOnlyList<(int Start, int End, int[] Tokens)> parts, WeightRow? row, string id)
    {
        float[] weights = row is null ? new float[parts.Count] : [.. parts.Select(p => p.Tokens.Sum(t => row.Weights[t]))];
        float largest = weights.Length == 0 ? 0 : weights.Max(w => float.IsFinite(w) ? Math.Abs(w) : 0);
        html.Start("p", ("class", "tokens"), ("dir", "auto"), ("role", "group"), ("aria-labelledby", id));
        int written = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            html.Text(text.AsSpan(written, parts[i].Start - written));
            html.Element("b", text.AsSpan(parts[i].Start, parts[i].End - parts[i].Start), ("class", ReportAssets.ClassOf(ReportAssets.Level(weights[i], largest))));
            written = parts[i].End;
        }
        int end = Math.Max(written, Math.Min(text.Length, ReportLimits.Characters));
        html.Text(text.AsSpan(written, end - written)).End();
    }

    // Tokens that one character holds together add up, as all weights and scores of tokens do.
    private static string Values(WeightRow row, IReadOnlyList<(int Start, int End, int[] Tokens)> parts)
    {
        StringBuilder values = new();
        foreach ((_, _, int[] tokens) in parts)
            values.Append(values.Length > 0 ? " " : "").Append(tokens.Sum(t => row.Weights[t]).ToString("G4", CultureInfo.InvariantCulture));
        return values.ToString();
    }
}
