namespace Heed;

/// <summary>A part of an <see cref="HtmlReport"/> under a heading of its own: what to show, without how.</summary>
/// <param name="Title">The heading.</param>
public abstract record ReportSection(string Title)
{
    /// <summary>A sentence or more under the heading, on what is seen and how it was measured.</summary>
    /// <value>Default none.</value>
    public string Note { get; init; } = "";

    /// <summary>Whether it is narrow enough to stand beside another one.</summary>
    internal virtual bool IsNarrow => false;

    /// <summary>Writes what stands below heading and note.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="id">The section's id, unique in the page.</param>
    internal abstract void Write(HtmlWriter html, string id);

    /// <summary>Says that a list was cut; nothing where it was not.</summary>
    private protected static void WriteCut(HtmlWriter html, int shown, int all, string what)
    {
        if (shown < all)
            html.Element("p", FormattableString.Invariant($"{shown:N0} of {all:N0} {what} are shown; this file holds no more."), ("class", "cut")).Line();
    }
}

/// <summary>How much of each kind an <see cref="HtmlReport"/> holds at most; longer lists are cut, with a sentence that says so.</summary>
public static class ReportLimits
{
    /// <summary>Texts of a list: 200.</summary>
    public const int Texts = 200;

    /// <summary>Characters of a text: 8,000.</summary>
    public const int Characters = 8000;

    /// <summary>Rows of weights (methods, heads, views) of a text: 12.</summary>
    public const int Rows = 12;

    /// <summary>Classes of a confusion matrix: 40, those with the most errors.</summary>
    public const int Classes = 40;

    /// <summary>Rows of a table: 200.</summary>
    public const int TableRows = 200;

    /// <summary>Tokens along a side of an attention matrix: 128.</summary>
    public const int MatrixSide = 128;

    /// <summary>Weights of all heads of a grid together: 1,500,000.</summary>
    public const int Weights = 1_500_000;

    /// <summary>Matrices of a list: 100.</summary>
    public const int Matrices = 100;

    /// <summary>Pictures of a list: 100.</summary>
    public const int Pictures = 100;

    /// <summary>Pictures with answers drawn over them, three pictures each: 30.</summary>
    public const int Drawn = 30;

    /// <summary>Pixels along a side of a picture; larger ones are made smaller: 256.</summary>
    public const int PictureSide = 256;

    /// <summary>One sentence that states them all.</summary>
    internal static string Sentence => FormattableString.Invariant(
        $"At most {Texts} texts of {Characters:N0} characters with {Rows} rows of weights each, {Classes} classes of a confusion matrix, {TableRows} rows of a table, {MatrixSide} tokens along a matrix, {Weights:N0} weights of a grid of heads, {Matrices} matrices, and {Pictures} pictures of {PictureSide} pixels a side, {Drawn} where answers are drawn over them; what was longer is cut where it stands, with a sentence.");
}
