namespace Heed;

/// <summary>One share for each name, as a table with a bar beside each figure.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Caption">What the table shows.</param>
/// <param name="Columns">Headings of name, share and further figures; those of figures begin with <c>&gt;</c>.</param>
/// <param name="Bars">The bars, in the order in which they are shown.</param>
public sealed record ReportBars(string Title, string Caption, IReadOnlyList<string> Columns, IReadOnlyList<ReportBar> Bars) : ReportSection(Title)
{
    private const double Width = 200, Height = 16;

    /// <summary>Where a line is drawn across all bars, as their mean; null for none.</summary>
    /// <value>Default null.</value>
    public double? Mark { get; init; }

    internal override void Write(HtmlWriter html, string id)
    {
        html.Start("div", ("class", "wide"), ("tabindex", "0"), ("role", "region"), ("aria-label", Caption)).Start("table", ("class", "bars")).Element("caption", Caption).Start("thead").Start("tr");
        for (int c = 0; c < Columns.Count; c++)
        {
            html.Element("th", Columns[c].TrimStart('>'), ("scope", "col"), ("class", Columns[c].StartsWith('>') ? "num" : null));
            if (c == 1)
                html.Element("td", "");
        }
        html.End().End().Start("tbody").Line();
        foreach (ReportBar bar in Bars.Take(ReportLimits.TableRows))
        {
            string figure = double.IsFinite(bar.Share) ? FormattableString.Invariant($"{bar.Share:F4}") : "";
            html.Start("tr").Element("th", bar.Name, ("scope", "row"), ("dir", "auto")).Element("td", figure, ("class", "num"));
            // The figure beside it says the same to those who do not see it.
            html.Start("td").Start("svg", ("class", "bar"), ("viewBox", FormattableString.Invariant($"0 0 {Width} {Height}")), ("aria-hidden", "true"), ("data-tip", $"{bar.Name}: {figure}"));
            html.Element("rect", "", ("class", "track"), ("width", N(Width)), ("height", N(Height)), ("rx", "3"));
            html.Element("rect", "", ("class", "fill"), ("width", N(Width * (double.IsFinite(bar.Share) ? Math.Clamp(bar.Share, 0, 1) : 0))), ("height", N(Height)), ("rx", "3"));
            if (Mark is { } mark && double.IsFinite(mark))
                html.Element("line", "", ("class", "mark"), ("x1", N(Width * mark)), ("x2", N(Width * mark)), ("y1", "0"), ("y2", N(Height)));
            html.End().End();
            foreach (string further in bar.Further)
                html.Element("td", further, ("class", "num"));
            html.End().Line();
        }
        html.End().End().End().Line();
        WriteCut(html, Math.Min(Bars.Count, ReportLimits.TableRows), Bars.Count, "rows");
    }

    private static string N(double value) => HtmlWriter.Number(value, 1);
}

/// <summary>One bar of <see cref="ReportBars"/>.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Share">From 0 to 1; NaN where there is none.</param>
/// <param name="Further">Figures behind it, as text.</param>
public sealed record ReportBar(string Name, double Share, IReadOnlyList<string> Further);
