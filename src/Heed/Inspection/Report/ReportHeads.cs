namespace Heed;

/// <summary>The heads of a Transformer's layers as a grid of small matrices; each opens large, with lines between its tokens.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Layers">The layers' names, from the first.</param>
/// <param name="Heads">For each layer its heads' matrices, all over the same tokens.</param>
public sealed record ReportHeads(string Title, IReadOnlyList<string> Layers, IReadOnlyList<IReadOnlyList<WeightMatrix>> Heads) : ReportSection(Title)
{
    internal override void Write(HtmlWriter html, string id)
    {
        WeightMatrix? first = Heads.SelectMany(h => h).FirstOrDefault();
        if (first is null)
        {
            html.Element("p", "There are no heads to show.").Line();
            return;
        }
        WeightMatrix cut = first.Cut(ReportLimits.MatrixSide);
        int layers = Math.Clamp(ReportLimits.Weights / Math.Max(1, cut.Weights.Length * Heads.Max(h => h.Count)), 1, Layers.Count), columns = Heads.Max(h => h.Count);
        html.Element("p", "A layer is a row, a head a column. In each small matrix the rows are the tokens that look, from the first to the last; the stronger the shade, the more weight. Arrow keys move between heads, Enter opens one, Escape closes it.", ("class", "note"));
        html.Start("div", ("class", "heads"));
        WeightMatrix.WriteTokens(html, "q", cut.Rows);
        WeightMatrix.WriteTokens(html, "k", cut.Columns);
        html.Start("div", ("class", "wide")).Start("table", ("class", "grid")).Element("caption", "Layers down, heads across");
        html.Start("thead").Start("tr").Element("td", "");
        for (int head = 0; head < columns; head++)
            html.Element("th", HtmlWriter.Number(head), ("scope", "col"));
        html.End().End().Start("tbody").Line();
        for (int layer = 0; layer < layers; layer++)
        {
            html.Start("tr").Element("th", Layers[layer], ("scope", "row"));
            foreach (WeightMatrix head in Heads[layer])
                html.Start("td").Start("button", [("type", "button"), ("class", "head"), ("aria-label", head.Name), ("data-facts", string.Join(" · ", head.Facts.Select(f => $"{f.Name} {f.Value}"))), .. ReportMatrices.Data(head.Cut(ReportLimits.MatrixSide))]).End().End();
            html.End().Line();
        }
        html.End().End().End().Start("div", ("class", "large"), ("hidden", ""), ("role", "region"), ("aria-label", "One head, large")).End().End().Line();
        WriteCut(html, layers, Layers.Count, "layers");
        WriteCut(html, cut.Rows.Count, first.Rows.Count, "tokens that look");
        WriteCut(html, cut.Columns.Count, first.Columns.Count, "tokens that are looked at");
    }
}
