using System.Globalization;
using System.Text;

namespace Heed;

/// <content>The report as a table for people.</content>
public sealed partial class ClassificationReport
{
    private const int LabelWidth = 30;
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(culture, $"rows      {RowCount}\naccuracy  {Accuracy}\nmacro F1  {MacroF1}\n");
        if (!double.IsNaN(Loss))
            text.Append(culture, $"loss      {Loss:F4}\n");
        if (IsOrdered)
            text.Append(culture, $"off by    {MeanAbsoluteError:F3} classes in the mean; quadratic kappa {QuadraticKappa:F3}\n");
        if (Calibration is not null)
            text.Append(culture, $"calibration error  {Calibration.ExpectedError:F3} (mean probability {Calibration.MeanConfidence:F3})\n");
        AppendClasses(text);
        if (Calibration is not null)
            AppendCoverage(text, Calibration);
        AppendBaselines(text);
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The table of classes, for several kinds of report.</summary>
    internal static void AppendClasses(StringBuilder text, IReadOnlyList<ClassScore> classes, string heading)
    {
        int width = Math.Clamp(classes.Max(c => c.Label.Length), heading.Length, LabelWidth);
        bool hasArea = classes.Any(c => !double.IsNaN(c.AveragePrecision));
        text.Append(culture, $"\n{heading.PadRight(width)}  precision  recall     F1{(hasArea ? "  PR-AUC" : "")}   rows\n");
        foreach (ClassScore c in classes)
        {
            string label = c.Label.Length > LabelWidth ? c.Label[..(LabelWidth - 1)] + "…" : c.Label, area = hasArea ? string.Create(culture, $"  {c.AveragePrecision,6:F3}") : "";
            text.Append(culture, $"{label.PadRight(width)}  {c.Precision,9:F3}  {c.Recall,6:F3}  {c.F1,5:F3}{area}  {c.Support,5}\n");
        }
    }

    private void AppendClasses(StringBuilder text) => AppendClasses(text, Classes, "class");

    private static void AppendCoverage(StringBuilder text, Calibration calibration)
    {
        text.Append("\nprobability at least  answered  accuracy\n");
        foreach (CoveragePoint point in calibration.Curve.Where(p => p.Coverage > 0))
            text.Append(culture, $"{point.Threshold,20:F2}  {100 * point.Coverage,7:F1}%  {point.Accuracy,8:F3}\n");
    }

    private void AppendBaselines(StringBuilder text)
    {
        if (Baselines.Count > 0)
            text.Append("\nbeside it\n");
        foreach (BaselineScore b in Baselines)
        {
            text.Append(culture, $"{b.Name}: accuracy {b.Accuracy}, macro F1 {b.MacroF1}\n");
            if (b.Test is not null)
                text.Append(culture, $"  difference {b.Test}\n  {b.Verdict}\n");
        }
    }
}
