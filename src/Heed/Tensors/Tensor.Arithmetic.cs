using Heed.Kernels;

namespace Heed;

/// <summary>Arithmetic, element by element. The right operand may be a suffix of the left one's shape (a row, a matrix) and is then
/// repeated.</summary>
public sealed partial class Tensor
{
    /// <summary>this + other.</summary>
    /// <param name="other">The same shape, or a suffix of it.</param>
    /// <exception cref="ShapeException">Neither.</exception>
    public Tensor Add(Tensor other) => Binary(new AddOperation(this, other));

    /// <summary>this − other.</summary>
    /// <param name="other">The same shape, or a suffix of it.</param>
    /// <exception cref="ShapeException">Neither.</exception>
    public Tensor Subtract(Tensor other) => Binary(new SubtractOperation(this, other));

    /// <summary>this ∘ other.</summary>
    /// <param name="other">The same shape, or a suffix of it.</param>
    /// <exception cref="ShapeException">Neither.</exception>
    public Tensor Multiply(Tensor other) => Binary(new MultiplyOperation(this, other));

    /// <summary>this / other.</summary>
    /// <param name="other">The same shape, or a suffix of it.</param>
    /// <exception cref="ShapeException">Neither.</exception>
    public Tensor Divide(Tensor other) => Binary(new DivideOperation(this, other));

    /// <summary>factor·this + shift.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="shift">The shift.</param>
    public Tensor Scale(float factor, float shift = 0)
    {
        Tensor y = Result("Scale", Shape, this);
        Elementwise.Scale(Values, factor, y.Writable);
        if (shift != 0)
            Elementwise.Shift(y.Values, shift, y.Writable);
        return Record(new ScaleOperation(this, factor, shift), y);
    }

    /// <summary>a + b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right; may be a suffix of the left shape.</param>
    public static Tensor operator +(Tensor a, Tensor b) => a.Add(b);

    /// <summary>a − b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right; may be a suffix of the left shape.</param>
    public static Tensor operator -(Tensor a, Tensor b) => a.Subtract(b);

    /// <summary>a ∘ b.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right; may be a suffix of the left shape.</param>
    public static Tensor operator *(Tensor a, Tensor b) => a.Multiply(b);

    /// <summary>a / b, element by element.</summary>
    /// <param name="a">Left.</param>
    /// <param name="b">Right; may be a suffix of the left shape.</param>
    public static Tensor operator /(Tensor a, Tensor b) => a.Divide(b);

    /// <summary>factor·a.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="a">The tensor.</param>
    public static Tensor operator *(float factor, Tensor a) => a.Scale(factor);

    /// <summary>−a.</summary>
    /// <param name="a">The tensor.</param>
    public static Tensor operator -(Tensor a) => a.Scale(-1);

    private static Tensor Binary(BinaryOperation operation)
    {
        (Tensor a, Tensor b) = (operation.Inputs[0], operation.Inputs[1]);
        if (b.Shape.Rank > a.Shape.Rank || !a.Shape.Sizes[^b.Shape.Rank..].SequenceEqual(b.Shape.Sizes))
            throw ShapeException.For(operation.Name, "the right operand", $"{a.Shape}, or a suffix of it,", b.Shape, "Exchange the operands, or reshape.");
        Tensor y = Result(operation.Name, a.Shape, a, b);
        for (int i = 0, n = b.Length; i < a.Length; i += n)
            operation.Forward(a.Values.Slice(i, n), b.Values, y.Writable.Slice(i, n));
        return Record(operation, y);
    }

    /// <summary>y = f(a, b), block by block where b is repeated.</summary>
    private abstract class BinaryOperation(Tensor a, Tensor b) : Operation(a, b ?? throw new ArgumentNullException(nameof(b)))
    {
        public abstract void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

        protected abstract void BackwardLeft(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da);

        protected abstract void BackwardRight(ReadOnlySpan<float> dy, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> y, Span<float> db);

        protected abstract double Reference(double a, double b);

        protected internal override void Backward()
        {
            (Tensor a, Tensor b, Tensor y) = (Inputs[0], Inputs[1], Outputs[0]);
            for (int i = 0, n = b.Length; i < a.Length; i += n)
            {
                ReadOnlySpan<float> dy = GradientOf().Slice(i, n);
                if (Needs(0))
                    BackwardLeft(dy, b.Values, Accumulate(0).Slice(i, n));
                if (Needs(1))
                    BackwardRight(dy, a.Values.Slice(i, n), b.Values, y.Values.Slice(i, n), Accumulate(1));
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            ReadOnlySpan<double> left = values.Input(0), right = values.Input(1);
            for (int i = 0; i < left.Length; i++)
                values.Output()[i] = Reference(left[i], right[i % right.Length]);
        }
    }

    private sealed class AddOperation(Tensor a, Tensor b) : BinaryOperation(a, b)
    {
        public override void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => Elementwise.Add(a, b, y);

        // Both gradients are that of the sum: where nothing was added to them yet, one is a copy and the other takes the memory over.
        protected internal override void Backward()
        {
            if (Inputs[0].Length != Inputs[1].Length)
            {
                base.Backward();
                return;
            }
            for (int i = 0; i < 2; i++)
            {
                if (!Needs(i) || (i == 1 && Inputs[1].TryTakeGradient(Outputs[0])))
                    continue;
                Span<float> sum = Accumulate(i, out bool isFirst);
                if (isFirst)
                    GradientOf().CopyTo(sum);
                else
                    Elementwise.Add(sum, GradientOf(), sum);
            }
        }

        protected override void BackwardLeft(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da) => Elementwise.Add(da, dy, da);

        protected override void BackwardRight(ReadOnlySpan<float> dy, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> y, Span<float> db) => Elementwise.Add(db, dy, db);

        protected override double Reference(double a, double b) => a + b;
    }

    private sealed class SubtractOperation(Tensor a, Tensor b) : BinaryOperation(a, b)
    {
        public override void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => Elementwise.Subtract(a, b, y);

        protected override void BackwardLeft(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da) => Elementwise.Add(da, dy, da);

        protected override void BackwardRight(ReadOnlySpan<float> dy, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> y, Span<float> db) => Elementwise.Subtract(db, dy, db);

        protected override double Reference(double a, double b) => a - b;
    }

    private sealed class MultiplyOperation(Tensor a, Tensor b) : BinaryOperation(a, b)
    {
        public override void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => Elementwise.Multiply(a, b, y);

        protected override void BackwardLeft(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da) => Elementwise.MultiplyAdd(dy, b, da);

        protected override void BackwardRight(ReadOnlySpan<float> dy, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> y, Span<float> db) => Elementwise.MultiplyAdd(dy, a, db);

        protected override double Reference(double a, double b) => a * b;
    }

    private sealed class DivideOperation(Tensor a, Tensor b) : BinaryOperation(a, b)
    {
        public override void Forward(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) => Elementwise.Divide(a, b, y);

        protected override void BackwardLeft(ReadOnlySpan<float> dy, ReadOnlySpan<float> b, Span<float> da) => Elementwise.DivideBackward(dy, b, da);

        protected override void BackwardRight(ReadOnlySpan<float> dy, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> y, Span<float> db) => Elementwise.DivideBackwardDenominator(dy, y, b, db);

        protected override double Reference(double a, double b) => a / b;
    }

    private sealed class ScaleOperation(Tensor x, float factor, float shift) : Operation(x)
    {
        protected internal override void Backward() => Elementwise.AddScaled(GradientOf(), factor, Accumulate(0));

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[i] = (factor * values.Input(0)[i]) + shift;
        }
    }
}
