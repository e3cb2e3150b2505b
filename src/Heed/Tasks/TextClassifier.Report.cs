namespace Heed;

/// <content>The report.</content>
public sealed partial class TextClassifier
{
    /// <summary>A report as one HTML file: the training by epochs, figures with intervals, confusions, calibration, and wrong answers shaded by where the model looked.</summary>
    /// <param name="data">Rows with the model's labels; null for the training alone.</param>
    /// <param name="options">Which texts it holds; the wrong answers if null.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <remarks>Costs two passes over the rows, one if <see cref="ReportOptions.Evaluation"/> is given, none without texts besides.</remarks>
    /// <exception cref="ArgumentException">The labels or the target are not the model's, or an option is out of range.</exception>
    public HtmlReport Report(TextData? data, ReportOptions? options = null)
    {
        if (data is not null)
            CheckLabels(data, "TextClassifier.Report");
        return TextReport.Of(this, data, options ?? new ReportOptions());
    }
}
