using System.Globalization;

namespace Heed;

/// <summary>What was measured, as sections of a report: the run by epochs, figures, classes, confusions, calibration.</summary>
public static class EvaluationSections
{
    private const int CoverageSteps = 50, CurvesOfChart = 4, RecallCharts = 5, RecallPoints = 50;
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>The curves of a training run: losses, and the share of dev rows that is right.</summary>
    /// <param name="epochs">What each epoch reached.</param>
    /// <param name="score">What the task's own score is called (<see cref="EpochReport.Score"/>); null where it has none.</param>
    /// <returns>No section for no epochs; a second one where there are shares, a third where there are scores.</returns>
    public static IEnumerable<ReportSection> OfTraining(IReadOnlyList<EpochReport> epochs, string? score = null)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        if (epochs.Count == 0)
            yield break;
        Curve Line(string name, Func<EpochReport, double> value) => new(name, [.. epochs.Select(e => new CurvePoint(e.Epoch, value(e), ""))]);
        (double, double)? across = epochs.Count == 1 ? (0, 2) : null;
        yield return new ReportChart("Loss by epoch", "epoch", "loss", [Line("training", e => e.TrainLoss), Line("dev", e => e.DevLoss)])
        {
            AcrossRange = across,
            IsCount = true,
            Note = string.Create(culture, $"The best epoch, whose weights were kept: {epochs.LastOrDefault(e => e.IsBest)?.Epoch ?? epochs.Count}."),
        };
        Curve[] shares = [.. new[] { Line("accuracy", e => e.Accuracy), Line("macro F1", e => e.MacroF1) }.Where(curve => curve.Points.Any(p => double.IsFinite(p.Y)))];
        if (shares.Length > 0)
            yield return new ReportChart("Dev rows by epoch", "epoch", "share", shares) { AcrossRange = across, IsCount = true };
        if (score is not null && epochs.Any(e => e.Score is { } value && double.IsFinite(value)))
            yield return new ReportChart($"Dev {score} by epoch", "epoch", score, [Line(score, e => e.Score ?? double.NaN)]) { AcrossRange = across, IsCount = true };
    }

    /// <summary>Everything that an evaluation says.</summary>
    /// <param name="report">The evaluation.</param>
    public static IEnumerable<ReportSection> Of(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report switch
        {
            ClassificationReport classes => Of(classes),
            LabelSetReport sets => Of(sets),
            _ => [Figures([.. report.ToString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (Before(line), After(line)))])],
        };
    }

    /// <summary>The classes of a segmentation: intersection over union as bars, and what pixels are taken for.</summary>
    /// <param name="report">The evaluation.</param>
    public static IEnumerable<ReportSection> Of(SegmentationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        int classes = report.Classes.Count;
        yield return new ReportBars("Classes", "Intersection over union of each class", ["name", ">IoU", ">pixels"], [.. report.Classes.Select(c => new ReportBar(c.Label, c.Iou, [c.Pixels.ToString("N0", culture)]))])
        {
            Mark = report.MeanIou, Note = string.Create(culture, $"The dashed line is their mean, {report.MeanIou:F4}."),
        };
        yield return new ReportConfusion("Confusion matrix", [.. report.Classes.Select(c => c.Label)], [.. Enumerable.Range(0, classes * classes).Select(i => report.Confusion(i / classes, i % classes))]) { ShowsShares = true, Unit = "pixels" };
    }

    /// <summary>The classes of a detection: average precision as bars, and precision over recall.</summary>
    /// <param name="report">The evaluation.</param>
    public static IEnumerable<ReportSection> Of(DetectionReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        yield return new ReportBars("Classes", "Average precision of each class", ["name", ">AP@0.5 (VOC)", ">AP@0.5:0.95 (COCO)", ">boxes"],
            [.. report.Classes.Select(c => new ReportBar(c.Label, c.VocPrecision, [double.IsNaN(c.CocoPrecision) ? "" : c.CocoPrecision.ToString("F4", culture), c.BoxCount.ToString("N0", culture)]))])
        {
            Mark = report.VocPrecision, Note = string.Create(culture, $"The dashed line is the mean AP@0.5 of the classes that have boxes, {report.VocPrecision:F4}."),
        };
        // A chart tells four curves apart; the classes with the most boxes come first.
        BoxClassScore[] drawn = [.. report.Classes.Where(c => c.BoxCount > 0).OrderByDescending(c => c.BoxCount).Take(CurvesOfChart * RecallCharts)];
        int chart = 0, charts = (drawn.Length + CurvesOfChart - 1) / CurvesOfChart;
        foreach (BoxClassScore[] together in drawn.Chunk(CurvesOfChart))
        {
            chart++;
            yield return new ReportChart(charts == 1 ? "Precision and recall" : string.Create(culture, $"Precision and recall, {chart} of {charts}"), "recall", "precision", [.. together.Select(Recalled)])
            {
                AcrossRange = (0, 1),
                UpRange = (0, 1),
                Note = "Boxes of a class from the surest on, right at an overlap of 0.5 as Pascal VOC counts; the area below a curve is its AP@0.5."
                    + (chart == 1 && drawn.Length < report.Classes.Count(c => c.BoxCount > 0) ? string.Create(culture, $" The {drawn.Length} classes with the most boxes are here.") : ""),
            };
        }
    }

    // From recall 0 on, and no more points than can be told apart.
    private static Curve Recalled(BoxClassScore score)
    {
        List<CurvePoint> points = [];
        for (int i = 0; i < score.Curve.Count; i++)
        {
            RecallPoint p = score.Curve[i];
            if (points.Count == 0 || i == score.Curve.Count - 1 || p.Recall - points[^1].X >= 1.0 / RecallPoints)
                points.Add(new CurvePoint(p.Recall, p.Precision, string.Create(culture, $"{score.Label}: of boxes with a score from {p.Score:F3} on precision {p.Precision:F3}, recall {p.Recall:F3}")));
        }
        if (points.Count > 0)
            points.Insert(0, points[0] with { X = 0 });
        return new Curve(score.Label, points);
    }

    private static IEnumerable<ReportSection> Of(ClassificationReport report)
    {
        List<(string, string)> figures = [("rows", report.RowCount.ToString("N0", culture)), ("accuracy", report.Accuracy.ToString()), ("macro F1", report.MacroF1.ToString())];
        if (double.IsFinite(report.Loss))
            figures.Add(("loss", report.Loss.ToString("F4", culture)));
        if (report.IsOrdered)
            figures.Add(("off by, in classes", string.Create(culture, $"{report.MeanAbsoluteError:F3} in the mean; quadratic kappa {report.QuadraticKappa:F3}")));
        foreach (BaselineScore b in report.Baselines)
            figures.Add((b.Name, $"accuracy {b.Accuracy}, macro F1 {b.MacroF1}" + (b.Verdict.Length > 0 ? $"; {b.Verdict}" : "")));
        yield return Figures(figures);
        yield return Classes("Classes", report.Classes);
        yield return new ReportConfusion("Confusion matrix", report.Labels, [.. Enumerable.Range(0, report.Labels.Count * report.Labels.Count).Select(i => (long)report.Confusion(i / report.Labels.Count, i % report.Labels.Count))]);
        if (report.Calibration is not { } calibration)
            yield break;
        yield return new ReportChart("Calibration", "mean probability of the answers", "share that is right",
            [new("answers in bins of equal width", [.. calibration.Bins.Select(b => new CurvePoint(b.MeanConfidence, b.Accuracy, string.Create(culture, $"{b.Count:N0} answers with probability {b.MeanConfidence:F3} in the mean: {b.Accuracy:F3} right")))])])
        {
            AcrossRange = (0, 1),
            UpRange = (0, 1),
            HasDiagonal = true,
            Note = string.Create(culture, $"On the dashed line probabilities mean what they say. Expected calibration error {calibration.ExpectedError:F3}."),
        };
        CoveragePoint[] points = [.. Enumerable.Range(0, CoverageSteps + 1).Select(i => calibration.At(i / (double)CoverageSteps)).Where(p => p.Coverage > 0).DistinctBy(p => p.Coverage)];
        yield return new ReportChart("Coverage and accuracy", "share of rows that are answered", "share of them that is right",
            [new("leaving out the least certain", [.. points.Select(p => new CurvePoint(p.Coverage, p.Accuracy, string.Create(culture, $"probability from {p.Threshold:F2}: {100 * p.Coverage:F1} % answered, {100 * p.Accuracy:F1} % of them right")))])])
        {
            AcrossRange = (0, 1),
            UpRange = (Math.Floor(10 * points.Min(p => p.Accuracy)) / 10 is var low && low < 1 ? low : 0.9, 1),
            Note = "What is gained by leaving out the answers that the model is unsure of.",
        };
    }

    private static IEnumerable<ReportSection> Of(LabelSetReport report)
    {
        List<(string, string)> figures = [("rows", report.RowCount.ToString("N0", culture)), ("micro F1", report.MicroF1.ToString()), ("macro F1", report.MacroF1.ToString("F3", culture)), ("exact match", report.ExactMatch.ToString())];
        if (report.Baseline is { } simple)
            figures.Add((report.BaselineName ?? "beside it", $"micro F1 {simple.MicroF1}, exact match {simple.ExactMatch}"));
        yield return Figures(figures);
        yield return Classes("Labels", report.Labels);
    }

    internal static ReportTable Figures(IReadOnlyList<(string Name, string Value)> figures) =>
        new("Figures", figures.Any(f => f.Value.Contains('[', StringComparison.Ordinal)) ? "Figures with 95 % intervals" : "Figures", ["figure", "value"], [.. figures.Select(f => new[] { f.Name, f.Value })]);

    private static ReportTable Classes(string title, IReadOnlyList<ClassScore> classes) => new(title, "How well each was found",
        ["name", ">precision", ">recall", ">F1", ">PR-AUC", ">rows"],
        [.. classes.Select(c => new[] { c.Label, Share(c.Precision), Share(c.Recall), Share(c.F1), Share(c.AveragePrecision), c.Support.ToString("N0", culture) })]);

    private static string Share(double value) => double.IsNaN(value) ? "" : value.ToString("F3", culture);

    // Reports for people separate a name and its figures by two spaces or a colon.
    private static string Before(string line) => Cut(line) is var at && at > 0 ? line[..at].Trim() : line.Trim();

    private static string After(string line) => Cut(line) is var at && at > 0 ? line[at..].TrimStart(':', ' ') : "";

    private static int Cut(string line) => Math.Max(line.TrimStart().IndexOf("  ", StringComparison.Ordinal) + line.Length - line.TrimStart().Length, line.IndexOf(": ", StringComparison.Ordinal));
}
