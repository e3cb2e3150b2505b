namespace Heed;

/// <summary>Shapes that do not fit an operation. The message names operation, argument, what is required, what came, and a likely fix.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>Creates the error from a whole message.</summary>
    /// <param name="message">The message.</param>
    public ShapeException(string message)
        : base(message)
    {
    }

    /// <summary>The one form of the message.</summary>
    /// <param name="operation">The operation, for example <c>Linear</c>.</param>
    /// <param name="argument">The argument's name.</param>
    /// <param name="required">What is required, with the names of the axes.</param>
    /// <param name="got">The shape that came.</param>
    /// <param name="fix">The likely fix, a question or a hint; may be empty.</param>
    public static ShapeException For(string operation, string argument, string required, Shape got, string fix = "") =>
        new($"{operation}: {argument} has shape {got} but {required} is required.{(fix.Length == 0 ? "" : " " + fix)}");
}
