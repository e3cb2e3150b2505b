using Heed.Kernels;

namespace Heed;

/// <summary>Losses of places that hold things or nothing.</summary>
public sealed partial class Tensor
{
    /// <summary>Focal loss, the sum over all answers; see <see cref="FocalLossKernel"/>.</summary>
    /// <param name="logits">x, of any shape.</param>
    /// <param name="targets">t, one for each logit: 0 or 1.</param>
    /// <param name="alpha">α: weight of targets of 1; default as published.</param>
    /// <param name="gamma">γ: how little easy answers count; default as published.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The numbers of logits and targets differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is neither 0 nor 1, or α or γ does not suit.</exception>
    public static Tensor FocalLoss(Tensor logits, ReadOnlyMemory<float> targets, float alpha = 0.25f, float gamma = 2)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Length != targets.Length)
            throw ShapeException.For("FocalLoss", "logits", FormattableString.Invariant($"as many elements as there are targets ({targets.Length})"), logits.Shape);
        Tensor loss = Result("FocalLoss", Shape.Scalar, logits);
        loss.Writable[0] = (float)FocalLossKernel.Forward(logits.Values, targets.Span, alpha, gamma);
        return Record(new FocalLossOperation(logits, targets, alpha, gamma), loss);
    }

    /// <summary>One minus the generalized intersection over union of boxes around common points, the weighted sum over rows; see <see cref="BoxLossKernel"/>.</summary>
    /// <param name="boxes"><c>(rows, 4)</c>: distances of the left, upper, right and lower edge from the point, above 0.</param>
    /// <param name="targets"><c>(rows, 4)</c>, row-major.</param>
    /// <param name="weights"><c>(rows)</c>; a row of weight 0 is not read.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor BoxLoss(Tensor boxes, ReadOnlyMemory<float> targets, ReadOnlyMemory<float> weights)
    {
        ArgumentNullException.ThrowIfNull(boxes);
        if (boxes.Shape != new Shape(weights.Length, 4) || targets.Length != boxes.Length)
            throw ShapeException.For("BoxLoss", nameof(boxes), FormattableString.Invariant($"(rows, 4) with rows = {weights.Length}, the number of weights, and 4·rows = {targets.Length}, that of targets,"), boxes.Shape);
        Tensor loss = Result("BoxLoss", Shape.Scalar, boxes);
        loss.Writable[0] = (float)BoxLossKernel.Forward(boxes.Values, targets.Span, weights.Span);
        return Record(new BoxLossOperation(boxes, targets, weights), loss);
    }

    private sealed class FocalLossOperation(Tensor logits, ReadOnlyMemory<float> targets, float alpha, float gamma) : Operation(logits)
    {
        protected internal override void Backward() => FocalLossKernel.Backward(Inputs[0].Values, targets.Span, alpha, gamma, GradientOf()[0], Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => values.Output()[0] = ReferenceDetection.FocalLoss(values.Input(0), targets.Span, alpha, gamma);
    }

    private sealed class BoxLossOperation(Tensor boxes, ReadOnlyMemory<float> targets, ReadOnlyMemory<float> weights) : Operation(boxes)
    {
        protected internal override void Backward() => BoxLossKernel.Backward(Inputs[0].Values, targets.Span, weights.Span, GradientOf()[0], Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => values.Output()[0] = ReferenceDetection.BoxLoss(values.Input(0), targets.Span, weights.Span);
    }
}
