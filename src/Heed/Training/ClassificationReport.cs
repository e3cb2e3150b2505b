using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>One class of a <see cref="ClassificationReport"/>.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Precision">Share of the rows predicted as it that are right; 0 if none was predicted.</param>
/// <param name="Recall">Share of its rows that were found; 0 if it has none.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Support">Its rows.</param>
public sealed record ClassScore(string Label, double Precision, double Recall, double F1, int Support);

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct Interval(double Value, double Low, double High)
{
    /// <summary>As <c>0.815 [0.797, 0.832]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:F3} [{Low:F3}, {High:F3}]");
}

/// <summary>How well labels were predicted: accuracy and macro F1 with 95 % intervals, each class, the confusion matrix.</summary>
/// <remarks>Accuracy's interval is Wilson's; that of macro F1 is a bootstrap over rows (1,000 draws, fixed seed). Classes without rows and
/// without predictions do not count in macro F1.</remarks>
public sealed class ClassificationReport
{
    private const int Draws = 1000;
    private readonly int[] confusion;

    /// <summary>Compares predictions with targets.</summary>
    /// <param name="targets">The true classes, 0 … labels − 1.</param>
    /// <param name="predictions">The predicted ones, as many.</param>
    /// <param name="labels">The class names.</param>
    /// <param name="loss">The mean loss, if known.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public ClassificationReport(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, IReadOnlyList<string> labels, double loss = double.NaN)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (targets.Length != predictions.Length || targets.Length == 0)
            throw new ArgumentException(FormattableString.Invariant($"ClassificationReport: {targets.Length} targets and {predictions.Length} predictions; the same number is required, at least one."), nameof(predictions));
        Labels = labels;
        Loss = loss;
        RowCount = targets.Length;
        confusion = Count(targets, predictions, labels.Count);
        Classes = [.. Enumerable.Range(0, labels.Count).Select(c => Score(confusion, labels.Count, c, labels[c]))];
        Accuracy = Wilson(Enumerable.Range(0, labels.Count).Sum(c => Confusion(c, c)), RowCount);
        MacroF1 = Bootstrap(targets, predictions, labels.Count);
    }

    /// <summary>The class names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Mean loss; NaN if not known.</summary>
    public double Loss { get; }

    /// <summary>Share of rows that are right.</summary>
    public Interval Accuracy { get; }

    /// <summary>Mean F1 of the classes.</summary>
    public Interval MacroF1 { get; }

    /// <summary>Each class.</summary>
    public IReadOnlyList<ClassScore> Classes { get; }

    /// <summary>What simpler models reach on the same rows, by name: accuracy and macro F1. Filled by the task that knows them.</summary>
    public IReadOnlyList<(string Name, double Accuracy, double MacroF1)> Baselines { get; init; } = [];

    /// <summary>Number of rows of a class that were predicted as another (or itself).</summary>
    /// <param name="target">The true class.</param>
    /// <param name="prediction">The predicted class.</param>
    public int Confusion(int target, int prediction) => confusion[(target * Labels.Count) + prediction];

    /// <summary>Mean F1 of predictions, without an interval.</summary>
    /// <param name="targets">The true classes.</param>
    /// <param name="predictions">The predicted ones.</param>
    /// <param name="classCount">Number of classes.</param>
    public static double MacroF1Of(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, int classCount) => Macro(Count(targets, predictions, classCount), classCount);

    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"rows      {RowCount}\naccuracy  {Accuracy}\nmacro F1  {MacroF1}\n");
        if (!double.IsNaN(Loss))
            text.Append(CultureInfo.InvariantCulture, $"loss      {Loss:F4}\n");
        int width = Math.Clamp(Labels.Max(l => l.Length), 5, 30);
        text.Append(CultureInfo.InvariantCulture, $"\n{"class".PadRight(width)}  precision  recall     F1   rows\n");
        foreach (ClassScore c in Classes)
            text.Append(CultureInfo.InvariantCulture, $"{(c.Label.Length > 30 ? c.Label[..29] + "…" : c.Label).PadRight(width)}  {c.Precision,9:F3}  {c.Recall,6:F3}  {c.F1,5:F3}  {c.Support,5}\n");
        foreach ((string name, double accuracy, double macroF1) in Baselines)
            text.Append(CultureInfo.InvariantCulture, $"\n{name}: accuracy {accuracy:F3}, macro F1 {macroF1:F3}");
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>Wilson's 95 % interval of a share.</summary>
    /// <param name="right">Rows that are right.</param>
    /// <param name="count">All rows.</param>
    public static Interval Wilson(int right, int count)
    {
        const double Z = 1.959964;
        double p = (double)right / count, z2 = Z * Z / count;
        double centre = (p + (z2 / 2)) / (1 + z2), half = Z / (1 + z2) * Math.Sqrt((p * (1 - p) / count) + (z2 / (4 * count)));
        return new Interval(p, centre - half, centre + half);
    }

    private static int[] Count(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, int classCount)
    {
        int[] counts = new int[classCount * classCount];
        for (int i = 0; i < targets.Length; i++)
            counts[(targets[i] * classCount) + predictions[i]]++;
        return counts;
    }

    private static ClassScore Score(int[] counts, int classCount, int c, string label)
    {
        int hit = counts[(c * classCount) + c], support = 0, predicted = 0;
        for (int other = 0; other < classCount; other++)
        {
            support += counts[(c * classCount) + other];
            predicted += counts[(other * classCount) + c];
        }
        return new ClassScore(label, predicted == 0 ? 0 : (double)hit / predicted, support == 0 ? 0 : (double)hit / support, support + predicted == 0 ? 0 : 2.0 * hit / (support + predicted), support);
    }

    private static double Macro(int[] counts, int classCount)
    {
        double sum = 0;
        int seen = 0;
        for (int c = 0; c < classCount; c++)
        {
            int hit = counts[(c * classCount) + c], total = 0;
            for (int other = 0; other < classCount; other++)
                total += counts[(c * classCount) + other] + counts[(other * classCount) + c];
            if (total == 0)
                continue;
            seen++;
            sum += 2.0 * hit / total;
        }
        return seen == 0 ? 0 : sum / seen;
    }

    private static Interval Bootstrap(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, int classCount)
    {
        RandomStream random = new(0, "bootstrap");
        double[] draws = new double[Draws];
        int[] counts = new int[classCount * classCount];
        for (int d = 0; d < Draws; d++)
        {
            Array.Clear(counts);
            for (int i = 0; i < targets.Length; i++)
            {
                int row = random.Next(targets.Length);
                counts[(targets[row] * classCount) + predictions[row]]++;
            }
            draws[d] = Macro(counts, classCount);
        }
        Array.Sort(draws);
        return new Interval(MacroF1Of(targets, predictions, classCount), draws[(int)(0.025 * Draws)], draws[(int)(0.975 * Draws)]);
    }
}
