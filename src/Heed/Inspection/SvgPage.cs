using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>What the pictures have in common: an SVG document in one style, light or dark as the viewer prefers; a grid with labels.</summary>
internal sealed class SvgPage
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;
    private readonly StringBuilder text = new();

    /// <summary>Starts a document.</summary>
    public SvgPage(double width, double height, string label, double left, string title)
    {
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:F0}\" height=\"{height:F0}\" viewBox=\"0 0 {width:F0} {height:F0}\" role=\"img\" aria-label=\"{label}\">\n");
        text.Append("<style>svg{background:#fff;font:13px system-ui,sans-serif}text{fill:#222}.s{fill:#666;font-size:12px}.g{stroke:#e4e4e4}.r{stroke:#0b6e99;stroke-width:2;fill:none}.p{fill:#c8501e}.n{fill:#fff;font-size:10px;font-weight:600}")
            .Append(".r1{stroke:#c8501e}.r2{stroke:#3c7d2c}.p0{fill:#0b6e99}.p2{fill:#3c7d2c}")
            .Append("@media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#e8e8e8}.s{fill:#a0a0a0}.g{stroke:#2c3036}.r{stroke:#5ab4dc}.p{fill:#e8804e}.n{fill:#16181c}.r1{stroke:#e8804e}.r2{stroke:#8ccf78}.p0{fill:#5ab4dc}.p2{fill:#8ccf78}}</style>\n");
        Add($"<text x=\"{left}\" y=\"24\" style=\"font-size:16px;font-weight:600\">{title}</text>\n");
    }

    /// <summary>Adds what is written, numbers in the invariant form.</summary>
    public void Add(FormattableString part) => text.Append(part.ToString(culture));

    /// <summary>A line of the grid upward, with its label below.</summary>
    public void Upward(double x, double top, double bottom, string label) =>
        Add($"<line class=\"g\" x1=\"{x:F1}\" x2=\"{x:F1}\" y1=\"{top}\" y2=\"{bottom}\"/><text class=\"s\" text-anchor=\"middle\" x=\"{x:F1}\" y=\"{bottom + 18}\">{label}</text>\n");

    /// <summary>A line of the grid across, with its label on the left.</summary>
    public void Across(double y, double left, double right, string label) =>
        Add($"<line class=\"g\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:F1}\" y2=\"{y:F1}\"/><text class=\"s\" text-anchor=\"end\" x=\"{left - 8}\" y=\"{y + 4:F1}\">{label}</text>\n");

    /// <summary>What the axes show.</summary>
    public void Axes(double left, double top, double width, double height, string across, string up)
    {
        Add($"<text class=\"s\" text-anchor=\"middle\" x=\"{left + (width / 2)}\" y=\"{top + height + 42}\">{across}</text>");
        Add($"<text class=\"s\" text-anchor=\"middle\" transform=\"translate({left - 50} {top + (height / 2)}) rotate(-90)\">{up}</text>\n");
    }

    /// <summary>The whole document.</summary>
    public override string ToString() => text + "</svg>\n";
}
