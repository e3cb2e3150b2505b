using Heed.Kernels;

namespace Heed;

/// <summary>Normalisation.</summary>
public sealed partial class Tensor
{
    /// <summary>Normalises each row to mean 0 and variance 1, scales by γ and shifts by β; see <see cref="Heed.LayerNorm"/>.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="gamma">γ: <c>(size)</c>.</param>
    /// <param name="beta">β: <c>(size)</c>.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor LayerNorm(Tensor x, Tensor gamma, Tensor beta, float epsilon = 1e-5f)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        ArgumentNullException.ThrowIfNull(beta);
        if (gamma.Shape.Rank != 1 || gamma.Shape != beta.Shape)
            throw ShapeException.For("LayerNorm", "gamma", $"(size), the shape of beta {beta.Shape},", gamma.Shape);
        int size = gamma.Length;
        if (x.Shape.Rank < 1 || x.Shape[^1] != size || size == 0)
            throw ShapeException.For("LayerNorm", "x", FormattableString.Invariant($"(…, size) with size = {size}"), x.Shape);
        Tensor y = Result("LayerNorm", x.Shape, x, gamma, beta);
        Shape rows = new(x.Length / size);
        Tensor mean = Result("LayerNorm", rows, x, gamma, beta), deviation = Result("LayerNorm", rows, x, gamma, beta);
        LayerNormKernel.Forward(x.Values, gamma.Values, beta.Values, size, epsilon, y.Writable, mean.Writable, deviation.Writable);
        return Record(new LayerNormOperation(x, gamma, beta, mean, deviation, epsilon), y);
    }

    /// <summary>Divides each row by its root mean square and scales by γ; see <see cref="Heed.RmsNorm"/>.</summary>
    /// <param name="x">Shape <c>(…, size)</c>.</param>
    /// <param name="gamma">γ: <c>(size)</c>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>Shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor RmsNorm(Tensor x, Tensor gamma, float epsilon = 1e-6f)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gamma);
        if (gamma.Shape.Rank != 1 || gamma.Length == 0)
            throw ShapeException.For("RmsNorm", "gamma", "(size)", gamma.Shape);
        int size = gamma.Length;
        if (x.Shape.Rank < 1 || x.Shape[^1] != size)
            throw ShapeException.For("RmsNorm", "x", FormattableString.Invariant($"(…, size) with size = {size}"), x.Shape);
        Tensor y = Result("RmsNorm", x.Shape, x, gamma), reciprocal = Result("RmsNorm", new Shape(x.Length / size), x, gamma);
        RmsNormKernel.Forward(x.Values, gamma.Values, size, epsilon, y.Writable, reciprocal.Writable);
        return Record(new RmsNormOperation(x, gamma, reciprocal, epsilon), y);
    }

    private sealed class RmsNormOperation(Tensor x, Tensor gamma, Tensor reciprocal, float epsilon) : Operation(x, gamma)
    {
        protected internal override void Backward() => RmsNormKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, reciprocal.Values, Inputs[1].Length, Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceRmsNorm.Forward(values.Input(0), values.Input(1), Inputs[1].Length, epsilon, values.Output());
    }

    private sealed class LayerNormOperation(Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor deviation, float epsilon) : Operation(x, gamma, beta)
    {
        protected internal override void Backward() => LayerNormKernel.Backward(
            GradientOf(), Inputs[0].Values, Inputs[1].Values, mean.Values, deviation.Values, Inputs[1].Length,
            Needs(0) ? Accumulate(0) : default, Needs(1) ? Accumulate(1) : default, Needs(2) ? Accumulate(2) : default);

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceLayerNorm.Forward(values.Input(0), values.Input(1), values.Input(2), Inputs[1].Length, epsilon, values.Output());
    }
}
