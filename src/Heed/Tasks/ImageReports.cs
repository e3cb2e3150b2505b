using System.Globalization;

namespace Heed;

/// <summary>The report of an image classifier: its training, its figures on pictures, and pictures that it answered wrong.</summary>
internal static class ImageReports
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static (HtmlReport Page, ImageReport? Measured) Of(ImageClassifier model, PictureData? data, ReportOptions options)
    {
        options.Validate();
        HtmlReport report = new(options.Title) { Introduction = Introduction(model, data, options) };
        foreach (ReportSection section in EvaluationSections.OfTraining(model.Record.Epochs))
            report.Add(section);
        if (data is null)
            return (report, null);
        int classes = model.Labels.Count, at = 0;
        float[] probabilities = new float[data.Count * classes];
        ImageReport measured = ImageClassifierTask.Measure(model.Network, new PictureBatches(data, model.Reading), model.AveragesMirrored, logs =>
        {
            foreach (float log in logs)
                probabilities[at++] = MathF.Exp(log);
        });
        if (data.Count == 0)
            return (report, measured);
        foreach (ReportSection section in EvaluationSections.Of(ClassificationReport.FromProbabilities([.. data.Labels], probabilities, model.Labels, measured.Loss)))
            report.Add(section);
        if (options.Content == ReportContent.None)
            return (report, measured);
        ReportRows<(int Picture, int Answer)> rows = new(options.Content, Math.Min(options.MaximumRows, ReportLimits.Pictures));
        for (int i = 0; i < data.Count; i++)
        {
            int answer = Largest.IndexOf(probabilities.AsSpan(i * classes, classes));
            rows.Add((i, answer), answer == data.Labels[i], probabilities[(i * classes) + answer]);
        }
        PictureView View((int Picture, int Answer) row) => new(data.Read(row.Picture).Picture, data.NameOf(row.Picture), [])
        {
            Facts = [("true", model.Labels[data.Labels[row.Picture]]), ("predicted", model.Labels[row.Answer]), ("probability", probabilities[(row.Picture * classes) + row.Answer].ToString("F4", culture))],
        };
        report.Add(new ReportPictures("Most confident errors", [.. rows.Wrong.Select(View)]) { Note = rows.Sentence(isRight: false, "pictures") });
        if (rows.Right is { Length: > 0 } right)
            report.Add(new ReportPictures("Right answers", [.. right.Select(View)]) { Note = rows.Sentence(isRight: true, "pictures") });
        return (report, measured);
    }

    private static string Introduction(ImageClassifier model, PictureData? data, ReportOptions options) => string.Create(culture,
        $"{model.Network.ParameterCount:N0} parameters, {model.Labels.Count} classes.{(data is null ? "" : $" Measured on {data.Count:N0} pictures{(model.AveragesMirrored ? ", each together with its mirrored form" : "")}.")} {(data is null || options.Content == ReportContent.None ? "This file holds no pictures of the data." : "This file holds pictures of the data, made small: treat it as you treat them.")}");
}
