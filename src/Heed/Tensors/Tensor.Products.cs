using Heed.Kernels;

namespace Heed;

/// <summary>Matrix products.</summary>
public sealed partial class Tensor
{
    /// <summary>y = activation-free x·Wᵀ + b over the last axis.</summary>
    /// <remarks>In a step that records nothing and with a parameter as W, the weights are kept in the order of the product from the second product with the same values on.
    /// Cost: 2·rows·in·out flops.</remarks>
    /// <param name="x">Shape <c>(…, in)</c>.</param>
    /// <param name="weight">W: <c>(out, in)</c>.</param>
    /// <param name="bias">b: <c>(out)</c>, or null.</param>
    /// <returns>Shape <c>(…, out)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) => Linear(x, weight, bias, Activation.None);

    /// <summary>φ(x·Wᵀ + b) in one sweep, for steps that record nothing: the slope of φ would need what φ is applied to.</summary>
    internal static Tensor Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Shape.Rank != 2)
            throw ShapeException.For("Linear", "weight", "(out, in)", weight.Shape);
        (int output, int input) = (weight.Shape[0], weight.Shape[1]);
        if (x.Shape.Rank < 1 || x.Shape[^1] != input)
            throw ShapeException.For("Linear", "x", FormattableString.Invariant($"(…, in) with in = {input}"), x.Shape, "Is the weight stored as (out, in)?");
        if (bias is not null && bias.Shape != new Shape(output))
            throw ShapeException.For("Linear", "bias", FormattableString.Invariant($"(out) with out = {output}"), bias.Shape);
        Tensor y = Result("Linear", x.Shape.WithLast(output), x, weight, bias);
        int rows = x.Length / input;
        ReadOnlySpan<float> b = bias is null ? default : bias.Values;
        if (weight.Parameter is { } parameter && y.step is not { Records: true } && parameter.PackedTransposedIfUsed() is { } packed)
            Gemm.Multiply(new(x.Values, rows, input), packed, new(y.Writable, rows, output), bias: b, activation: activation);
        else
            Gemm.Multiply(new(x.Values, rows, input), new ReadOnlyMatrixSpan(weight.Values, output, input).Transposed, new(y.Writable, rows, output), bias: b, activation: activation);
        return Record(new LinearOperation(x, weight, bias), y);
    }

    /// <summary>The matrix product a·b of the last two axes, for each matrix of the axes before.</summary>
    /// <param name="other">b: <c>(…, k, n)</c> with the same leading axes, or <c>(k, n)</c> for all.</param>
    /// <returns>Shape <c>(…, m, n)</c> for a of shape <c>(…, m, k)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor MatMul(Tensor other) => Product(this, other, transposed: false);

    /// <summary>The matrix product a·bᵀ of the last two axes, for each matrix of the axes before.</summary>
    /// <param name="other">b: <c>(…, n, k)</c> with the same leading axes, or <c>(n, k)</c> for all.</param>
    /// <returns>Shape <c>(…, m, n)</c> for a of shape <c>(…, m, k)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor MatMulTransposed(Tensor other) => Product(this, other, transposed: true);

    private static Tensor Product(Tensor a, Tensor b, bool transposed)
    {
        ArgumentNullException.ThrowIfNull(b);
        string name = transposed ? "MatMulTransposed" : "MatMul";
        if (a.Shape.Rank < 2 || b.Shape.Rank < 2)
            throw ShapeException.For(name, "a and b", "at least two axes each", a.Shape.Rank < 2 ? a.Shape : b.Shape);
        int m = a.Shape[^2], k = a.Shape[^1], inner = transposed ? b.Shape[^1] : b.Shape[^2], n = transposed ? b.Shape[^2] : b.Shape[^1];
        bool shared = b.Shape.Rank == 2;
        if (inner != k || (!shared && !b.Shape.Sizes[..^2].SequenceEqual(a.Shape.Sizes[..^2])))
            throw ShapeException.For(name, "b", FormattableString.Invariant($"{(transposed ? "(…, n, k)" : "(…, k, n)")} with k = {k} and the leading axes of a {a.Shape}"), b.Shape);
        Tensor y = Result(name, a.Shape.WithLast(n), a, b);
        ProductOperation operation = new(a, b, new ProductSizes(shared || a.Length == 0 ? 1 : a.Length / (m * k), shared ? a.Length / Math.Max(1, k) : m, n, k, transposed));
        operation.Forward(y);
        return Record(operation, y);
    }

    private static GemmOutput ModeOf(bool isFirst) => isFirst ? GemmOutput.Overwrite : GemmOutput.Accumulate;

    private readonly record struct ProductSizes(int Count, int M, int N, int K, bool Transposed);

    private sealed class LinearOperation(Tensor x, Tensor weight, Tensor? bias) : Operation(bias is null ? [x, weight] : [x, weight, bias])
    {
        protected internal override void Backward()
        {
            Tensor input = Inputs[0], w = Inputs[1];
            int @out = w.Shape[0], @in = w.Shape[1], rows = input.Length / @in;
            ReadOnlyMatrixSpan dy = new(GradientOf(), rows, @out);
            if (Needs(0))
                Gemm.Multiply(dy, new ReadOnlyMatrixSpan(w.Values, @out, @in), new MatrixSpan(Accumulate(0, out bool isFirst), rows, @in), ModeOf(isFirst));
            if (Needs(1))
                Gemm.Multiply(dy.Transposed, new ReadOnlyMatrixSpan(input.Values, rows, @in), new MatrixSpan(Accumulate(1, out bool isFirst), @out, @in), ModeOf(isFirst));
            if (Inputs.Count == 3 && Needs(2))
                Reduction.AddColumnSums(GradientOf(), Accumulate(2));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            int @out = Inputs[1].Shape[0], @in = Inputs[1].Shape[1], rows = Inputs[0].Length / @in;
            ReadOnlySpan<double> input = values.Input(0), w = values.Input(1);
            Span<double> y = values.Output();
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < @out; j++)
                {
                    double sum = Inputs.Count == 3 ? values.Input(2)[j] : 0;
                    for (int p = 0; p < @in; p++)
                        sum += input[(i * @in) + p] * w[(j * @in) + p];
                    y[(i * @out) + j] = sum;
                }
            }
        }
    }

    private sealed class ProductOperation(Tensor a, Tensor b, ProductSizes s) : Operation(a, b)
    {
        public override string Name => s.Transposed ? "MatMulTransposed" : "MatMul";

        public void Forward(Tensor y)
        {
            for (int i = 0; i < s.Count; i++)
                Gemm.Multiply(A(i), B(i), new MatrixSpan(y.Writable.Slice(i * s.M * s.N, s.M * s.N), s.M, s.N));
        }

        protected internal override void Backward()
        {
            for (int i = 0; i < s.Count; i++)
            {
                ReadOnlyMatrixSpan dy = new(GradientOf().Slice(i * s.M * s.N, s.M * s.N), s.M, s.N);
                if (Needs(0))
                    Gemm.Multiply(dy, B(i).Transposed, new MatrixSpan(Accumulate(0).Slice(i * s.M * s.K, s.M * s.K), s.M, s.K), GemmOutput.Accumulate);
                if (!Needs(1))
                    continue;
                Span<float> db = Accumulate(1).Slice(i * s.K * s.N, s.K * s.N);
                if (s.Transposed)
                    Gemm.Multiply(dy.Transposed, A(i), new MatrixSpan(db, s.N, s.K), GemmOutput.Accumulate);
                else
                    Gemm.Multiply(A(i).Transposed, dy, new MatrixSpan(db, s.K, s.N), GemmOutput.Accumulate);
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            ReadOnlySpan<double> left = values.Input(0), right = values.Input(1);
            Span<double> y = values.Output();
            for (int index = 0; index < s.Count * s.M * s.N; index++)
            {
                int i = index / (s.M * s.N), row = index / s.N % s.M, column = index % s.N;
                double sum = 0;
                for (int p = 0; p < s.K; p++)
                    sum += left[(((i * s.M) + row) * s.K) + p] * right[(i * s.K * s.N) + (s.Transposed ? (column * s.K) + p : (p * s.N) + column)];
                y[index] = sum;
            }
        }

        private ReadOnlyMatrixSpan A(int i) => new(Inputs[0].Values.Slice(i * s.M * s.K, s.M * s.K), s.M, s.K);

        private ReadOnlyMatrixSpan B(int i)
        {
            ReadOnlySpan<float> values = Inputs[1].Values.Slice(i * s.K * s.N, s.K * s.N);
            return s.Transposed ? new ReadOnlyMatrixSpan(values, s.N, s.K).Transposed : new ReadOnlyMatrixSpan(values, s.K, s.N);
        }
    }
}
