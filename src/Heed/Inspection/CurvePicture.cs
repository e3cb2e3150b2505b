using System.Globalization;

namespace Heed;

/// <summary>A point of a curve.</summary>
/// <param name="X">Across; above 0 where the axis is logarithmic.</param>
/// <param name="Y">Up.</param>
/// <param name="Label">What it is.</param>
public readonly record struct CurvePoint(double X, double Y, string Label);

/// <summary>A curve by its points.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Points">In the order in which they are joined; one alone stands for itself.</param>
public sealed record Curve(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>One diagram of a picture.</summary>
/// <param name="Across">What the axis across shows; logarithmic.</param>
/// <param name="Up">What the axis upward shows; from 0 to 1.</param>
/// <param name="Curves">Up to three.</param>
public sealed record CurvePanel(string Across, string Up, IReadOnlyList<Curve> Curves);

/// <summary>Curves of shares (accuracy) over a cost, as an SVG picture: several diagrams side by side, the cost on a logarithmic axis.</summary>
public static class CurvePicture
{
    private const double Left = 70, Top = 76, Width = 400, Height = 300, Step = 500;

    /// <summary>Draws the diagrams.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="panels">Side by side.</param>
    /// <returns>A whole SVG document, light or dark as the viewer prefers.</returns>
    /// <exception cref="ArgumentException">A point has no positive X.</exception>
    public static string Draw(string title, IReadOnlyList<CurvePanel> panels)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(panels);
        SvgPage page = new((panels.Count * Step) + 20, Top + Height + 60, title, Left, title);
        for (int i = 0; i < panels.Count; i++)
            Draw(page, Left + (i * Step), panels[i]);
        return page.ToString();
    }

    private static void Draw(SvgPage page, double left, CurvePanel panel)
    {
        CurvePoint[] all = [.. panel.Curves.SelectMany(c => c.Points)];
        if (all.Any(p => !(p.X > 0)))
            throw new ArgumentException("CurvePicture: the axis across is logarithmic; every X must be above 0.", nameof(panel));
        double lowest = all.Select(p => p.X).DefaultIfEmpty(1).Min() / 1.25, highest = all.Select(p => p.X).DefaultIfEmpty(1).Max() * 1.25;
        double X(double x) => left + (Width * Math.Log(x / lowest) / Math.Log(highest / lowest));
        double Y(double y) => Top + (Height * (1 - y));

        foreach (double mark in Marks(lowest, highest))
            page.Upward(X(mark), Top, Top + Height, mark.ToString("0.####", CultureInfo.InvariantCulture));
        for (int tenths = 0; tenths <= 10; tenths += 2)
            page.Across(Y(tenths / 10.0), left, left + Width, FormattableString.Invariant($"{tenths * 10} %"));
        page.Axes(left, Top, Width, Height, panel.Across, panel.Up);
        for (int c = 0; c < panel.Curves.Count; c++)
        {
            Curve curve = panel.Curves[c];
            page.Add($"<circle class=\"p p{c}\" cx=\"{left + 6 + (c * 130)}\" cy=\"{Top - 20}\" r=\"5\"/><text x=\"{left + 16 + (c * 130)}\" y=\"{Top - 16}\">{curve.Name}</text>\n");
            string line = string.Join(' ', curve.Points.Select(p => FormattableString.Invariant($"{X(p.X):F1},{Y(p.Y):F1}")));
            page.Add($"<polyline class=\"r r{c}\" points=\"{line}\"/>\n");
            foreach (CurvePoint p in curve.Points)
                page.Add($"<g><title>{curve.Name} {p.Label}: {p.X:G4}, {p.Y:P1}</title><circle class=\"p p{c}\" cx=\"{X(p.X):F1}\" cy=\"{Y(p.Y):F1}\" r=\"5\"/><text class=\"s\" x=\"{X(p.X) + 8:F1}\" y=\"{Y(p.Y) + 14:F1}\">{p.Label}</text></g>\n");
        }
    }

    // 1, 2 and 5 times powers of ten within the bounds; powers of ten alone where these are many.
    private static IEnumerable<double> Marks(double lowest, double highest)
    {
        int[] steps = highest / lowest > 200 ? [1] : [1, 2, 5];
        for (int power = (int)Math.Floor(Math.Log10(lowest)); power <= Math.Log10(highest); power++)
        {
            foreach (int step in steps)
            {
                double mark = step * Math.Pow(10, power);
                if (mark >= lowest && mark <= highest)
                    yield return mark;
            }
        }
    }
}
