using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>How well sets of labels were predicted: micro and macro F1, exact matches, each label.</summary>
/// <remarks>Micro F1 counts all (row, label) pairs together; its 95 % interval is a bootstrap over rows (1,000 draws, fixed seed), that of exact matches
/// is Wilson's. Labels without rows and without predictions do not count in macro F1.</remarks>
public sealed class LabelSetReport : EvaluationReport
{
    private readonly (int Hits, int Predicted, int Actual)[] rows;
    private readonly bool[] exact;

    /// <summary>Compares predictions with targets.</summary>
    /// <param name="targets">The true labels of each row, ascending.</param>
    /// <param name="predictions">The predicted ones, ascending.</param>
    /// <param name="labels">The labels' names.</param>
    /// <param name="probabilities">(rows, labels), for the areas under the precision–recall curves; null without.</param>
    /// <param name="loss">The mean loss, if known.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public LabelSetReport(IReadOnlyList<int[]> targets, IReadOnlyList<int[]> predictions, IReadOnlyList<string> labels, float[]? probabilities = null, double loss = double.NaN)
        : base(targets?.Count ?? 0)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(labels);
        if (targets.Count != predictions.Count || targets.Count == 0)
            throw new ArgumentException(FormattableString.Invariant($"LabelSetReport: {targets.Count} targets and {predictions.Count} predictions; the same number is required, at least one."), nameof(predictions));
        Loss = loss;
        rows = [.. targets.Zip(predictions, (t, p) => (t.Intersect(p).Count(), p.Length, t.Length))];
        exact = [.. rows.Select(r => r.Hits == r.Predicted && r.Hits == r.Actual)];
        ExactMatch = Interval.Wilson(exact.Count(e => e), RowCount);
        MicroF1 = Interval.Bootstrap(RowCount, Micro);
        Labels = [.. Enumerable.Range(0, labels.Count).Select(c => Score(c, labels[c], targets, predictions, probabilities, labels.Count))];
        ClassScore[] counted = [.. Labels.Where((l, c) => l.Support > 0 || predictions.Any(p => p.Contains(c)))];
        MacroF1 = counted.Length == 0 ? 0 : counted.Average(l => l.F1);
    }

    /// <summary>Mean loss; NaN if not known.</summary>
    public double Loss { get; }

    /// <summary>F1 over all pairs of row and label.</summary>
    public Interval MicroF1 { get; }

    /// <summary>Mean F1 of the labels.</summary>
    public double MacroF1 { get; }

    /// <summary>Share of rows whose labels are all right.</summary>
    public Interval ExactMatch { get; }

    /// <summary>Each label.</summary>
    public IReadOnlyList<ClassScore> Labels { get; }

    /// <summary>What the simple model reaches on the same rows; null if there is none.</summary>
    public LabelSetReport? Baseline { get; init; }

    /// <summary>Its name.</summary>
    public string? BaselineName { get; init; }

    /// <inheritdoc/>
    public override (string Name, double Value) Headline => ("macro F1", MacroF1);

    /// <summary>This report's model against another's on the same rows: McNemar's exact p of exact matches, and the 95 % bootstrap interval of the
    /// difference in micro F1.</summary>
    /// <param name="other">The other model's report.</param>
    /// <exception cref="ArgumentException">It is of other rows.</exception>
    public (double PValue, Interval MicroF1Difference) Against(LabelSetReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.RowCount != RowCount)
            throw new ArgumentException(FormattableString.Invariant($"LabelSetReport.Against: {other.RowCount} rows came, {RowCount} are required."), nameof(other));
        int here = exact.Zip(other.exact).Count(e => e.First && !e.Second), there = exact.Zip(other.exact).Count(e => e.Second && !e.First);
        return (PairedTest.McNemar(here, there), Interval.Bootstrap(RowCount, drawn => Micro(drawn) - other.Micro(drawn)));
    }

    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.Append(culture, $"rows         {RowCount}\nmicro F1     {MicroF1}\nmacro F1     {MacroF1:F3}\nexact match  {ExactMatch}\n");
        if (!double.IsNaN(Loss))
            text.Append(culture, $"loss         {Loss:F4}\n");
        ClassificationReport.AppendClasses(text, Labels, "label");
        if (Baseline is not null)
        {
            (double p, Interval difference) = Against(Baseline);
            text.Append(culture, $"\nbeside it\n{BaselineName}: micro F1 {Baseline.MicroF1}, macro F1 {Baseline.MacroF1:F3}, exact match {Baseline.ExactMatch}\n");
            text.Append(culture, $"  difference in micro F1 {difference.Value:+0.000;-0.000;0.000} [{difference.Low:+0.000;-0.000;0.000}, {difference.High:+0.000;-0.000;0.000}] (bootstrap); exact matches: McNemar's exact p = {p:F3}\n");
            text.Append(difference.Low > 0 ? "  the model is better than the simple one on these rows" : difference.High < 0 ? "  the simple model is better on these rows: use it"
                : "  no difference beyond chance: on these rows the simple model is as good");
        }
        return text.ToString().TrimEnd('\n');
    }

    private double Micro(int[] drawn)
    {
        long hits = 0, all = 0;
        foreach (int row in drawn)
        {
            hits += rows[row].Hits;
            all += rows[row].Predicted + rows[row].Actual;
        }
        return all == 0 ? 1 : 2.0 * hits / all;
    }

    private static ClassScore Score(int label, string name, IReadOnlyList<int[]> targets, IReadOnlyList<int[]> predictions, float[]? probabilities, int labelCount)
    {
        bool[] truth = [.. targets.Select(t => t.Contains(label))], chosen = [.. predictions.Select(p => p.Contains(label))];
        ClassScore score = ClassScore.Of(name, truth.Zip(chosen).Count(x => x.First && x.Second), chosen.Count(x => x), truth.Count(x => x));
        return probabilities is null ? score
            : score with { AveragePrecision = AveragePrecision.Of([.. Enumerable.Range(0, truth.Length).Select(i => probabilities[(i * labelCount) + label])], truth) };
    }
}
