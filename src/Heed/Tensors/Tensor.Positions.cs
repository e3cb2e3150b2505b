using Heed.Kernels;

namespace Heed;

/// <summary>Positions inside queries and keys.</summary>
public sealed partial class Tensor
{
    /// <summary>Turns the features of each head by angles that grow with the position; see <see cref="RotaryKernel"/>.</summary>
    /// <param name="positions">The position of each row: (batch · sequence), row-major.</param>
    /// <param name="angles">Frequencies; their size says how many features of a head turn, the first ones.</param>
    /// <param name="interleaved">Whether pairs are neighbours (2i, 2i + 1), as in the paper; else (i, i + n/2), as in Llama's checkpoints.</param>
    /// <returns>The shape of this, <c>(batch, sequence, heads, headDim)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A position is negative.</exception>
    public Tensor Rotate(ReadOnlyMemory<int> positions, RotaryAngles angles, bool interleaved = false)
    {
        const string Name = "Rotate";
        ArgumentNullException.ThrowIfNull(angles);
        if (Shape.Rank != 4 || Shape[3] < angles.Size)
            throw ShapeException.For(Name, "this", FormattableString.Invariant($"(batch, sequence, heads, headDim) with headDim at least {angles.Size}"), Shape);
        if (positions.Length != Shape[0] * Shape[1])
            throw new ShapeException(FormattableString.Invariant($"{Name}: {positions.Length} positions came for {Shape}, (batch, sequence, heads, headDim); one for each of batch · sequence is required."));
        int last = -1;
        foreach (int position in positions.Span)
            last = position < 0 ? throw new ArgumentOutOfRangeException(nameof(positions), position, $"{Name}: positions must be at least 0.") : Math.Max(last, position);
        Tensor y = Result(Name, Shape, this);
        RotateOperation operation = new(this, positions, angles.For(last + 1), new RotaryShape(Shape[2], Shape[3], angles.Size, interleaved));
        operation.Run(y.Writable);
        return Record(operation, y);
    }

    private sealed class RotateOperation(Tensor x, ReadOnlyMemory<int> positions, RotaryAngles.Table table, RotaryShape shape) : Operation(x)
    {
        public void Run(Span<float> y) => RotaryKernel.Forward(Inputs[0].Values, positions.Span, table.Cos, table.Sin, shape, y);

        protected internal override void Backward() => RotaryKernel.Backward(GradientOf(), positions.Span, table.Cos, table.Sin, shape, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceRotary.Forward(values.Input(0), positions.Span, table.Cos, table.Sin, shape, values.Output());
    }
}
