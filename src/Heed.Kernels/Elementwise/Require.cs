using System.Diagnostics.CodeAnalysis;

namespace Heed.Kernels;

/// <summary>The checks at the doors of the kernels. Messages: operation, argument, what is required, what came.</summary>
internal static class Require
{
    public static void Length(string operation, string argument, int got, long required)
    {
        if (got != required)
            ThrowLength(operation, argument, got, required);
    }

    /// <summary>The length must be a multiple of the row's; gives the number of rows (0 for rows of no columns).</summary>
    public static int Rows(string operation, string argument, int length, int columns)
    {
        if (columns < 0 || (columns == 0 && length != 0) || (columns > 0 && length % columns != 0))
            throw new ArgumentException(FormattableString.Invariant($"{operation}: {argument} has {length} values; whole rows of {columns} columns are required."), argument);
        return columns == 0 ? 0 : length / columns;
    }

    /// <summary>A result may take the place of a source exactly, or lie elsewhere; overlapping by halves would read what was written.</summary>
    public static void SameOrApart<T>(string operation, string argument, ReadOnlySpan<T> source, ReadOnlySpan<T> result)
    {
        if (result.Overlaps(source, out int offset) && offset != 0)
            throw new ArgumentException(FormattableString.Invariant($"{operation}: the result overlaps {argument} with an offset of {offset} values; use the same span or memory of its own."), argument);
    }

    public static void Apart<T>(string operation, string argument, ReadOnlySpan<T> source, ReadOnlySpan<T> result)
    {
        if (result.Overlaps(source))
            throw new ArgumentException($"{operation}: the result overlaps {argument}; give it memory of its own.", argument);
    }

    /// <summary>A gradient that is not wanted is empty; one that is has its length, and memory of its own.</summary>
    public static void Gradient(string operation, string argument, ReadOnlySpan<float> gradient, int length, ReadOnlySpan<float> dy, ReadOnlySpan<float> x)
    {
        if (gradient.Length == 0)
            return;
        Length(operation, argument, gradient.Length, length);
        Apart(operation, nameof(dy), dy, gradient);
        Apart(operation, nameof(x), x, gradient);
    }

    public static void Range(string operation, string argument, double got, bool isIn, string range)
    {
        if (!isIn)
            throw new ArgumentOutOfRangeException(argument, got, $"{operation}: {argument} must be {range}.");
    }

    [DoesNotReturn]
    private static void ThrowLength(string operation, string argument, int got, long required) =>
        throw new ArgumentException(FormattableString.Invariant($"{operation}: {argument} has {got} values, {required} are required."), argument);
}
