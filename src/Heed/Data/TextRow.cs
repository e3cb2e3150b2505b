namespace Heed;

/// <summary>A row as it stands in a file.</summary>
/// <param name="Text">The text, unchanged.</param>
/// <param name="Label">The label without white space around it; null if none is read.</param>
/// <param name="Line">The line where the row begins, from 1.</param>
public readonly record struct TextRow(string Text, string? Label, long Line);

/// <summary>A row of a labelled set.</summary>
/// <param name="Text">The text.</param>
/// <param name="Label">Index into <see cref="TextData.LabelNames"/>.</param>
/// <param name="Line">The line where the row begins, from 1; 0 if it comes from no file.</param>
public readonly record struct TextExample(string Text, int Label, long Line);
