using Heed.Kernels;

namespace Heed;

/// <summary>Functions of one variable, element by element; any shape, the same in and out.</summary>
public sealed partial class Tensor
{
    /// <summary>eˣ.</summary>
    public Tensor Exp() => Map(new ExpOperation(this));

    /// <summary>ln x; −∞ at 0, NaN below.</summary>
    public Tensor Log() => Map(new LogOperation(this));

    /// <summary>√x.</summary>
    public Tensor Sqrt() => Map(new SqrtOperation(this));

    /// <summary>tanh x.</summary>
    public Tensor Tanh() => Map(new TanhOperation(this));

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public Tensor Sigmoid() => Map(new SigmoidOperation(this));

    /// <summary>max(x, 0).</summary>
    public Tensor Relu() => Map(new ReluOperation(this));

    /// <summary>½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the Gaussian error linear unit in its tanh form.</summary>
    /// <remarks>Source: Hendrycks and Gimpel 2016.</remarks>
    public Tensor Gelu() => Map(new GeluOperation(this));

    /// <summary>x·Φ(x), Φ the normal distribution function: the Gaussian error linear unit as defined, torch's default.</summary>
    /// <remarks>Source: Hendrycks and Gimpel 2016.</remarks>
    public Tensor GeluExact() => Map(new GeluExactOperation(this));

    /// <summary>x/(1 + e⁻ˣ), the sigmoid linear unit, also called swish.</summary>
    /// <remarks>Source: Elfwing, Uchibe and Doya 2017.</remarks>
    public Tensor Silu() => Map(new SiluOperation(this));

    /// <summary>x·clamp(x/6 + ½, 0, 1), a swish without exponential.</summary>
    /// <remarks>Source: Howard et al. 2019.</remarks>
    public Tensor HardSwish() => Map(new HardSwishOperation(this));

    /// <summary>x∘keep/(1 − p) with a mask that is a function of the key; see <see cref="Heed.Dropout"/>.</summary>
    /// <param name="probability">p, in [0, 1).</param>
    /// <param name="key">The mask's key.</param>
    public Tensor Dropout(float probability, ulong key) => Map(new DropoutOperation(this, probability, key));

    private static Tensor Map(MapOperation operation)
    {
        Tensor x = operation.Inputs[0], y = Result(operation.Name, x.Shape, x);
        operation.Forward(x.Values, y.Writable);
        return Record(operation, y);
    }

    private abstract class MapOperation(Tensor x) : Operation(x)
    {
        public abstract void Forward(ReadOnlySpan<float> x, Span<float> y);

        protected abstract void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx);

        protected abstract double Reference(double x, int index);

        protected internal override void Backward() => Backward(GradientOf(), Inputs[0].Values, Outputs[0].Values, Accumulate(0));

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[i] = Reference(values.Input(0)[i], i);
        }
    }

    private sealed class ExpOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Exp(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.ExpBackward(dy, y, dx);

        protected override double Reference(double x, int index) => Math.Exp(x);
    }

    private sealed class LogOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Log(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.LogBackward(dy, x, dx);

        protected override double Reference(double x, int index) => Math.Log(x);
    }

    private sealed class SqrtOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Sqrt(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.SqrtBackward(dy, y, dx);

        protected override double Reference(double x, int index) => Math.Sqrt(x);
    }

    private sealed class TanhOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Tanh(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.TanhBackward(dy, y, dx);

        protected override double Reference(double x, int index) => Math.Tanh(x);
    }

    private sealed class SigmoidOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Sigmoid(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.SigmoidBackward(dy, y, dx);

        protected override double Reference(double x, int index) => 1 / (1 + Math.Exp(-x));
    }

    private sealed class ReluOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Relu(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.ReluBackward(dy, y, dx);

        protected override double Reference(double x, int index) => Math.Max(x, 0);
    }

    private sealed class GeluOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Gelu(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.GeluBackward(dy, x, dx);

        protected override double Reference(double x, int index) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
    }

    private sealed class GeluExactOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.GeluExact(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.GeluExactBackward(dy, x, dx);

        protected override double Reference(double x, int index) => x * ReferenceElementwise.Normal(x);
    }

    private sealed class SiluOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.Silu(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.SiluBackward(dy, x, dx);

        protected override double Reference(double x, int index) => x / (1 + Math.Exp(-x));
    }

    private sealed class HardSwishOperation(Tensor x) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => Elementwise.HardSwish(x, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => Elementwise.HardSwishBackward(dy, x, dx);

        protected override double Reference(double x, int index) => x * Math.Clamp((x / 6) + 0.5, 0, 1);
    }

    private sealed class DropoutOperation(Tensor x, float probability, ulong key) : MapOperation(x)
    {
        public override void Forward(ReadOnlySpan<float> x, Span<float> y) => DropoutKernel.Forward(x, probability, key, 0, y);

        protected override void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx) => DropoutKernel.Backward(dy, probability, key, 0, dx);

        // The mask is that of the float32 pass: kept elements are those that were not set to 0.
        protected override double Reference(double x, int index) =>
            Outputs[0].Values[index] != 0 || Inputs[0].Values[index] == 0 ? x / (1 - (double)probability) : 0;
    }
}
