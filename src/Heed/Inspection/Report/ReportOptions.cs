namespace Heed;

/// <summary>Which rows of the data (texts, pairs, pictures) a report holds.</summary>
public enum ReportContent
{
    /// <summary>None: figures alone.</summary>
    None,

    /// <summary>Those that were answered wrong.</summary>
    Errors,

    /// <summary>All, those answered wrong first.</summary>
    All,
}

/// <summary>What the report of a model on data holds.</summary>
public sealed record ReportOptions
{
    /// <summary>The heading.</summary>
    /// <value>Default "Report".</value>
    public string Title { get; init; } = "Report";

    /// <summary>Which rows of the data it holds, word for word; they are personal data where the data are.</summary>
    /// <value>Default <see cref="ReportContent.Errors"/>.</value>
    public ReportContent Content { get; init; } = ReportContent.Errors;

    /// <summary>Rows at most, the most certain answers first; of pictures and alignments at most 100.</summary>
    /// <value>Default and at most <see cref="ReportLimits.Texts"/>.</value>
    public int MaximumRows { get; init; } = ReportLimits.Texts;

    /// <summary>What an evaluation said of the same rows, if that is known.</summary>
    /// <value>Default null: it is computed.</value>
    public EvaluationReport? Evaluation { get; init; }

    /// <summary>By which methods the texts of a text classifier are explained beside its attention; each method costs what it costs, text by text.</summary>
    /// <value>Default null: by none.</value>
    public ExplanationOptions? Explanation { get; init; }

    /// <summary>Checks every property.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public void Validate()
    {
        if (MaximumRows is < 1 or > ReportLimits.Texts)
            throw new ArgumentException(FormattableString.Invariant($"ReportOptions: MaximumRows must be from 1 to {ReportLimits.Texts}, got {MaximumRows}."));
        Explanation?.Validate();
    }
}
