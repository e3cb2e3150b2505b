using Heed.Kernels;

namespace Heed;

/// <summary>Norms.</summary>
public sealed partial class Tensor
{
    /// <summary>1/‖x‖ of each vector of the last axis: the terms of <see cref="CosineScore"/>. A vector of zeros gives 0 and passes no gradient.</summary>
    /// <returns>Shape <c>(…)</c> for x of shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    public Tensor InverseNorm()
    {
        LastAxis("InverseNorm");
        Tensor y = Result("InverseNorm", new Shape(Shape.Sizes[..^1]), this);
        CosineTerms.Forward(Values, y.Writable);
        return Record(new InverseNormOperation(this), y);
    }

    /// <summary>Each vector of the last axis times a number of its own, or all times one.</summary>
    /// <param name="factors">Shape <c>(…)</c> for x of shape <c>(…, size)</c>; or a scalar.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor ScaleRows(Tensor factors)
    {
        ArgumentNullException.ThrowIfNull(factors);
        LastAxis("ScaleRows");
        Shape rows = new(Shape.Sizes[..^1]);
        if (factors.Shape != rows && factors.Shape != Shape.Scalar)
            throw ShapeException.For("ScaleRows", nameof(factors), $"{rows}, one for each vector, or a scalar", factors.Shape);
        Tensor y = Result("ScaleRows", Shape, this, factors);
        ScaleRowsOperation operation = new(this, factors);
        for (int row = 0; row < operation.Rows; row++)
            Elementwise.Scale(operation.Row(Values, row), operation.Factor(factors.Values, row), operation.Row(y.Writable, row));
        return Record(operation, y);
    }

    private sealed class ScaleRowsOperation(Tensor x, Tensor factors) : Operation(x, factors)
    {
        private readonly bool isOne = factors.Shape == Shape.Scalar;

        // With one factor the tensor is one row.
        public int Rows => isOne ? 1 : Inputs[1].Length;

        private int Size => isOne ? Inputs[0].Length : Inputs[0].Shape[^1];

        public ReadOnlySpan<T> Row<T>(ReadOnlySpan<T> values, int row) => values.Slice(row * Size, Size);

        public Span<T> Row<T>(Span<T> values, int row) => values.Slice(row * Size, Size);

        public T Factor<T>(ReadOnlySpan<T> values, int row) => values[isOne ? 0 : row];

        protected internal override void Backward()
        {
            for (int row = 0; row < Rows; row++)
            {
                if (Needs(0))
                    Elementwise.AddScaled(Row(GradientOf(), row), Factor(Inputs[1].Values, row), Row(Accumulate(0), row));
                if (Needs(1))
                    Accumulate(1)[row] += Reduction.Dot(Row(GradientOf(), row), Row(Inputs[0].Values, row));
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int row = 0; row < Rows; row++)
            {
                for (int i = 0; i < Size; i++)
                    Row(values.Output(), row)[i] = Row(values.Input(0), row)[i] * Factor(values.Input(1), row);
            }
        }
    }

    private sealed class InverseNormOperation(Tensor x) : Operation(x)
    {
        protected internal override void Backward() => CosineTerms.Backward(Inputs[0].Values, Outputs[0].Values, GradientOf(), Accumulate(0));

        protected internal override void Reference(ReferenceValues values)
        {
            int size = Inputs[0].Shape[^1];
            for (int i = 0; i < values.Output().Length; i++)
            {
                double square = 0;
                foreach (double value in values.Input(0).Slice(i * size, size))
                    square += value * value;
                values.Output()[i] = square == 0 ? 0 : 1 / Math.Sqrt(square);
            }
        }
    }
}
