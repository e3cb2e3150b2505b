namespace Heed;

/// <summary>Matrices of weights between tokens, as a matrix and as lines: alignments of translations, affinities of pairs, single heads.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Matrices">The matrices; each has its own tokens.</param>
public sealed record ReportMatrices(string Title, IReadOnlyList<WeightMatrix> Matrices) : ReportSection(Title)
{
    internal override void Write(HtmlWriter html, string id)
    {
        int shown = Math.Min(Matrices.Count, ReportLimits.Matrices);
        for (int i = 0; i < shown; i++)
        {
            WeightMatrix matrix = Matrices[i].Cut(ReportLimits.MatrixSide);
            string heading = FormattableString.Invariant($"{id}m{i + 1}");
            html.Start("article", [("class", "matrix"), ("aria-labelledby", heading), .. Data(matrix)]).Element("h3", matrix.Name, ("id", heading), ("dir", "auto"));
            if (matrix.Facts.Count > 0)
            {
                html.Start("p", ("class", "facts"));
                foreach ((string name, string value) in matrix.Facts)
                    html.Start("span").Text(name + " ").Element("strong", value, ("dir", "auto")).End().Text(" ");
                html.End();
            }
            WeightMatrix.WriteTokens(html, "q", matrix.Rows);
            WeightMatrix.WriteTokens(html, "k", matrix.Columns);
            html.Element("div", "", ("class", "views"));
            WriteCut(html, matrix.Rows.Count, Matrices[i].Rows.Count, "rows");
            WriteCut(html, matrix.Columns.Count, Matrices[i].Columns.Count, "columns");
            html.End().Line();
        }
        WriteCut(html, shown, Matrices.Count, "matrices");
    }

    /// <summary>A matrix as attributes that the page's script reads.</summary>
    internal static (string Name, string? Value)[] Data(WeightMatrix matrix)
    {
        (string largest, string packed) = matrix.Pack();
        return [("data-r", HtmlWriter.Number(matrix.Rows.Count)), ("data-k", HtmlWriter.Number(matrix.Columns.Count)), ("data-max", largest), ("data-w", packed)];
    }
}
