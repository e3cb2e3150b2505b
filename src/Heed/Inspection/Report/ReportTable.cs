namespace Heed;

/// <summary>A table of texts and figures.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Caption">What the table holds, for those who do not see the heading.</param>
/// <param name="Columns">The columns' names; figures stand to the right under a name that begins with <c>&gt;</c>.</param>
/// <param name="Rows">A field for each column; the first names the row.</param>
public sealed record ReportTable(string Title, string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportSection(Title)
{
    internal override bool IsNarrow => Columns.Count < 8 && Rows.Count <= 40;

    internal override void Write(HtmlWriter html, string id)
    {
        Write(html, Caption, Columns, Rows.Take(ReportLimits.TableRows));
        WriteCut(html, Math.Min(Rows.Count, ReportLimits.TableRows), Rows.Count, "rows");
    }

    internal static void Write(HtmlWriter html, string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        static (string, string?) Side(string column) => ("class", column.StartsWith('>') ? "num" : null);
        html.Start("div", ("class", "wide"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)).Start("table").Element("caption", caption).Start("thead").Start("tr");
        foreach (string column in columns)
            html.Element("th", column.TrimStart('>'), ("scope", "col"), Side(column));
        html.End().End().Start("tbody").Line();
        foreach (IReadOnlyList<string> row in rows)
        {
            html.Start("tr");
            for (int c = 0; c < columns.Count; c++)
            {
                if (c == 0)
                    html.Element("th", row[c], ("scope", "row"), ("dir", "auto"), Side(columns[c]));
                else
                    html.Element("td", row[c], ("dir", "auto"), Side(columns[c]));
            }
            html.End().Line();
        }
        html.End().End().End().Line();
    }
}
