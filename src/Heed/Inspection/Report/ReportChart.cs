namespace Heed;

/// <summary>Curves over one axis, drawn, and beside it as a table.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Across">What the axis across shows.</param>
/// <param name="Up">What the axis upward shows.</param>
/// <param name="Curves">Up to four.</param>
public sealed record ReportChart(string Title, string Across, string Up, IReadOnlyList<Curve> Curves) : ReportSection(Title)
{
    private const double Left = 70, Top = 14, Width = 520, Height = 260;

    /// <summary>The ends of the axis across; null as the points need.</summary>
    public (double Low, double High)? AcrossRange { get; init; }

    /// <summary>The ends of the axis upward; null as the points need.</summary>
    public (double Low, double High)? UpRange { get; init; }

    /// <summary>Whether the axis across counts, so that its marks are whole numbers.</summary>
    public bool IsCount { get; init; }

    /// <summary>Whether the line on which both axes are equal is drawn.</summary>
    public bool HasDiagonal { get; init; }

    internal override bool IsNarrow => true;

    internal override void Write(HtmlWriter html, string id)
    {
        CurvePoint[] all = [.. Curves.SelectMany(c => c.Points).Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        if (all.Length == 0)
        {
            html.Element("p", "There are no points to draw.").Line();
            return;
        }
        (double lowX, double highX) = AcrossRange ?? Ends(all.Select(p => p.X));
        (double lowY, double highY) = UpRange ?? Ends(all.Select(p => p.Y));
        double X(double x) => Left + (Width * (x - lowX) / (highX - lowX));
        double Y(double y) => Top + (Height * (1 - ((y - lowY) / (highY - lowY))));

        html.Start("figure", ("class", "chart")).Start("ul", ("class", "legend"));
        for (int c = 0; c < Curves.Count; c++)
            html.Start("li").Element("span", "", ("class", FormattableString.Invariant($"key k{c % 4}"))).Text(Curves[c].Name).End();
        html.End().Line();
        html.Start("svg", ("viewBox", $"0 0 {N(Left + Width + 16)} {N(Top + Height + 46)}"), ("role", "img"), ("aria-label", $"{Title}: {Up} over {Across}. The table below holds the values.")).Line();
        foreach (double mark in Marks(lowX, highX).Where(m => !IsCount || m == Math.Round(m)))
            Grid(html, X(mark), Top, X(mark), Top + Height, X(mark), Top + Height + 18, "middle", mark);
        foreach (double mark in Marks(lowY, highY))
            Grid(html, Left, Y(mark), Left + Width, Y(mark), Left - 8, Y(mark) + 5, "end", mark);
        html.Element("text", Across, ("x", N(Left + (Width / 2))), ("y", N(Top + Height + 38)), ("text-anchor", "middle"));
        html.Element("text", Up, ("transform", $"translate(16 {N(Top + (Height / 2))}) rotate(-90)"), ("text-anchor", "middle")).Line();
        if (HasDiagonal)
            html.Element("line", "", ("class", "diagonal"), ("x1", N(X(lowX))), ("y1", N(Y(lowX))), ("x2", N(X(highX))), ("y2", N(Y(highX))));
        for (int c = 0; c < Curves.Count; c++)
            Draw(html, Curves[c], FormattableString.Invariant($"k{c % 4}"), X, Y);
        html.End().Start("details").Element("summary", "Values");
        ReportTable.Write(html, $"{Title}: {Up} over {Across}", [Across, .. Curves.Select(c => ">" + c.Name)], Table());
        html.End().End().Line();
    }

    private static void Draw(HtmlWriter html, Curve curve, string key, Func<double, double> x, Func<double, double> y)
    {
        CurvePoint[] points = [.. curve.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        html.Element("polyline", "", ("class", "curve " + key), ("points", string.Join(' ', points.Select(p => $"{N(x(p.X))},{N(y(p.Y))}"))));
        foreach (CurvePoint p in points)
        {
            string tip = p.Label.Length > 0 ? p.Label : $"{curve.Name}: {HtmlWriter.Number(p.Y)} at {HtmlWriter.Number(p.X)}";
            html.Element("circle", "", ("class", "point " + key), ("cx", N(x(p.X))), ("cy", N(y(p.Y))), ("r", "3.5"), ("data-tip", tip));
        }
        html.Line();
    }

    private static void Grid(HtmlWriter html, double x1, double y1, double x2, double y2, double x, double y, string anchor, double mark) =>
        html.Element("line", "", ("class", "grid"), ("x1", N(x1)), ("y1", N(y1)), ("x2", N(x2)), ("y2", N(y2)))
            .Element("text", HtmlWriter.Number(mark), ("class", "soft"), ("x", N(x)), ("y", N(y)), ("text-anchor", anchor));

    // A row for each X that a curve has.
    private IEnumerable<IReadOnlyList<string>> Table()
    {
        foreach (double x in Curves.SelectMany(c => c.Points).Select(p => p.X).Distinct().Order().Take(ReportLimits.TableRows))
            yield return [HtmlWriter.Number(x), .. Curves.Select(c => c.Points.Where(p => p.X == x).Select(p => HtmlWriter.Number(p.Y)).FirstOrDefault(""))];
    }

    private static (double Low, double High) Ends(IEnumerable<double> values)
    {
        (double low, double high) = (values.Min(), values.Max());
        double room = high > low ? 0.04 * (high - low) : Math.Max(0.5, 0.1 * Math.Abs(high));
        return (low - room, high + room);
    }

    // 1, 2 or 5 times a power of ten apart, four to nine of them.
    private static IEnumerable<double> Marks(double low, double high)
    {
        double rough = (high - low) / 6, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
        for (double mark = Math.Ceiling((low / step) - 1e-9) * step; mark <= high + (1e-9 * step); mark += step)
            yield return Math.Abs(mark) < 1e-9 * step ? 0 : Math.Round(mark, 10);
    }

    private static string N(double value) => HtmlWriter.Number(value, 1);
}
