using System.Globalization;

namespace Heed;

/// <summary>Explanations and how faithful they are, as parts of a report.</summary>
public static class ExplanationSections
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>A text's explanations as one shaded text, a row a method.</summary>
    /// <param name="explanations">Of one text, by one method or several.</param>
    /// <exception cref="ArgumentException">There are none, or they are of several inputs or of a picture.</exception>
    public static ShadedText OfText(IReadOnlyList<Explanation> explanations)
    {
        Explanation first = First(explanations);
        if (first.GridRows > 0 || explanations.Any(e => e.Ranges.Count != first.Ranges.Count))
            throw new ArgumentException("ExplanationSections.OfText: the explanations are of a picture, or of texts with other tokens.", nameof(explanations));
        return new ShadedText(first.Source, first.Ranges, [.. explanations.Select(e => new WeightRow(e.Method, e.Scores) { Note = NoteOf(e) })])
        {
            Heading = first.Target,
            Facts = [("model", first.Model), ("value", first.Value.ToString("F4", culture))],
        };
    }

    /// <summary>A picture's explanations as maps over it, one a method.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="explanations">Of this picture, by one method or several.</param>
    /// <exception cref="ArgumentException">There are none, or they are of several inputs or of a text.</exception>
    public static PictureView OfPicture(Picture picture, IReadOnlyList<Explanation> explanations)
    {
        Explanation first = First(explanations);
        if (explanations.Any(e => e.GridRows < 1 || e.GridRows * e.GridColumns != e.Scores.Count))
            throw new ArgumentException("ExplanationSections.OfPicture: the explanations are of a text.", nameof(explanations));
        return new PictureView(picture, first.Source, [.. explanations.Select(e => new PictureMap(e.Method, e.GridRows, e.GridColumns, e.Scores.ToArray()))])
        {
            Facts = [("of", first.Target), ("value", first.Value.ToString("F4", culture))],
        };
    }

    /// <summary>Whether methods explain a model: their figures with verdicts, deletion and insertion by method, and how far methods agree.</summary>
    /// <param name="report">The figures.</param>
    public static IEnumerable<ReportSection> Of(FaithfulnessReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        MethodFaithfulness[] all = [.. report.Methods, report.Random];
        yield return new ReportTable("Do they explain?", string.Create(culture, $"{report.Count} inputs, removal by '{report.Removal}', means with 95 % intervals"),
            ["method", ">comprehensiveness", ">sufficiency", ">gap, compr.", ">gap, suff.", "verdict"],
            [.. all.Select(m => m == report.Random ? new[] { m.Method, m.Comprehensiveness.ToString(), m.Sufficiency.ToString(), "", "", "" }
                : [m.Method, m.Comprehensiveness.ToString(), m.Sufficiency.ToString(), m.ComprehensivenessGap.ToString(), m.SufficiencyGap.ToString(), FaithfulnessReport.Name(m.Verdict)])])
        { Note = FaithfulnessReport.Rule + "." };
        foreach (MethodFaithfulness[] part in report.Methods.Chunk(3))
        {
            yield return Chart("Deletion", "units taken away, highest scores first", "low is good", [.. part, report.Random], m => m.Deletion);
            yield return Chart("Insertion", "units put back, highest scores first", "high is good", [.. part, report.Random], m => m.Insertion);
        }
        yield return new ReportTable("Agreement", "Mean rank correlation of each two methods' scores", ["method", .. report.Methods.Select(m => ">" + m.Method)],
            [.. report.Methods.Select((m, i) => new[] { m.Method }.Concat(report.Methods.Select((_, j) => i == j ? "" : HtmlWriter.Number(report.Agreement[i, j].Value, 2))).ToArray())]);
    }

    private static ReportChart Chart(string title, string across, string note, MethodFaithfulness[] methods, Func<MethodFaithfulness, IReadOnlyList<double>> values) =>
        new(title, "share of " + across, "mean answer", [.. methods.Select(m => new Curve(m.Method, [.. values(m).Select((v, i) => new CurvePoint(i / (double)Math.Max(1, values(m).Count - 1), v, ""))]))])
        {
            AcrossRange = (0, 1),
            Note = $"Means over inputs; {note}.",
        };

    private static string NoteOf(Explanation explanation) => string.Join("; ", double.IsNaN(explanation.CompletenessGap) ? explanation.Notes : [.. explanation.Notes, string.Create(culture, $"completeness gap {explanation.CompletenessGap:G3}")]);

    private static Explanation First(IReadOnlyList<Explanation> explanations)
    {
        ArgumentNullException.ThrowIfNull(explanations);
        if (explanations.Count == 0 || explanations.Any(e => e.Source != explanations[0].Source || e.Target != explanations[0].Target))
            throw new ArgumentException("ExplanationSections: one explanation at least is required, all of the same input and target.", nameof(explanations));
        return explanations[0];
    }
}
