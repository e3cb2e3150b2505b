using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Heed.Kernels;

namespace Heed;

/// <summary>Sums.</summary>
public sealed partial class Tensor
{
    /// <summary>The sum of all elements, a scalar.</summary>
    public Tensor Sum() => WeightedSum(null, 1);

    /// <summary>The mean of all elements, a scalar.</summary>
    public Tensor Mean() => WeightedSum(null, 1f / Math.Max(1, Length));

    /// <summary>The mean over the last axis.</summary>
    /// <returns>Shape <c>(…)</c> for <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">There is no axis, or it is empty.</exception>
    public Tensor MeanLast()
    {
        if (Shape.Rank < 1 || Shape[^1] == 0)
            throw ShapeException.For("MeanLast", "this", "(…, size) with size ≥ 1", Shape);
        Tensor y = Result("MeanLast", new Shape(Shape.Sizes[..^1]), this);
        int size = Shape[^1];
        Reduction.RowSums(Values, size, y.Writable);
        Elementwise.Scale(y.Values, 1f / size, y.Writable);
        return Record(new MeanLastOperation(this, size), y);
    }

    /// <summary>The largest value of the last axis; the first maximum wins, and gets the gradient.</summary>
    /// <returns>Shape <c>(…)</c> for <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">There is no axis, or it is empty.</exception>
    public Tensor MaxLast()
    {
        if (Shape.Rank < 1 || Shape[^1] == 0)
            throw ShapeException.For("MaxLast", "this", "(…, size) with size ≥ 1", Shape);
        Tensor y = Result("MaxLast", new Shape(Shape.Sizes[..^1]), this);
        int size = Shape[^1];
        int[] positions = new int[y.Length];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = TensorPrimitives.IndexOfMax(Values.Slice(i * size, size));
            y.Writable[i] = Values[(i * size) + positions[i]];
        }
        return Record(new MaxLastOperation(this, positions), y);
    }

    /// <summary>Mean and maximum of the last axis side by side, as spatial attention reads them; see <see cref="FeatureMapsKernel"/>.</summary>
    /// <param name="maximumFirst">Whether the maximum comes first.</param>
    /// <returns>Shape <c>(…, 2)</c> for <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">There is no axis, or it is empty.</exception>
    internal Tensor FeatureMaps(bool maximumFirst = false)
    {
        if (Shape.Rank < 1 || Shape[^1] == 0)
            throw ShapeException.For("FeatureMaps", "this", "(…, size) with size ≥ 1", Shape);
        Tensor y = Result("FeatureMaps", Shape.WithLast(2), this), largest = Result("FeatureMaps", new Shape(Shape.Sizes[..^1]), this);
        FeatureMapsKernel.Forward(Values, Shape[^1], y.Writable, MemoryMarshal.Cast<float, int>(largest.Writable), maximumFirst);
        return Record(new FeatureMapsOperation(this, largest, maximumFirst), y);
    }

    /// <summary>Σ w·x over all elements, a scalar.</summary>
    internal Tensor WeightedSum(float[] weights) => WeightedSum(weights, 1);

    private Tensor WeightedSum(float[]? weights, float scale)
    {
        Tensor y = Result("Sum", Shape.Scalar, this);
        y.Writable[0] = scale * (weights is null ? Reduction.Sum(Values) : Reduction.Dot(Values, weights));
        return Record(new SumOperation(this, weights, scale), y);
    }

    private sealed class SumOperation(Tensor x, float[]? weights, float scale) : Operation(x)
    {
        protected internal override void Backward()
        {
            float dy = scale * GradientOf()[0];
            if (weights is null)
                Elementwise.Shift(Accumulate(0), dy, Accumulate(0));
            else
                Elementwise.AddScaled(weights, dy, Accumulate(0));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            double sum = 0;
            for (int i = 0; i < Inputs[0].Length; i++)
                sum += values.Input(0)[i] * (weights?[i] ?? 1);
            values.Output()[0] = scale * sum;
        }
    }

    private sealed class MeanLastOperation(Tensor x, int size) : Operation(x)
    {
        protected internal override void Backward()
        {
            Span<float> dx = Accumulate(0);
            ReadOnlySpan<float> dy = GradientOf();
            for (int i = 0; i < dy.Length; i++)
            {
                Span<float> row = dx.Slice(i * size, size);
                Elementwise.Shift(row, dy[i] / size, row);
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Outputs[0].Length; i++)
            {
                double sum = 0;
                foreach (double value in values.Input(0).Slice(i * size, size))
                    sum += value;
                values.Output()[i] = sum / size;
            }
        }
    }

    private sealed class FeatureMapsOperation(Tensor x, Tensor largest, bool maximumFirst) : Operation(x)
    {
        protected internal override void Backward() =>
            FeatureMapsKernel.Backward(GradientOf(), MemoryMarshal.Cast<float, int>(largest.Values), Inputs[0].Shape[^1], Accumulate(0), maximumFirst);

        protected internal override void Reference(ReferenceValues values)
        {
            int size = Inputs[0].Shape[^1], mean = maximumFirst ? 1 : 0;
            for (int i = 0; i < largest.Length; i++)
            {
                ReadOnlySpan<double> row = values.Input(0).Slice(i * size, size);
                (values.Output()[(2 * i) + mean], values.Output()[(2 * i) + 1 - mean]) = (TensorPrimitives.Sum(row) / size, TensorPrimitives.Max(row));
            }
        }
    }

    private sealed class MaxLastOperation(Tensor x, int[] positions) : Operation(x)
    {
        protected internal override void Backward()
        {
            int size = Inputs[0].Shape[^1];
            for (int i = 0; i < positions.Length; i++)
                Accumulate(0)[(i * size) + positions[i]] += GradientOf()[i];
        }

        protected internal override void Reference(ReferenceValues values)
        {
            int size = Inputs[0].Shape[^1];
            for (int i = 0; i < Outputs[0].Length; i++)
                values.Output()[i] = TensorPrimitives.Max(values.Input(0).Slice(i * size, size));
        }
    }
}
