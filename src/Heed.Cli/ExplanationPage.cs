namespace Heed.Cli;

/// <summary>The HTML report of <c>heed explain</c>: inputs under the scores of all methods, or the figures that say whether methods explain.</summary>
/// <param name="target">The file.</param>
/// <param name="model">The model's folder.</param>
internal sealed class ExplanationPage(string target, string model)
{
    private readonly List<ShadedText> texts = [];
    private readonly List<PictureView> pictures = [];
    private readonly List<ReportSection> figures = [];

    /// <summary>Adds one input.</summary>
    public void Add(ExplainedInput input, IReadOnlyList<Explanation> explanations)
    {
        if (input.Picture is { } picture)
            pictures.Add(ExplanationSections.OfPicture(picture, explanations));
        else
            texts.Add(ExplanationSections.OfText(explanations));
    }

    /// <summary>Adds the figures of all inputs.</summary>
    public void Add(FaithfulnessReport report) => figures.AddRange(ExplanationSections.Of(report));

    /// <summary>Writes the file and says so.</summary>
    public void Write(Terminal terminal)
    {
        HtmlReport page = new(ReportSettings.Title(model)) { Introduction = "What counted for the answers of this model, by several methods. A score is a claim, not a fact: whether a method explains the model, heed explain --faithfulness measures." };
        foreach (ReportSection section in figures)
            page.Add(section);
        if (texts.Count > 0)
            page.Add(new ReportTexts("Texts", texts));
        if (pictures.Count > 0)
            page.Add(new ReportPictures("Pictures", pictures));
        page.Write(target);
        terminal.Say($"report {target}");
    }
}
