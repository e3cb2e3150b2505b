namespace Heed;

/// <summary>A row of a labelled set.</summary>
/// <param name="Text">The text; a pair of texts is one string, see <see cref="TextPair"/>.</param>
/// <param name="Label">Index into <see cref="TextData.LabelNames"/>; −1 for <see cref="TargetKind.Multi"/> and <see cref="TargetKind.Number"/>.</param>
/// <param name="Line">The line where the row begins, from 1; 0 if it comes from no file.</param>
public readonly record struct TextExample(string Text, int Label, long Line)
{
    private readonly IReadOnlyList<int>? labels;
    private readonly IReadOnlyList<string>? values;

    /// <summary>All labels of the row as ascending indices: the set of a <see cref="TargetKind.Multi"/> target, one of a single or ordinal one,
    /// none of a number.</summary>
    public IReadOnlyList<int> Labels { get => labels ?? (Label < 0 ? [] : [Label]); init => labels = value; }

    /// <summary>The number of a <see cref="TargetKind.Number"/> target, the rank from 0 of an ordinal one; NaN otherwise.</summary>
    public double Number { get; init; } = double.NaN;

    /// <summary>The fields of the further columns, as <see cref="TextData.CategoryColumns"/> and then <see cref="TextData.NumberColumns"/> name
    /// them.</summary>
    public IReadOnlyList<string> Values { get => values ?? []; init => values = value; }

    /// <summary>What rows must share to be kept in one part; null if there is no such column.</summary>
    public string? Group { get; init; }

    /// <summary>When the row arose, as written; null if there is no such column.</summary>
    public string? Time { get; init; }
}
