namespace Heed;

/// <summary>A row as it stands in a file.</summary>
/// <param name="Text">The text, unchanged; several columns are joined by a line end, a second text as <see cref="TextPair"/> says.</param>
/// <param name="Label">The label without white space around it; null if none is read.</param>
/// <param name="Line">The line where the row begins, from 1.</param>
public readonly record struct TextRow(string Text, string? Label, long Line)
{
    private readonly IReadOnlyList<string>? values;

    /// <summary>The fields of the further columns: first <see cref="TextReadOptions.Categories"/>, then <see cref="TextReadOptions.Numbers"/>.</summary>
    public IReadOnlyList<string> Values { get => values ?? []; init => values = value; }

    /// <summary>The field of <see cref="TextReadOptions.Group"/>; null if none is read.</summary>
    public string? Group { get; init; }

    /// <summary>The field of <see cref="TextReadOptions.Time"/>; null if none is read.</summary>
    public string? Time { get; init; }
}
