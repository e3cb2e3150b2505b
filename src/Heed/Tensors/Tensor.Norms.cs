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
