namespace Heed.Kernels;

/// <summary>Functions of each element: y[i] = f(a[i], b[i]).</summary>
/// <remarks>
/// <para>Shapes: all spans have one length n. A destination may be the same span as a source, or lie apart from it; other overlaps throw.</para>
/// <para>Bits: an element's result depends on that element alone, never on n, its place or the number of threads. NaN stays NaN. Errors of the
/// elementary functions: <see cref="SimdMath"/>.</para>
/// <para>Cost: one pass; memory-bound, but for exp, log, tanh, sigmoid and GELU. Chunks of 32,768 elements are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe partial class Elementwise
{
    /// <summary>y = a + b.</summary>
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        Run(nameof(Add), a, b, y, default(AddOperator));

    /// <summary>y = a − b.</summary>
    public static void Subtract(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        Run(nameof(Subtract), a, b, y, default(SubtractOperator));

    /// <summary>y = a·b.</summary>
    public static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        Run(nameof(Multiply), a, b, y, default(MultiplyOperator));

    /// <summary>y = a / b.</summary>
    public static void Divide(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) =>
        Run(nameof(Divide), a, b, y, default(DivideOperator));

    /// <summary>y += scale·x, with one rounding where the machine has it.</summary>
    public static void AddScaled(ReadOnlySpan<float> x, float scale, Span<float> y) =>
        Run(nameof(AddScaled), y, x, y, new AddScaledOperator(scale));

    /// <summary>y = scale·x.</summary>
    public static void Scale(ReadOnlySpan<float> x, float scale, Span<float> y) =>
        Run(nameof(Scale), x, y, new ScaleOperator(scale));

    /// <summary>y = x + shift.</summary>
    public static void Shift(ReadOnlySpan<float> x, float shift, Span<float> y) =>
        Run(nameof(Shift), x, y, new ShiftOperator(shift));

    /// <summary>y = −x.</summary>
    public static void Negate(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Negate), x, y, default(NegateOperator));

    /// <summary>y = |x|.</summary>
    public static void Abs(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Abs), x, y, default(AbsOperator));

    /// <summary>y = max(x, limit); NaN stays NaN.</summary>
    public static void Max(ReadOnlySpan<float> x, float limit, Span<float> y) =>
        Run(nameof(Max), x, y, new MaxOperator(limit));

    /// <summary>y = min(x, limit); NaN stays NaN.</summary>
    public static void Min(ReadOnlySpan<float> x, float limit, Span<float> y) =>
        Run(nameof(Min), x, y, new MinOperator(limit));

    /// <summary>y = max(x, 0); NaN stays NaN.</summary>
    public static void Relu(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Relu), x, y, new MaxOperator(0));

    /// <summary>y = √x, correctly rounded; NaN below 0.</summary>
    public static void Sqrt(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Sqrt), x, y, default(SqrtOperator));

    /// <summary>y = eˣ; 0 below −104, +∞ above 88.73.</summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Exp), x, y, default(ExpOperator));

    /// <summary>y = ln x; −∞ at 0, NaN below.</summary>
    public static void Log(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Log), x, y, default(LogOperator));

    /// <summary>y = tanh x.</summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Tanh), x, y, default(TanhOperator));

    /// <summary>y = 1/(1 + e⁻ˣ).</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Sigmoid), x, y, default(SigmoidOperator));

    /// <summary>y = ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))): the tanh form of GELU (Hendrycks and Gimpel, 2016), torch's approximate="tanh".</summary>
    public static void Gelu(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Gelu), x, y, default(GeluOperator));

    /// <summary>y = x·Φ(x), Φ the normal distribution function: GELU as defined (Hendrycks and Gimpel, 2016), torch's default.</summary>
    /// <remarks>Relative error at most 10⁻⁶, also where Φ is small.</remarks>
    public static void GeluExact(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(GeluExact), x, y, default(GeluExactOperator));

    /// <summary>y = x/(1 + e⁻ˣ): SiLU, also called swish (Elfwing et al., 2017).</summary>
    public static void Silu(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(Silu), x, y, default(SiluOperator));

    /// <summary>y = x·clamp(x/6 + ½, 0, 1): hard swish (Howard et al., 2019).</summary>
    public static void HardSwish(ReadOnlySpan<float> x, Span<float> y) =>
        Run(nameof(HardSwish), x, y, default(HardSwishOperator));

    /// <summary>y = value.</summary>
    public static void Fill(float value, Span<float> y) => y.Fill(value);

    private static void Run<TOperator>(string operation, ReadOnlySpan<float> x, Span<float> y, TOperator f)
        where TOperator : unmanaged, IUnaryOperator
    {
        Check(operation, nameof(x), x, y);
        fixed (float* px = x, py = y)
            Lane.Run(new Unary<TOperator> { A = px, Y = py, Operator = f }, y.Length);
    }

    private static void Run<TOperator>(string operation, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, TOperator f)
        where TOperator : unmanaged, IBinaryOperator
    {
        Check(operation, nameof(a), a, y);
        Check(operation, nameof(b), b, y);
        fixed (float* pa = a, pb = b, py = y)
            Lane.Run(new Binary<TOperator> { A = pa, B = pb, Y = py, Operator = f }, y.Length);
    }

    private static void Check(string operation, string argument, ReadOnlySpan<float> source, ReadOnlySpan<float> result)
    {
        Require.Length(operation, argument, source.Length, result.Length);
        Require.SameOrApart(operation, argument, source, result);
    }
}
