using System.Globalization;

namespace Heed;

/// <summary>The report of a translator: its training, its figures on pairs, and answers with their alignments.</summary>
internal static class TranslationReports
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static HtmlReport Of(Translator model, PairData? data, ReportOptions options, DecodingOptions? decoding)
    {
        options.Validate();
        ReportRows<(Translation Answer, PairExample Pair)> rows = new(options.Content, Math.Min(options.MaximumRows, ReportLimits.Matrices));
        if (data is not null && options.Content != ReportContent.None)
        {
            foreach ((Translation answer, PairExample pair) in model.TranslateMany(data.Sources, decoding).Zip(data))
                rows.Add((answer, pair), answer.Text == pair.Target, answer.LogProbability / Math.Max(1, answer.Tokens.Count));
        }
        (WeightMatrix[] wrong, WeightMatrix[] right) = ([.. rows.Wrong.Select(Matrix)], [.. rows.Right.Select(Matrix)]);
        int held = wrong.Length + right.Length;
        HtmlReport report = new(options.Title)
        {
            Introduction = string.Create(culture, $"{model.Network.ParameterCount:N0} parameters.{(data is null ? "" : $" Measured on {data.Count:N0} pairs.")} {(held == 0 ? "This file holds no texts of the data." : $"This file holds {held:N0} pairs of the data, word for word: treat it as you treat them.")}"),
        };
        foreach (ReportSection section in EvaluationSections.OfTraining(model.Record.Epochs))
            report.Add(section);
        if (data is null)
            return report;
        foreach (ReportSection section in EvaluationSections.Of(options.Evaluation ?? model.Evaluate(data, decoding)))
            report.Add(section);
        if (wrong.Length > 0)
            report.Add(new ReportMatrices("Answers that differ from their reference", wrong) { Note = string.Create(culture, $"{wrong.Length:N0} of {rows.WrongCount:N0}, the most certain first: each token of the answer by the tokens of the source that it looked at.") });
        if (right.Length > 0)
            report.Add(new ReportMatrices("Answers that are their reference", right) { Note = string.Create(culture, $"{right.Length:N0} of {rows.RightCount:N0}, the most certain first.") });
        return report;
    }

    private static WeightMatrix Matrix((Translation Answer, PairExample Pair) row)
    {
        (Translation answer, PairExample pair) = row;
        return new WeightMatrix(answer.Source, answer.Tokens, [.. answer.SourceTokens.Select(range => answer.Source[range])], answer.Alignment.SelectMany(weights => weights).ToArray())
        {
            Facts = [("line", pair.Line.ToString(culture)), ("answer", answer.Text), ("reference", pair.Target), ("log P", answer.LogProbability.ToString("F2", culture))],
        };
    }
}
