using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>How well numbers were predicted: mean absolute error, root mean squared error, R².</summary>
/// <remarks>95 % intervals are bootstraps over rows (1,000 draws, fixed seed). R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²; NaN where all numbers are equal.</remarks>
public sealed class RegressionReport : EvaluationReport
{
    private readonly double[] targets, errors;
    private readonly double[]? simpleErrors;

    /// <summary>Compares predictions with targets.</summary>
    /// <param name="targets">The true numbers.</param>
    /// <param name="predictions">The predicted ones.</param>
    /// <param name="simple">The simple model's predictions; null if there is none.</param>
    /// <param name="constant">What a model would always say that knows the training rows' mean alone; NaN if not known.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public RegressionReport(IReadOnlyList<double> targets, IReadOnlyList<double> predictions, IReadOnlyList<double>? simple = null, double constant = double.NaN)
        : base(targets?.Count ?? 0)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(predictions);
        if (targets.Count == 0 || predictions.Count != targets.Count || (simple is not null && simple.Count != targets.Count))
            throw new ArgumentException(FormattableString.Invariant($"RegressionReport: {targets.Count} targets and {predictions.Count} predictions; the same number is required, at least one."), nameof(predictions));
        this.targets = [.. targets];
        errors = [.. targets.Zip(predictions, (t, p) => p - t)];
        simpleErrors = simple is null ? null : [.. targets.Zip(simple, (t, p) => p - t)];
        MeanAbsoluteError = Interval.Bootstrap(RowCount, rows => MeanAbsolute(errors, rows));
        RootMeanSquaredError = Interval.Bootstrap(RowCount, rows => Math.Sqrt(rows.Average(row => errors[row] * errors[row])));
        RSquared = Interval.Bootstrap(RowCount, rows => Explained(errors, rows));
        ConstantError = targets.Average(t => Math.Abs(t - constant));
        if (simpleErrors is not null)
        {
            BaselineError = Interval.Bootstrap(RowCount, rows => MeanAbsolute(simpleErrors, rows));
            Difference = Interval.Bootstrap(RowCount, rows => MeanAbsolute(errors, rows) - MeanAbsolute(simpleErrors, rows));
        }
    }

    /// <summary>Mean of |ŷ − y|, in the unit of the numbers.</summary>
    public Interval MeanAbsoluteError { get; }

    /// <summary>Root of the mean of (ŷ − y)², in the unit of the numbers.</summary>
    public Interval RootMeanSquaredError { get; }

    /// <summary>Share of the variance that is explained; 1 perfect, 0 as good as the mean.</summary>
    public Interval RSquared { get; }

    /// <summary>Mean absolute error of always saying the training rows' mean; NaN if not known.</summary>
    public double ConstantError { get; }

    /// <summary>Mean absolute error of the simple model; null if there is none.</summary>
    public Interval? BaselineError { get; }

    /// <summary>Mean absolute error less that of the simple model: below 0 the model is better; null if there is none.</summary>
    public Interval? Difference { get; }

    /// <inheritdoc/>
    public override (string Name, double Value) Headline => ("R²", RSquared.Value);

    /// <summary>The two models' mean absolute errors on the same rows: this less the other, with its 95 % bootstrap interval.</summary>
    /// <param name="other">The other model's report of the same rows.</param>
    /// <exception cref="ArgumentException">It is of other rows.</exception>
    public Interval Against(RegressionReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.RowCount != RowCount)
            throw new ArgumentException(FormattableString.Invariant($"RegressionReport.Against: {other.RowCount} rows came, {RowCount} are required."), nameof(other));
        return Interval.Bootstrap(RowCount, rows => MeanAbsolute(errors, rows) - MeanAbsolute(other.errors, rows));
    }

    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.Append(culture, $"rows                 {RowCount}\nmean absolute error  {MeanAbsoluteError}\nroot mean square     {RootMeanSquaredError}\nR²                   {RSquared}\n");
        text.Append(culture, $"\nbeside it\nalways the mean: mean absolute error {ConstantError:F3}\n");
        if (BaselineError is { } simple && Difference is { } difference)
        {
            text.Append(culture, $"bag of words (TF-IDF, ridge regression): mean absolute error {simple}\n");
            text.Append(culture, $"  difference {difference.Value:+0.000;-0.000;0.000} [{difference.Low:+0.000;-0.000;0.000}, {difference.High:+0.000;-0.000;0.000}] (paired bootstrap)\n");
            text.Append(difference.High < 0 ? "  the model is better than the simple one on these rows" : difference.Low > 0 ? "  the simple model is better on these rows: use it"
                : "  no difference beyond chance: on these rows the simple model is as good");
        }
        return text.ToString().TrimEnd('\n');
    }

    private static double MeanAbsolute(double[] errors, int[] rows)
    {
        double sum = 0;
        foreach (int row in rows)
            sum += Math.Abs(errors[row]);
        return sum / rows.Length;
    }

    private double Explained(double[] of, int[] rows)
    {
        double mean = rows.Average(row => targets[row]), left = 0, all = 0;
        foreach (int row in rows)
        {
            left += of[row] * of[row];
            all += (targets[row] - mean) * (targets[row] - mean);
        }
        return all == 0 ? double.NaN : 1 - (left / all);
    }
}
