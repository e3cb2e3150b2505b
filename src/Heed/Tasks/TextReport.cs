using System.Globalization;

namespace Heed;

/// <summary>The report of a text classifier: its training, its figures on rows, and texts shaded by where it looked.</summary>
internal static class TextReport
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static HtmlReport Of(TextClassifier model, TextData? data, TextReportOptions options)
    {
        options.Validate();
        List<(TextPrediction Answer, TextExample Row, bool IsRight)> answers = [];
        int wrong = 0, right = 0;
        if (data is not null && options.Texts != ReportedTexts.None)
        {
            // The most certain wrong answers, and right ones in what room they leave.
            PriorityQueue<(TextPrediction, TextExample, bool), double> errors = new(), others = new();
            foreach ((TextPrediction answer, TextExample row) in model.PredictMany(data.Select(row => new TextRow(row.Text, null, row.Line) { Values = row.Values })).Zip(data))
            {
                bool isRight = IsRight(model, data, answer, row);
                (wrong, right) = isRight ? (wrong, right + 1) : (wrong + 1, right);
                if (isRight && options.Texts == ReportedTexts.Errors)
                    continue;
                PriorityQueue<(TextPrediction, TextExample, bool), double> into = isRight ? others : errors;
                into.Enqueue((answer, row, isRight), Weight(model, answer, row));
                if (into.Count > options.MaximumTexts)
                    into.Dequeue();
            }
            answers.AddRange(Ordered(errors));
            answers.AddRange(Ordered(others).Take(options.MaximumTexts - answers.Count));
        }
        HtmlReport report = new(options.Title) { Introduction = Introduction(model, data, options, answers.Count) };
        foreach (ReportSection section in EvaluationSections.OfTraining(model.Record.Epochs))
            report.Add(section);
        if (data is null)
            return report;
        foreach (ReportSection section in EvaluationSections.Of(options.Evaluation ?? model.EvaluateAny(data)))
            report.Add(section);
        if (options.Texts == ReportedTexts.None)
            return report;
        ShadedText[] shown = [.. answers.Where(a => !a.IsRight).Select(a => Shade(model, data, a.Answer, a.Row))];
        report.Add(new ReportTexts(model.Target == TargetKind.Number ? "Largest errors" : "Most confident errors", shown) { Note = Note(shown.Length, wrong, "were answered wrong", model.Target) });
        if (options.Texts == ReportedTexts.All && right > 0)
        {
            shown = [.. answers.Where(a => a.IsRight).Select(a => Shade(model, data, a.Answer, a.Row))];
            report.Add(new ReportTexts("Right answers", shown) { Note = Note(shown.Length, right, "were answered right", model.Target) });
        }
        return report;
    }

    /// <summary>A prediction with its weights, as a report shows it.</summary>
    public static ShadedText Shade(TextPrediction answer, string heading, IReadOnlyList<(string, string)> facts)
    {
        List<WeightRow> rows = [new("attention", [.. answer.Weights.Select(w => w.Weight)])];
        if (answer.Views.Count > 1)
            rows.AddRange(answer.Views.Select((view, i) => new WeightRow(string.Create(culture, $"view {i + 1}"), [.. view.Select(w => w.Weight)])));
        if (answer.Sentences.Count > 0)
            rows.Add(new WeightRow("sentences", [.. answer.Sentences.SelectMany(s => s.Words.Select(_ => s.Weight / s.Words.Count))]));
        foreach (LabelEvidence label in answer.Evidence.Where(e => e.IsChosen && !e.Weights.SequenceEqual(answer.Weights)))
            rows.Add(new WeightRow(label.Label, [.. label.Weights.Select(w => w.Weight)]));
        return new ShadedText(answer.Text, [.. answer.Weights.Select(w => w.Range)], [.. rows.Where(r => r.Weights.Count == answer.Weights.Count)]) { Heading = heading, Facts = facts };
    }

    private static ShadedText Shade(TextClassifier model, TextData data, TextPrediction answer, TextExample row)
    {
        string heading = row.Line > 0 ? string.Create(culture, $"Line {row.Line}") : "Text";
        List<(string, string)> facts = [("true", data.TargetText(row)), ("predicted", answer.Label)];
        if (float.IsFinite(answer.Probability))
            facts.Add(("probability", answer.Probability.ToString("F4", culture)));
        if (model.Target is TargetKind.Single or TargetKind.Ordinal && row.Label != answer.LabelIndex && answer.Probabilities.Count > 0)
            facts.Add(("of the true one", answer.Probabilities[row.Label].Probability.ToString("F4", culture)));
        if (answer.CutOff > 0)
            facts.Add(("tokens not read", answer.CutOff.ToString(culture)));
        return Shade(answer, heading, facts);
    }

    private static bool IsRight(TextClassifier model, TextData data, TextPrediction answer, TextExample row) => model.Target switch
    {
        TargetKind.Single or TargetKind.Ordinal => answer.LabelIndex == row.Label,
        TargetKind.Multi => answer.Label == data.TargetText(row),
        // A number is never quite right: the largest errors come first.
        _ => false,
    };

    private static double Weight(TextClassifier model, TextPrediction answer, TextExample row) =>
        model.Target == TargetKind.Number ? Math.Abs(answer.Value - row.Number) : answer.Probability;

    private static IEnumerable<(TextPrediction, TextExample, bool)> Ordered(PriorityQueue<(TextPrediction, TextExample, bool), double> queue) =>
        queue.UnorderedItems.OrderByDescending(item => item.Priority).ThenBy(item => item.Element.Item2.Line).Select(item => item.Element);

    private static string Note(int shown, int all, string what, TargetKind target) => target == TargetKind.Number
        ? string.Create(culture, $"{shown:N0} of {all:N0} rows, those whose number is farthest off.")
        : string.Create(culture, $"{all:N0} rows {what}; {(shown == all ? "all of them are here" : $"{shown:N0} of them are here; this file holds no more")}, the most certain answer first. Shades are the weights of the model's own attention: where it looked, which need not be why it answered so.");

    private static string Introduction(TextClassifier model, TextData? data, TextReportOptions options, int texts)
    {
        string rows = data is null ? "" : string.Create(culture, $" Measured on {data.Count:N0} rows{(data.SourcePath is { } path ? " of " + Path.GetFileName(path) : "")}.");
        string held = texts == 0 ? " This file holds no texts of the data."
            : string.Create(culture, $" This file holds {texts:N0} texts of the data ({(options.Texts == ReportedTexts.All ? "all that there was room for" : "those that were answered wrong")}), word for word: treat it as you treat them.");
        return string.Create(culture, $"{model.Network.ParameterCount:N0} parameters{(model.Labels.Count > 0 ? $", {model.Labels.Count} labels" : "")}.{rows}{held}");
    }
}
