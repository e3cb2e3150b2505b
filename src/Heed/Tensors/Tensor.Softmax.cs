using Heed.Kernels;

namespace Heed;

/// <summary>Distributions.</summary>
public sealed partial class Tensor
{
    /// <summary>Softmax over the last axis.</summary>
    /// <remarks>Formula: y_i = exp(x_i − max)/Σ exp(x_j − max). A row of all −∞ gives zeros.</remarks>
    /// <returns>Shape <c>(…, size)</c>, as x.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    public Tensor Softmax()
    {
        int columns = LastAxis("Softmax");
        Tensor y = Result("Softmax", Shape, this);
        SoftmaxKernel.Forward(Values, columns, y.Writable);
        return Record(new SoftmaxOperation(this, columns), y);
    }

    /// <summary>The logarithm of <see cref="Softmax"/>, without its rounding.</summary>
    /// <returns>Shape <c>(…, size)</c>, as x.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    public Tensor LogSoftmax()
    {
        int columns = LastAxis("LogSoftmax");
        Tensor y = Result("LogSoftmax", Shape, this);
        LogSoftmaxKernel.Forward(Values, columns, y.Writable);
        return Record(new LogSoftmaxOperation(this, columns), y);
    }

    /// <summary>Softmax over the real steps of each sequence, for each view; padding is never read and weighs exactly 0.</summary>
    /// <param name="ranges">The real steps.</param>
    /// <returns>Weights <c>(batch, views, time)</c> for scores <c>(batch, time, views)</c>.</returns>
    /// <exception cref="ShapeException">The shape has not three axes, or the ranges do not fit.</exception>
    public Tensor SoftmaxOverTime(SequenceRanges ranges)
    {
        if (Shape.Rank != 3)
            throw ShapeException.For("SoftmaxOverTime", "this", "(batch, time, views)", Shape);
        (int batch, int time, int views) = (Shape[0], Shape[1], Shape[2]);
        ranges.Check("SoftmaxOverTime", batch, time);
        Tensor y = Result("SoftmaxOverTime", new Shape(batch, views, time), this);
        SequenceSoftmaxKernel.Forward(Values, views, ranges.For(time), y.Writable);
        return Record(new SoftmaxOverTimeOperation(this, ranges), y);
    }

    /// <summary>Cross-entropy of logits with class targets, averaged as PyTorch does.</summary>
    /// <remarks>Formula: loss = Σ_i w(y_i)·(−log softmax(x_i)[y_i]) / Σ_i w(y_i), with label smoothing mixing in the mean over all classes.</remarks>
    /// <param name="logits">Shape <c>(rows, classes)</c>.</param>
    /// <param name="targets">Classes <c>(rows)</c>; −1 leaves a row out.</param>
    /// <param name="classWeights">w, one a class, or null for 1.</param>
    /// <param name="labelSmoothing">In [0, 1).</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">A target is no class.</exception>
    public static Tensor CrossEntropy(Tensor logits, ReadOnlyMemory<int> targets, float[]? classWeights = null, float labelSmoothing = 0)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Shape.Rank != 2 || logits.Shape[0] != targets.Length)
            throw ShapeException.For("CrossEntropy", "logits", FormattableString.Invariant($"(rows, classes) with rows = {targets.Length}, the number of targets,"), logits.Shape);
        Tensor loss = Result("CrossEntropy", Shape.Scalar, logits), probabilities = Result("CrossEntropy", logits.Shape, logits);
        loss.Writable[0] = (float)CrossEntropyKernel.Forward(logits.Values, targets.Span, logits.Shape[1], probabilities.Writable, classWeights, labelSmoothing);
        return Record(new CrossEntropyOperation(logits, probabilities, targets, classWeights, labelSmoothing), loss);
    }

    /// <summary>Cross-entropy of independent yes-or-no answers, the mean over all of them.</summary>
    /// <remarks>Formula: loss = (1/n)·Σ −t·ln σ(x) − (1 − t)·ln(1 − σ(x)), without the overflow of the plain form.</remarks>
    /// <param name="logits">x, of any shape.</param>
    /// <param name="targets">t, one for each logit, in [0, 1].</param>
    /// <param name="weights">How often each answer counts; none for once.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">The numbers of logits and targets differ.</exception>
    /// <exception cref="ArgumentException">The numbers of targets and weights differ, or a target is outside [0, 1].</exception>
    public static Tensor SigmoidCrossEntropy(Tensor logits, ReadOnlyMemory<float> targets, ReadOnlyMemory<float> weights = default)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Length != targets.Length)
            throw ShapeException.For("SigmoidCrossEntropy", "logits", FormattableString.Invariant($"as many elements as there are targets ({targets.Length})"), logits.Shape);
        Tensor loss = Result("SigmoidCrossEntropy", Shape.Scalar, logits);
        loss.Writable[0] = (float)SigmoidCrossEntropyKernel.Forward(logits.Values, targets.Span, weights.Span);
        return Record(new SigmoidCrossEntropyOperation(logits, targets, weights), loss);
    }

    private int LastAxis(string operation) => Shape.Rank > 0 ? Shape[^1] : throw ShapeException.For(operation, "this", "(…, size)", Shape);

    private sealed class SoftmaxOperation(Tensor x, int columns) : Operation(x)
    {
        protected internal override void Backward() => SoftmaxKernel.Backward(GradientOf(), Outputs[0].Values, columns, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceSoftmax.Forward(values.Input(0), columns, values.Output());
    }

    private sealed class LogSoftmaxOperation(Tensor x, int columns) : Operation(x)
    {
        protected internal override void Backward() => LogSoftmaxKernel.Backward(GradientOf(), Outputs[0].Values, columns, Accumulate(0));

        protected internal override void Reference(ReferenceValues values) => ReferenceSoftmax.LogForward(values.Input(0), columns, values.Output());
    }

    private sealed class SoftmaxOverTimeOperation(Tensor scores, SequenceRanges ranges) : Operation(scores)
    {
        protected internal override void Backward() =>
            SequenceSoftmaxKernel.Backward(GradientOf(), Outputs[0].Values, Outputs[0].Shape[1], ranges.For(Outputs[0].Shape[2]), Accumulate(0));

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceSoftmax.SequenceForward(values.Input(0), Outputs[0].Shape[1], ranges.For(Outputs[0].Shape[2]), values.Output());
    }

    private sealed class SigmoidCrossEntropyOperation(Tensor logits, ReadOnlyMemory<float> targets, ReadOnlyMemory<float> weights) : Operation(logits)
    {
        protected internal override void Backward() => SigmoidCrossEntropyKernel.Backward(Inputs[0].Values, targets.Span, GradientOf()[0], Accumulate(0), weights.Span);

        protected internal override void Reference(ReferenceValues values) =>
            values.Output()[0] = ReferenceSoftmax.SigmoidCrossEntropy(values.Input(0), targets.Span, weights.Span);
    }

    private sealed class CrossEntropyOperation(Tensor logits, Tensor probabilities, ReadOnlyMemory<int> targets, float[]? classWeights, float labelSmoothing) : Operation(logits)
    {
        protected internal override void Backward() =>
            CrossEntropyKernel.Backward(probabilities.Values, targets.Span, probabilities.Shape[1], GradientOf()[0], Accumulate(0, out bool isFirst), classWeights, labelSmoothing, adds: !isFirst);

        protected internal override void Reference(ReferenceValues values) =>
            values.Output()[0] = ReferenceSoftmax.CrossEntropy(values.Input(0), targets.Span, probabilities.Shape[1], classWeights is null ? default : Array.ConvertAll(classWeights, w => (double)w), labelSmoothing);
    }
}
