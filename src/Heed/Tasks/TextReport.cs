using System.Globalization;

namespace Heed;

/// <summary>The report of a text classifier: its training, its figures on rows, and texts shaded by where it looked.</summary>
internal static class TextReport
{
    private const string Looked = " Shades are the weights of the model's own attention: where it looked, which need not be why it answered so.";
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static HtmlReport Of(TextClassifier model, TextData? data, ReportOptions options)
    {
        options.Validate();
        ReportRows<(TextPrediction Answer, TextExample Row)> rows = new(options.Content, options.MaximumRows);
        if (data is not null && options.Content != ReportContent.None)
        {
            foreach ((TextPrediction answer, TextExample row) in model.PredictMany(data.Select(row => new TextRow(row.Text, null, row.Line) { Values = row.Values })).Zip(data))
                rows.Add((answer, row), IsRight(model, data, answer, row), Certainty(model, answer, row));
        }
        (ShadedText[] wrong, ShadedText[] right) = (Shade(model, data, rows.Wrong, options), Shade(model, data, rows.Right, options));
        HtmlReport report = new(options.Title) { Introduction = Introduction(model, data, options, wrong.Length + right.Length) };
        foreach (ReportSection section in EvaluationSections.OfTraining(model.Record.Epochs))
            report.Add(section);
        if (data is null)
            return report;
        foreach (ReportSection section in EvaluationSections.Of(options.Evaluation ?? model.EvaluateAny(data)))
            report.Add(section);
        if (options.Content == ReportContent.None)
            return report;
        report.Add(model.Target == TargetKind.Number
            ? new ReportTexts("Largest errors", wrong) { Note = string.Create(culture, $"{wrong.Length:N0} of {rows.WrongCount:N0} rows, those whose number is farthest off.{Looked}") }
            : new ReportTexts("Most confident errors", wrong) { Note = rows.Sentence(isRight: false, "rows") + Looked });
        if (right.Length > 0)
            report.Add(new ReportTexts("Right answers", right) { Note = rows.Sentence(isRight: true, "rows") + Looked });
        return report;
    }

    private static ShadedText[] Shade(TextClassifier model, TextData? data, (TextPrediction Answer, TextExample Row)[] rows, ReportOptions options) => [.. rows.Select(row =>
    {
        ShadedText shaded = Shade(row.Answer, row.Row.Line > 0 ? string.Create(culture, $"Line {row.Row.Line}") : "Text", Facts(model, data!, row.Answer, row.Row));
        if (options.Explanation is null || row.Answer.Weights.Count == 0)
            return shaded;
        ExplainedInput input = model.Explaining(new TextRow(row.Row.Text, null, row.Row.Line) { Values = row.Row.Values }, options.Explanation.Target);
        IReadOnlyList<WeightRow> further = ExplanationSections.OfText(ExplanationMethod.Explain(input, options.Explanation)).Rows;
        return shaded with { Rows = [.. shaded.Rows, .. further.Where(r => r.Weights.Count == shaded.Tokens.Count)] };
    })];

    private static ShadedText Shade(TextPrediction answer, string heading, IReadOnlyList<(string, string)> facts)
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

    private static List<(string, string)> Facts(TextClassifier model, TextData data, TextPrediction answer, TextExample row)
    {
        List<(string, string)> facts = [("true", data.TargetText(row)), ("predicted", answer.Label)];
        if (float.IsFinite(answer.Probability))
            facts.Add(("probability", answer.Probability.ToString("F4", culture)));
        if (model.Target is TargetKind.Single or TargetKind.Ordinal && row.Label != answer.LabelIndex)
            facts.Add(("of the true one", answer.Probabilities[row.Label].Probability.ToString("F4", culture)));
        if (answer.CutOff > 0)
            facts.Add(("tokens not read", answer.CutOff.ToString(culture)));
        return facts;
    }

    private static bool IsRight(TextClassifier model, TextData data, TextPrediction answer, TextExample row) => model.Target switch
    {
        TargetKind.Single or TargetKind.Ordinal => answer.LabelIndex == row.Label,
        TargetKind.Multi => answer.Label == data.TargetText(row),
        // A number is never quite right: the largest errors come first.
        _ => false,
    };

    private static double Certainty(TextClassifier model, TextPrediction answer, TextExample row) =>
        model.Target == TargetKind.Number ? Math.Abs(answer.Value - row.Number) : answer.Probability;

    private static string Introduction(TextClassifier model, TextData? data, ReportOptions options, int texts)
    {
        string rows = data is null ? "" : string.Create(culture, $" Measured on {data.Count:N0} rows{(data.SourcePath is { } path ? " of " + Path.GetFileName(path) : "")}.");
        string held = texts == 0 ? " This file holds no texts of the data."
            : string.Create(culture, $" This file holds {texts:N0} texts of the data ({(options.Content == ReportContent.All ? "wrong answers and right ones" : "answered wrong")}), word for word: treat it as you treat them.");
        return string.Create(culture, $"{model.Network.ParameterCount:N0} parameters{(model.Labels.Count > 0 ? $", {model.Labels.Count} labels" : "")}.{rows}{held}");
    }
}
