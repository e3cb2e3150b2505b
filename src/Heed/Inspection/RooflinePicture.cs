using System.Globalization;
using Heed.Kernels;

namespace Heed;

/// <summary>A roofline: where kernels stand under the limits of a machine, as an SVG picture.</summary>
/// <remarks>
/// <para>Across: operations for each byte that must be read; up: GFLOP/s; both logarithmic. Slanted roofs are read bandwidths (memory, L3, L2), the
/// level one is the FMA peak. A kernel cannot stand above the roof of the memory that holds its data.</para>
/// <para>Source: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", 2009.</para>
/// </remarks>
public static class RooflinePicture
{
    private const double Left = 70, Top = 56, Width = 560, Height = 420, LowestIntensity = 1.0 / 32, HighestIntensity = 1024;
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>Draws the kernels on all threads.</summary>
    /// <param name="limits">What the machine can do.</param>
    /// <param name="figures">Figures of one number of threads: the machine's, or 1.</param>
    /// <returns>A whole SVG document, light or dark as the viewer prefers.</returns>
    public static string Draw(MachineLimits limits, IReadOnlyList<KernelFigure> figures)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(figures);
        bool isOne = figures.All(f => f.Threads == 1);
        int threads = isOne ? 1 : limits.Threads;
        double peak = isOne ? limits.PeakOneThread : limits.PeakAllThreads, highest = peak * 2;
        (string Name, double Rate)[] roofs = [.. new (string, ReadRate)[] { ("memory", limits.Memory), ("L3", limits.LastLevelCache), ("L2", limits.SecondLevelCache) }
            .Select(r => (r.Item1, isOne ? r.Item2.OneThread : r.Item2.AllThreads))];
        double lowest = Math.Min(figures.Select(f => f.OperationRate).DefaultIfEmpty(peak).Min(), roofs[0].Rate * LowestIntensity) / 2;
        double X(double intensity) => Left + (Width * Math.Log(intensity / LowestIntensity) / Math.Log(HighestIntensity / LowestIntensity));
        double Y(double rate) => Top + Height - (Height * Math.Log(rate / lowest) / Math.Log(highest / lowest));

        double total = Math.Max(Top + Height + 60, Top + (figures.Count * 19) + 60);
        SvgPage svg = new(1010, total, "Roofline of this machine", Left, string.Create(culture, $"Roofline: {threads} thread{(threads == 1 ? "" : "s")}, vectors of {limits.VectorBits} bits, FMA peak {peak:F0} GFLOP/s"));
        Grid(svg, X, Y, lowest, highest);
        Roofs(svg, X, Y, roofs, peak, lowest);
        Points(svg, X, Y, limits, figures);
        return svg.ToString();
    }

    private static void Grid(SvgPage svg, Func<double, double> x, Func<double, double> y, double lowest, double highest)
    {
        for (double intensity = LowestIntensity; intensity <= HighestIntensity; intensity *= 4)
            svg.Upward(x(intensity), Top, Top + Height, intensity < 1 ? string.Create(culture, $"1/{1 / intensity:F0}") : intensity.ToString("F0", culture));
        for (double rate = Math.Pow(10, Math.Ceiling(Math.Log10(lowest))); rate <= highest; rate *= 10)
            svg.Across(y(rate), Left, Left + Width, rate.ToString("0.##", culture));
        svg.Axes(Left, Top, Width, Height, "operations for each byte read", "GFLOP/s");
    }

    private static void Roofs(SvgPage svg, Func<double, double> x, Func<double, double> y, (string Name, double Rate)[] roofs, double peak, double lowest)
    {
        svg.Add($"<line class=\"r\" x1=\"{x(peak / roofs[^1].Rate):F1}\" y1=\"{y(peak):F1}\" x2=\"{Left + Width}\" y2=\"{y(peak):F1}\"/>");
        svg.Add($"<text class=\"s\" text-anchor=\"end\" x=\"{Left + Width - 4}\" y=\"{y(peak) - 6:F1}\">FMA peak {peak:F0} GFLOP/s</text>\n");
        for (int i = 0; i < roofs.Length; i++)
        {
            (string name, double rate) = roofs[i];
            double from = Math.Max(LowestIntensity, lowest / rate), to = peak / rate, at = from * Math.Pow(to / from, 0.28 + (0.18 * i));
            svg.Add($"<line class=\"r\" x1=\"{x(from):F1}\" y1=\"{y(from * rate):F1}\" x2=\"{x(to):F1}\" y2=\"{y(peak):F1}\"/>");
            double slope = Math.Atan2(y(to * rate) - y(from * rate), x(to) - x(from)) * 180 / Math.PI;
            svg.Add($"<text class=\"s\" text-anchor=\"middle\" transform=\"translate({x(at):F1} {y(at * rate) - 6:F1}) rotate({slope:F1})\">{name} {rate:F0} GB/s</text>\n");
        }
    }

    private static void Points(SvgPage svg, Func<double, double> x, Func<double, double> y, MachineLimits limits, IReadOnlyList<KernelFigure> figures)
    {
        for (int i = 0; i < figures.Count; i++)
        {
            KernelFigure figure = figures[i];
            double px = x(Math.Clamp(figure.Intensity, LowestIntensity, HighestIntensity)), py = y(figure.OperationRate), ly = Top + 12 + (i * 19);
            string tip = string.Create(culture, $"{figure.Kernel}: {figure.OperationRate:F1} GFLOP/s, {figure.ByteRate:F1} GB/s, {figure.Share(limits):P0} of {figure.Limit(limits)}");
            foreach ((double cx, double cy) in ((double, double)[])[(px, py), (Left + Width + 26, ly - 4)])
                svg.Add($"<g><title>{tip}</title><circle class=\"p\" cx=\"{cx:F1}\" cy=\"{cy:F1}\" r=\"8\"/><text class=\"n\" text-anchor=\"middle\" x=\"{cx:F1}\" y=\"{cy + 3.5:F1}\">{i + 1}</text></g>");
            svg.Add($"<text x=\"{Left + Width + 42}\" y=\"{ly:F1}\">{figure.Kernel}</text><text class=\"s\" text-anchor=\"end\" x=\"1000\" y=\"{ly:F1}\">{100 * figure.Share(limits):F0} %</text>\n");
        }
    }
}
