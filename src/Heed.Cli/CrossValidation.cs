using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What K trainings reach, each on a part of the rows that it did not learn from.</summary>
internal sealed class CrossValidation
{
    private readonly IReadOnlyList<EvaluationReport> reports;

    private CrossValidation(IReadOnlyList<EvaluationReport> reports) => this.reports = reports;

    public static CrossValidation Run(TextData rows, int count, ulong seed, TextClassifierOptions options, Action<string> say, CancellationToken cancellation)
    {
        List<EvaluationReport> parts = [];
        foreach (TextSplit fold in UsageException.Guard(() => rows.Folds(count, seed)))
        {
            TextClassifier model = TextClassifier.Train(fold.Train, fold.Dev, options with { Checkpoint = null }, null, cancellation);
            if (cancellation.IsCancellationRequested)
                throw new OperationCanceledException("interrupted in the cross-validation; nothing was saved.");
            parts.Add(model.EvaluateAny(fold.Test));
            (string name, double value) = parts[^1].Headline;
            say(FormattableString.Invariant($"part {parts.Count} of {count}: {name} {value:F4}"));
        }
        return new CrossValidation(parts);
    }

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{reports.Count}-fold cross-validation: mean with Student's 95 % interval over the parts\n");
        foreach ((string name, double[] values) in Figures())
            text.Append(CultureInfo.InvariantCulture, $"{name,-28}  {Interval.Mean(values)}   parts {string.Join(' ', values.Select(v => v.ToString("F3", CultureInfo.InvariantCulture)))}\n");
        return text.ToString();
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("folds");
        foreach ((string name, double[] values) in Figures())
        {
            Interval mean = Interval.Mean(values);
            json.WriteStartObject(name);
            json.WriteFinite("mean", mean.Value);
            json.WriteFinite("low", mean.Low);
            json.WriteFinite("high", mean.High);
            json.WriteStartArray("parts");
            foreach (double value in values)
                json.WriteNumberValue(value);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private IEnumerable<(string Name, double[] Values)> Figures()
    {
        switch (reports[0])
        {
            case ClassificationReport first:
                ClassificationReport[] classes = [.. reports.Cast<ClassificationReport>()];
                yield return ("accuracy", [.. classes.Select(r => r.Accuracy.Value)]);
                yield return ("macro F1", [.. classes.Select(r => r.MacroF1.Value)]);
                // The last baseline is the bag of words; the first, what is always there, tells little over parts of equal shares.
                if (first.Baselines.Count > 1)
                    yield return ("accuracy of the bag of words", [.. classes.Select(r => r.Baselines[^1].Accuracy.Value)]);
                break;
            case LabelSetReport:
                LabelSetReport[] sets = [.. reports.Cast<LabelSetReport>()];
                yield return ("micro F1", [.. sets.Select(r => r.MicroF1.Value)]);
                yield return ("macro F1", [.. sets.Select(r => r.MacroF1)]);
                if (sets[0].Baseline is not null)
                    yield return ("micro F1 of the bag of words", [.. sets.Select(r => r.Baseline!.MicroF1.Value)]);
                break;
            case RegressionReport:
                RegressionReport[] numbers = [.. reports.Cast<RegressionReport>()];
                yield return ("mean absolute error", [.. numbers.Select(r => r.MeanAbsoluteError.Value)]);
                yield return ("R²", [.. numbers.Select(r => r.RSquared.Value)]);
                if (numbers[0].BaselineError is not null)
                    yield return ("error of the bag of words", [.. numbers.Select(r => r.BaselineError!.Value.Value)]);
                break;
        }
    }
}
