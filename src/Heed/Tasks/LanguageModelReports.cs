using System.Globalization;

namespace Heed;

/// <summary>The reports of language models: their training, their figures on a text, and passages of it shaded by how badly their tokens were foretold.</summary>
internal static class LanguageModelReports
{
    // Tokens of a passage.
    private const int Passage = 128;

    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static (HtmlReport Page, LanguageModelReport? Measured) Of(LanguageModel model, string? text, ReportOptions options)
    {
        HtmlReport report = Begin(model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, text, options);
        if (text is null)
            return (report, null);
        TokenizedText read = model.Tokenizer.WithMaximumLength(null).Encode(text, addSpecialTokens: false);
        float[] losses = Unknown(read.Count);
        LanguageModelReport measured = model.Evaluate(text, read.Ids, losses);
        report.Add(EvaluationSections.Figures([("tokens", measured.TokenCount.ToString("N0", culture)), ("bytes", measured.ByteCount.ToString("N0", culture)), ("loss a token, nats", Figure(measured.Loss)), ("perplexity", Figure(measured.Perplexity, "F2")),
            ("bits a byte", Figure(measured.BitsPerByte)), ("next token right", Figure(measured.Accuracy))]));
        Add(report, text, read.Offsets, losses, "foretold from those before it in its window", options);
        return (report, measured);
    }

    public static (HtmlReport Page, MaskedLanguageModelReport? Measured) Of(MaskedLanguageModel model, string? text, ReportOptions options)
    {
        HtmlReport report = Begin(model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, text, options);
        if (text is null)
            return (report, null);
        TokenizedText read = model.Tokenizer.WithMaximumLength(null).Encode(text, addSpecialTokens: false);
        float[] losses = Unknown(read.Count);
        MaskedLanguageModelReport measured = MaskedLanguageModelTask.Measure(model.Network, model.Tokenizer, read.Ids, model.MaskedShare, (token, loss) => losses[token] = loss);
        report.Add(EvaluationSections.Figures([("hidden tokens", measured.TokenCount.ToString("N0", culture)), ("loss a hidden token, nats", Figure(measured.Loss)), ("perplexity", Figure(measured.Perplexity, "F2")), ("hidden token right", Figure(measured.Accuracy))]));
        Add(report, text, read.Offsets, losses, "hidden and guessed; the others were seen and weigh nothing", options);
        return (report, measured);
    }

    // What was not foretold has no loss.
    private static float[] Unknown(int count)
    {
        float[] losses = new float[count];
        losses.AsSpan().Fill(float.NaN);
        return losses;
    }

    private static HtmlReport Begin(TrainingRecord record, long parameters, int vocabulary, string? text, ReportOptions options)
    {
        options.Validate();
        HtmlReport report = new(options.Title)
        {
            Introduction = string.Create(culture, $"{parameters:N0} parameters, {vocabulary:N0} tokens in the vocabulary.{(text is null ? "" : $" Measured on a text of {text.Length:N0} characters.")} ")
                + (text is null || options.Content == ReportContent.None ? "This file holds nothing of the text." : "This file holds passages of the text, word for word: treat it as you treat the text."),
        };
        foreach (ReportSection section in EvaluationSections.OfTraining(record.Epochs))
            report.Add(section);
        if (record.Epochs.Count > 1)
        {
            report.Add(new ReportChart("Perplexity", "look at the dev text", "perplexity", [new Curve("dev", [.. record.Epochs.Select(e => new CurvePoint(e.Epoch, Math.Exp(e.DevLoss), ""))])])
            {
                IsCount = true, Note = "e to the loss: among how many tokens the model is undecided, in the mean.",
            });
        }
        return report;
    }

    private static void Add(HtmlReport report, string text, Range[] offsets, float[] losses, string what, ReportOptions options)
    {
        if (options.Content == ReportContent.None || losses.Length == 0)
            return;
        double mean = losses.Where(l => !float.IsNaN(l)).DefaultIfEmpty().Average(l => (double)l);
        (int First, int End, double Loss)[] passages = [.. Enumerable.Range(0, (losses.Length + Passage - 1) / Passage).Select(n => (n * Passage, Math.Min(losses.Length, (n + 1) * Passage)))
            .Select(p => (p.Item1, p.Item2, Loss: losses[p.Item1..p.Item2].Where(l => !float.IsNaN(l)).DefaultIfEmpty(float.NaN).Average(l => (double)l))).Where(p => !double.IsNaN(p.Loss)).OrderByDescending(p => p.Loss)];
        (int First, int End, double Loss)[] chosen = [.. passages.Where(p => options.Content == ReportContent.All || p.Loss > mean).Take(options.MaximumRows)];
        report.Add(new ReportTexts("Where it was surprised", [.. chosen.Select(p => Shaded(text, offsets, losses, p))])
        {
            Note = string.Create(culture, $"Passages of {Passage} tokens, those with the highest loss first; {chosen.Length:N0} of {passages.Length:N0} are here. A token's weight is its loss −ln P in nats: it was {what}. The mean of the whole text is {mean:F4}."),
        });
    }

    private static ShadedText Shaded(string text, Range[] offsets, float[] losses, (int First, int End, double Loss) passage)
    {
        int start = offsets[passage.First].Start.Value, end = offsets[passage.First..passage.End].Max(range => range.End.Value);
        return new ShadedText(text[start..end], [.. offsets[passage.First..passage.End].Select(range => (range.Start.Value - start)..(range.End.Value - start))],
            [new WeightRow("loss", [.. losses[passage.First..passage.End].Select(l => float.IsNaN(l) ? 0 : l)])])
        {
            Heading = FormattableString.Invariant($"Characters {start:N0} to {end:N0}"),
            Facts = [("loss", Figure(passage.Loss)), ("perplexity", Figure(Math.Exp(passage.Loss), "F2"))],
        };
    }

    private static string Figure(double value, string format = "F4") => double.IsNaN(value) ? "" : value.ToString(format, culture);
}
