using Heed.Kernels;

namespace Heed;

/// <summary>Operations that move values and change none.</summary>
public sealed partial class Tensor
{
    /// <summary>The same values in another shape; nothing is copied.</summary>
    /// <param name="shape">As many elements.</param>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Length != Length)
            throw ShapeException.For("Reshape", "shape", FormattableString.Invariant($"{Length} elements, as {Shape},"), shape);
        Tensor y = new(Memory, shape, step, RequiresGradient);
        return Record(new ReshapeOperation(this), y);
    }

    /// <summary>The last two axes exchanged, copied.</summary>
    /// <returns>Shape <c>(…, n, m)</c> for <c>(…, m, n)</c>.</returns>
    /// <exception cref="ShapeException">There are fewer than two axes.</exception>
    public Tensor Transpose()
    {
        if (Shape.Rank < 2)
            throw ShapeException.For("Transpose", "this", "(…, m, n)", Shape);
        int m = Shape[^2], n = Shape[^1];
        int[] sizes = [.. Shape.Sizes];
        (sizes[^2], sizes[^1]) = (n, m);
        Tensor y = Result("Transpose", new Shape(sizes), this);
        TransposeEach(Values, y.Writable, m, n);
        return Record(new TransposeOperation(this, m, n), y);
    }

    /// <summary>A range of the last axis, copied.</summary>
    /// <param name="start">First column.</param>
    /// <param name="count">Number of columns.</param>
    /// <returns>Shape <c>(…, count)</c>.</returns>
    /// <exception cref="ShapeException">The range leaves the axis.</exception>
    public Tensor Columns(int start, int count)
    {
        if (Shape.Rank < 1 || start < 0 || count < 0 || start + count > Shape[^1])
            throw ShapeException.For("Columns", "this", FormattableString.Invariant($"(…, size) with size ≥ {start + count}"), Shape);
        Tensor y = Result("Columns", Shape.WithLast(count), this);
        int width = Shape[^1];
        CopyColumns(Values, width, start, y.Writable, count, 0, count);
        return Record(new ColumnsOperation(this, start, count), y);
    }

    /// <summary>Tensors side by side along the last axis.</summary>
    /// <param name="parts">At least one; all axes but the last are the same.</param>
    /// <returns>Shape <c>(…, sum of the last axes)</c>.</returns>
    /// <exception cref="ShapeException">The leading axes differ.</exception>
    public static Tensor Concatenate(params ReadOnlySpan<Tensor> parts)
    {
        if (parts.Length == 0 || parts[0].Shape.Rank < 1)
            throw new ArgumentException("Concatenate: at least one tensor with at least one axis is required.", nameof(parts));
        int width = 0;
        foreach (Tensor part in parts)
        {
            if (part.Shape.Rank < 1 || !part.Shape.Sizes[..^1].SequenceEqual(parts[0].Shape.Sizes[..^1]))
                throw ShapeException.For("Concatenate", "a part", $"the leading axes of the first part {parts[0].Shape}", part.Shape);
            width += part.Shape[^1];
        }
        Tensor y = Result("Concatenate", parts[0].Shape.WithLast(width), [.. parts]);
        int at = 0;
        foreach (Tensor part in parts)
        {
            CopyColumns(part.Values, part.Shape[^1], 0, y.Writable, width, at, part.Shape[^1]);
            at += part.Shape[^1];
        }
        return Record(new ConcatenateOperation(parts), y);
    }

    private static void TransposeEach(ReadOnlySpan<float> source, Span<float> destination, int rows, int columns)
    {
        for (int i = 0, size = rows * columns; size > 0 && i < source.Length; i += size)
            Transposition.Run(source.Slice(i, size), rows, columns, destination.Slice(i, size));
    }

    private static void CopyColumns<T>(ReadOnlySpan<T> source, int sourceWidth, int from, Span<T> destination, int destinationWidth, int to, int count)
    {
        int rows = destinationWidth == 0 ? 0 : destination.Length / destinationWidth;
        // A copy of one number is all call.
        for (int r = 0; r < rows && count == 1; r++)
            destination[(r * destinationWidth) + to] = source[(r * sourceWidth) + from];
        for (int r = 0; r < rows && count > 1; r++)
            source.Slice((r * sourceWidth) + from, count).CopyTo(destination[((r * destinationWidth) + to)..]);
    }

    private static void AddColumns(ReadOnlySpan<float> source, int sourceWidth, int from, Span<float> destination, int destinationWidth, int to, int count)
    {
        int rows = destinationWidth == 0 ? 0 : destination.Length / destinationWidth;
        for (int r = 0; r < rows && count == 1; r++)
            destination[(r * destinationWidth) + to] += source[(r * sourceWidth) + from];
        for (int r = 0; r < rows && count > 1; r++)
        {
            Span<float> row = destination.Slice((r * destinationWidth) + to, count);
            Elementwise.Add(row, source.Slice((r * sourceWidth) + from, count), row);
        }
    }

    private sealed class ReshapeOperation(Tensor x) : Operation(x)
    {
        protected internal override void Backward()
        {
            if (!Inputs[0].TryTakeGradient(Outputs[0]))
                Elementwise.Add(Accumulate(0), GradientOf(), Accumulate(0));
        }

        protected internal override void Reference(ReferenceValues values) => values.Input(0).CopyTo(values.Output());
    }

    private sealed class TransposeOperation(Tensor x, int m, int n) : Operation(x)
    {
        protected internal override void Backward()
        {
            Tensor turned = Inputs[0].step!.New(Inputs[0].Shape);
            TransposeEach(GradientOf(), turned.Writable, n, m);
            Elementwise.Add(Accumulate(0), turned.Values, Accumulate(0));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[(i / (m * n) * m * n) + (i % n * m) + (i / n % m)] = values.Input(0)[i];
        }
    }

    private sealed class ColumnsOperation(Tensor x, int start, int count) : Operation(x)
    {
        protected internal override void Backward() =>
            AddColumns(GradientOf(), count, 0, Accumulate(0), Inputs[0].Shape[^1], start, count);

        protected internal override void Reference(ReferenceValues values) =>
            CopyColumns(values.Input(0), Inputs[0].Shape[^1], start, values.Output(), count, 0, count);
    }

    private sealed class ConcatenateOperation(ReadOnlySpan<Tensor> parts) : Operation(parts)
    {
        protected internal override void Backward()
        {
            for (int i = 0, at = 0; i < Inputs.Count; at += Inputs[i].Shape[^1], i++)
            {
                if (Needs(i))
                    AddColumns(GradientOf(), Outputs[0].Shape[^1], at, Accumulate(i), Inputs[i].Shape[^1], 0, Inputs[i].Shape[^1]);
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0, at = 0; i < Inputs.Count; at += Inputs[i].Shape[^1], i++)
                CopyColumns(values.Input(i), Inputs[i].Shape[^1], 0, values.Output(), Outputs[0].Shape[^1], at, Inputs[i].Shape[^1]);
        }
    }
}
