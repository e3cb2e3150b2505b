namespace Heed;

/// <summary>Which texts of the data a report holds.</summary>
public enum ReportedTexts
{
    /// <summary>None: figures alone.</summary>
    None,

    /// <summary>Those that were answered wrong.</summary>
    Errors,

    /// <summary>All, those answered wrong first.</summary>
    All,
}

/// <summary>What <see cref="TextClassifier.Report"/> writes.</summary>
public sealed record TextReportOptions
{
    /// <summary>The heading.</summary>
    /// <value>Default "Text classifier".</value>
    public string Title { get; init; } = "Text classifier";

    /// <summary>Which texts of the data the report holds; they are personal data where the texts are.</summary>
    /// <value>Default <see cref="ReportedTexts.Errors"/>.</value>
    public ReportedTexts Texts { get; init; } = ReportedTexts.Errors;

    /// <summary>Texts at most, the most certain answers first.</summary>
    /// <value>Default and at most <see cref="ReportLimits.Texts"/>.</value>
    public int MaximumTexts { get; init; } = ReportLimits.Texts;

    /// <summary>What <see cref="TextClassifier.EvaluateAny"/> said of the same rows, if that is known.</summary>
    /// <value>Default null: it is computed.</value>
    public EvaluationReport? Evaluation { get; init; }

    /// <summary>Checks every property.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public void Validate()
    {
        if (MaximumTexts is < 1 or > ReportLimits.Texts)
            throw new ArgumentException(FormattableString.Invariant($"TextReportOptions: MaximumTexts must be from 1 to {ReportLimits.Texts}, got {MaximumTexts}."));
    }
}
