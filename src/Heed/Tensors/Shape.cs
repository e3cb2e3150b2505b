using System.Globalization;

namespace Heed;

/// <summary>The sizes of a tensor's axes, outermost first; row-major.</summary>
/// <remarks>Immutable. Rank 0 (one element) is the shape of a scalar. No size is negative, and the product fits an <see cref="int"/>.</remarks>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly int[]? sizes;

    /// <summary>Creates a shape.</summary>
    /// <param name="sizes">The sizes; a copy is taken.</param>
    /// <exception cref="ShapeException">A size is negative, or there are more than 2³¹ − 1 elements.</exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        long length = 1;
        foreach (int size in sizes)
        {
            if (size < 0)
                throw new ShapeException($"Shape: sizes must not be negative, got ({Join(sizes)}).");
            length *= size;
            if (length > int.MaxValue)
                throw new ShapeException($"Shape: ({Join(sizes)}) has more than {int.MaxValue.ToString(CultureInfo.InvariantCulture)} elements; split the tensor.");
        }
        this.sizes = sizes.ToArray();
        Length = (int)length;
    }

    /// <summary>The shape of a scalar: rank 0, one element.</summary>
    public static Shape Scalar => default;

    /// <summary>Number of axes.</summary>
    public int Rank => sizes?.Length ?? 0;

    /// <summary>Number of elements.</summary>
    public int Length => sizes is null ? 1 : field;

    /// <summary>The sizes, outermost first.</summary>
    public ReadOnlySpan<int> Sizes => sizes;

    /// <summary>The size of an axis; <c>^1</c> is the last.</summary>
    /// <param name="axis">The axis.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such axis.</exception>
    public int this[Index axis] => Sizes[axis.GetOffset(Rank)];

    /// <summary>This shape with the last axis replaced.</summary>
    /// <param name="size">The new size of the last axis.</param>
    public Shape WithLast(int size)
    {
        Span<int> copy = Rank <= 16 ? stackalloc int[Rank] : new int[Rank];
        Sizes.CopyTo(copy);
        copy[^1] = size;
        return new Shape(copy);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Sizes.SequenceEqual(other.Sizes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int size in Sizes)
            hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>As <c>(2, 3)</c>.</summary>
    public override string ToString() => $"({Join(Sizes)})";

    /// <summary>Whether the sizes are the same.</summary>
    /// <param name="left">One shape.</param>
    /// <param name="right">Another.</param>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether the sizes differ.</summary>
    /// <param name="left">One shape.</param>
    /// <param name="right">Another.</param>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    private static string Join(ReadOnlySpan<int> sizes) =>
        string.Join(", ", sizes.ToArray().Select(s => s.ToString(CultureInfo.InvariantCulture)));
}
