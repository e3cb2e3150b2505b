namespace Heed.Kernels;

/// <summary>The functions of <see cref="Elementwise"/>, <see cref="Reduction"/>, <see cref="Transposition"/> and <see cref="DropoutKernel"/> in double precision: plain loops, the oracle of tests and
/// of gradient checks.</summary>
/// <remarks>Shapes, edges and errors as the float32 kernels have them; lengths are checked by the spans alone.</remarks>
public static class ReferenceElementwise
{
    /// <summary>y = a + b.</summary>
    public static void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y) => Map(a, b, y, static (a, b) => a + b);

    /// <summary>y = a − b.</summary>
    public static void Subtract(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y) => Map(a, b, y, static (a, b) => a - b);

    /// <summary>y = a·b.</summary>
    public static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y) => Map(a, b, y, static (a, b) => a * b);

    /// <summary>y = a / b.</summary>
    public static void Divide(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y) => Map(a, b, y, static (a, b) => a / b);

    /// <summary>y += scale·x.</summary>
    public static void AddScaled(ReadOnlySpan<double> x, double scale, Span<double> y) => Map(x, y, y, (x, y) => y + (scale * x));

    /// <summary>y = scale·x.</summary>
    public static void Scale(ReadOnlySpan<double> x, double scale, Span<double> y) => Map(x, y, x => scale * x);

    /// <summary>y = x + shift.</summary>
    public static void Shift(ReadOnlySpan<double> x, double shift, Span<double> y) => Map(x, y, x => x + shift);

    /// <summary>y = −x.</summary>
    public static void Negate(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => -x);

    /// <summary>y = |x|.</summary>
    public static void Abs(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Abs(x));

    /// <summary>y = max(x, 0).</summary>
    public static void Relu(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Max(x, 0));

    /// <summary>y = √x.</summary>
    public static void Sqrt(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Sqrt(x));

    /// <summary>y = eˣ.</summary>
    public static void Exp(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Exp(x));

    /// <summary>y = ln x.</summary>
    public static void Log(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Log(x));

    /// <summary>y = tanh x.</summary>
    public static void Tanh(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => Math.Tanh(x));

    /// <summary>y = 1/(1 + e⁻ˣ).</summary>
    public static void Sigmoid(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => 1 / (1 + Math.Exp(-x)));

    /// <summary>y = ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))).</summary>
    public static void Gelu(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, Gelu);

    /// <summary>y = x·Φ(x).</summary>
    public static void GeluExact(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, GeluExact);

    /// <summary>y = x/(1 + e⁻ˣ).</summary>
    public static void Silu(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, Silu);

    /// <summary>y = x·clamp(x/6 + ½, 0, 1).</summary>
    public static void HardSwish(ReadOnlySpan<double> x, Span<double> y) => Map(x, y, static x => x * Math.Clamp((x / 6) + 0.5, 0, 1));

    // Its limit at −∞.
    internal static double GeluExact(double x) => double.IsNegativeInfinity(x) ? 0 : x * Normal(x);

    internal static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    internal static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>Φ(x), the normal distribution function: Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/15 + …) near 0, a continued fraction (Laplace) of the tail beyond 3.</summary>
    public static double Normal(double x)
    {
        double density = Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI), size = Math.Abs(x);
        if (size < 3)
        {
            double term = x, sum = x;
            for (int n = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum); n += 2)
                sum += term *= x * x / n;
            return 0.5 + (density * sum);
        }
        double fraction = size;
        for (int n = 120; n >= 1; n--)
            fraction = size + (n / fraction);
        double tail = density / fraction;
        return x < 0 ? tail : 1 - tail;
    }

    /// <summary>y = max(x, limit).</summary>
    public static void Max(ReadOnlySpan<double> x, double limit, Span<double> y) => Map(x, y, x => Math.Max(x, limit));

    /// <summary>y = min(x, limit).</summary>
    public static void Min(ReadOnlySpan<double> x, double limit, Span<double> y) => Map(x, y, x => Math.Min(x, limit));

    /// <summary>y += a·b.</summary>
    public static void MultiplyAdd(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] += a[i] * b[i];
    }

    /// <summary>y[i, :] = x[i, :] + row.</summary>
    public static void AddRow(ReadOnlySpan<double> x, ReadOnlySpan<double> row, Span<double> y) => MapRows(x, row, y, static (x, r) => x + r);

    /// <summary>y[i, :] = x[i, :]·row.</summary>
    public static void MultiplyRow(ReadOnlySpan<double> x, ReadOnlySpan<double> row, Span<double> y) => MapRows(x, row, y, static (x, r) => x * r);

    /// <summary>Σ a.</summary>
    public static double Sum(ReadOnlySpan<double> a)
    {
        double sum = 0;
        foreach (double value in a)
            sum += value;
        return sum;
    }

    /// <summary>Σ a·b.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Σ a².</summary>
    public static double SumOfSquares(ReadOnlySpan<double> a) => Dot(a, a);

    /// <summary>y[i] = Σ over j of x[i, j].</summary>
    public static void RowSums(ReadOnlySpan<double> x, int columns, Span<double> y)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = Sum(x.Slice(i * columns, columns));
    }

    /// <summary>y[j] += Σ over i of x[i, j].</summary>
    public static void AddColumnSums(ReadOnlySpan<double> x, Span<double> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i % y.Length] += x[i];
    }

    /// <summary>y[b, j, i] = x[b, i, j].</summary>
    public static void Transpose(ReadOnlySpan<double> x, int rows, int columns, Span<double> y)
    {
        for (int at = 0; at < x.Length; at++)
        {
            int matrix = at / (rows * columns), i = at / columns % rows, j = at % columns;
            y[(matrix * rows * columns) + (j * rows) + i] = x[at];
        }
    }

    /// <summary>y = x·keep/(1 − p) with the mask of <see cref="DropoutKernel"/>.</summary>
    public static void Dropout(ReadOnlySpan<double> x, float probability, ulong key, ulong position, Span<double> y)
    {
        for (int i = 0; i < x.Length; i++)
            y[i] = DropoutKernel.Keeps(probability, key, position + (ulong)i) ? x[i] / (1 - (double)probability) : 0;
    }

    private static void Map(ReadOnlySpan<double> x, Span<double> y, Func<double, double> f)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = f(x[i]);
    }

    private static void Map(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y, Func<double, double, double> f)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = f(a[i], b[i]);
    }

    private static void MapRows(ReadOnlySpan<double> x, ReadOnlySpan<double> row, Span<double> y, Func<double, double, double> f)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = f(x[i], row[i % row.Length]);
    }
}
