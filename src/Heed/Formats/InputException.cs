namespace Heed;

/// <summary>A file or a text that a user brought cannot be used. The message is one sentence that names the place and the likely fix.</summary>
/// <remarks>Commands print the message alone and end with exit code 2; nothing that existed has been changed when it is thrown.</remarks>
public sealed class InputException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and the likely fix, without the place.</param>
    /// <param name="path">The file, if there is one.</param>
    /// <param name="line">The line, from 1; 0 if unknown.</param>
    /// <param name="column">The column, from 1, in UTF-16 units; 0 if unknown.</param>
    /// <param name="innerException">The cause.</param>
    public InputException(string message, string? path = null, long line = 0, int column = 0, Exception? innerException = null)
        : base(Place(path, line, column) + message, innerException)
    {
        Path = path;
        Line = line;
        Column = column;
    }

    /// <summary>The file, if there is one.</summary>
    public string? Path { get; }

    /// <summary>The line, from 1; 0 if unknown.</summary>
    public long Line { get; }

    /// <summary>The column, from 1, in UTF-16 units; 0 if unknown.</summary>
    public int Column { get; }

    private static string Place(string? path, long line, int column) =>
        path is null ? "" : line == 0 ? $"{path}: " : column == 0 ? FormattableString.Invariant($"{path}, line {line}: ")
        : FormattableString.Invariant($"{path}, line {line}, column {column}: ");
}
