namespace Heed.Kernels;

/// <summary>Functions of one and two variables, reductions and dropout.</summary>
internal static class ElementwiseChecks
{
    private const int Length = 1003;
    private const double Rounding = 2.5e-7;

    private delegate void One(ReadOnlySpan<float> x, Span<float> y);

    private delegate void OneWide(ReadOnlySpan<double> x, Span<double> y);

    private delegate void Two(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

    private delegate void TwoWide(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y);

    public static IEnumerable<(string Kernel, Action<KernelChecker> Check)> All =>
    [
        Unary(nameof(Elementwise.Exp), Elementwise.Exp, ReferenceElementwise.Exp, 4 * Rounding, -20, 20, (dy, x, y, dx) => Elementwise.ExpBackward(dy, y, dx)),
        Unary(nameof(Elementwise.Log), Elementwise.Log, ReferenceElementwise.Log, Rounding, 0.1f, 1000, (dy, x, y, dx) => Elementwise.LogBackward(dy, x, dx)),
        Unary(nameof(Elementwise.Tanh), Elementwise.Tanh, ReferenceElementwise.Tanh, Rounding, -6, 6, (dy, x, y, dx) => Elementwise.TanhBackward(dy, y, dx)),
        Unary(nameof(Elementwise.Sigmoid), Elementwise.Sigmoid, ReferenceElementwise.Sigmoid, Rounding, -9, 9, (dy, x, y, dx) => Elementwise.SigmoidBackward(dy, y, dx)),
        Unary(nameof(Elementwise.Gelu), Elementwise.Gelu, ReferenceElementwise.Gelu, 2 * Rounding, -5, 5, (dy, x, y, dx) => Elementwise.GeluBackward(dy, x, dx)),
        Unary(nameof(Elementwise.GeluExact), Elementwise.GeluExact, ReferenceElementwise.GeluExact, 4 * Rounding, -5, 5, (dy, x, y, dx) => Elementwise.GeluExactBackward(dy, x, dx)),
        Unary(nameof(Elementwise.Silu), Elementwise.Silu, ReferenceElementwise.Silu, 2 * Rounding, -9, 9, (dy, x, y, dx) => Elementwise.SiluBackward(dy, x, dx)),
        Unary(nameof(Elementwise.HardSwish), Elementwise.HardSwish, ReferenceElementwise.HardSwish, 2 * Rounding, -5, 5, (dy, x, y, dx) => Elementwise.HardSwishBackward(dy, x, dx)),
        Unary(nameof(Elementwise.Relu), Elementwise.Relu, ReferenceElementwise.Relu, 0, -3, 3, (dy, x, y, dx) => Elementwise.ReluBackward(dy, y, dx)),
        Unary(nameof(Elementwise.Abs), Elementwise.Abs, ReferenceElementwise.Abs, 0, -3, 3, (dy, x, y, dx) => Elementwise.AbsBackward(dy, x, dx)),
        Unary(nameof(Elementwise.Sqrt), Elementwise.Sqrt, ReferenceElementwise.Sqrt, Rounding, 0.2f, 9, (dy, x, y, dx) => Elementwise.SqrtBackward(dy, y, dx)),
        Unary(nameof(Elementwise.Negate), Elementwise.Negate, ReferenceElementwise.Negate, 0, -3, 3, null),
        Binary(nameof(Elementwise.Add), Elementwise.Add, ReferenceElementwise.Add),
        Binary(nameof(Elementwise.Subtract), Elementwise.Subtract, ReferenceElementwise.Subtract),
        Binary(nameof(Elementwise.Multiply), Elementwise.Multiply, ReferenceElementwise.Multiply),
        Binary(nameof(Elementwise.Divide), Elementwise.Divide, ReferenceElementwise.Divide),
    ];

    public static void Reductions(KernelChecker check)
    {
        float[] a = check.Draw(Length), b = check.Draw(Length);
        check.Compare("sum", [Reduction.Sum(a)], [ReferenceElementwise.Sum(KernelChecker.Widen(a))], 2e-6);
        check.Compare("dot", [Reduction.Dot(a, b)], [ReferenceElementwise.Dot(KernelChecker.Widen(a), KernelChecker.Widen(b))], 2e-5);
        check.Compare("sum of squares", [(float)Reduction.SumOfSquares(a)], [ReferenceElementwise.SumOfSquares(KernelChecker.Widen(a))], Rounding);
        float[] columns = new float[59], x = check.Draw(17 * 59), rows = new float[17];
        double[] wideColumns = new double[59], wideRows = new double[17];
        Reduction.AddColumnSums(x, columns);
        ReferenceElementwise.AddColumnSums(KernelChecker.Widen(x), wideColumns);
        check.Compare("sums of columns", columns, wideColumns, 2e-6);
        Reduction.RowSums(x, 59, rows);
        ReferenceElementwise.RowSums(KernelChecker.Widen(x), 59, wideRows);
        check.Compare("sums of rows", rows, wideRows, 2e-6);
    }

    public static void Dropout(KernelChecker check)
    {
        float[] x = check.Draw(Length), y = new float[Length], dx = new float[Length];
        double[] wide = new double[Length];
        DropoutKernel.Forward(x, 0.3f, 77, 5, y);
        ReferenceElementwise.Dropout(KernelChecker.Widen(x), 0.3f, 77, 5, wide);
        check.Compare("y", y, wide, Rounding);
        DropoutKernel.Backward(x, 0.3f, 77, 5, dx);
        check.Compare("dx, the same mask", dx, wide, Rounding);
    }

    private static (string, Action<KernelChecker>) Unary(
        string name, One forward, OneWide reference, double limit, float from, float to, Action<float[], float[], float[], float[]>? backward) => ("Elementwise." + name, check =>
    {
        float[] x = check.Draw(Length, from, to), y = new float[Length];
        double[] wide = new double[Length];
        forward(x, y);
        reference(KernelChecker.Widen(x), wide);
        check.Compare("y", y, wide, limit);
        if (backward is null)
            return;
        // A function of one variable: all differences at once.
        const double Step = 1e-5;
        float[] dy = check.Draw(Length), dx = new float[Length];
        backward(dy, x, y, dx);
        double[] up = KernelChecker.Widen(x), down = KernelChecker.Widen(x), above = new double[Length], below = new double[Length];
        for (int i = 0; i < Length; i++)
            (up[i], down[i]) = (up[i] + Step, down[i] - Step);
        reference(up, above);
        reference(down, below);
        for (int i = 0; i < Length; i++)
            wide[i] = dy[i] * (above[i] - below[i]) / (2 * Step);
        check.Compare("dx", dx, wide, Math.Max(limit, Rounding) * 4);
    }
    );

    private static (string, Action<KernelChecker>) Binary(string name, Two forward, TwoWide reference) => ("Elementwise." + name, check =>
    {
        float[] a = check.Draw(Length), b = check.Draw(Length, 0.5f, 2), y = new float[Length];
        double[] wide = new double[Length];
        forward(a, b, y);
        reference(KernelChecker.Widen(a), KernelChecker.Widen(b), wide);
        check.Compare("y", y, wide, Rounding);
    }
    );
}
