namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class ElementwiseTests
{
    private delegate void UnaryKernel(ReadOnlySpan<float> x, Span<float> y);

    private delegate void UnaryReference(ReadOnlySpan<double> x, Span<double> y);

    private delegate void BinaryKernel(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y);

    private delegate void BinaryReference(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> y);

    private static readonly Dictionary<string, (UnaryKernel Kernel, UnaryReference Reference, float Low)> Unaries = new(StringComparer.Ordinal)
    {
        ["scale"] = ((x, y) => Elementwise.Scale(x, 1.7f, y), (x, y) => ReferenceElementwise.Scale(x, 1.7f, y), -3),
        ["shift"] = ((x, y) => Elementwise.Shift(x, 1.7f, y), (x, y) => ReferenceElementwise.Shift(x, 1.7f, y), -3),
        ["negate"] = (Elementwise.Negate, ReferenceElementwise.Negate, -3),
        ["abs"] = (Elementwise.Abs, ReferenceElementwise.Abs, -3),
        ["max"] = ((x, y) => Elementwise.Max(x, 0.3f, y), (x, y) => ReferenceElementwise.Max(x, 0.3f, y), -3),
        ["min"] = ((x, y) => Elementwise.Min(x, 0.3f, y), (x, y) => ReferenceElementwise.Min(x, 0.3f, y), -3),
        ["relu"] = (Elementwise.Relu, ReferenceElementwise.Relu, -3),
        ["sqrt"] = (Elementwise.Sqrt, ReferenceElementwise.Sqrt, 0),
        ["exp"] = (Elementwise.Exp, ReferenceElementwise.Exp, -30),
        ["log"] = (Elementwise.Log, ReferenceElementwise.Log, 0),
        ["tanh"] = (Elementwise.Tanh, ReferenceElementwise.Tanh, -10),
        ["sigmoid"] = (Elementwise.Sigmoid, ReferenceElementwise.Sigmoid, -30),
        ["gelu"] = (Elementwise.Gelu, ReferenceElementwise.Gelu, -4),
        ["gelu exact"] = (Elementwise.GeluExact, ReferenceElementwise.GeluExact, -5),
        ["silu"] = (Elementwise.Silu, ReferenceElementwise.Silu, -9),
    };

    private static readonly Dictionary<string, (BinaryKernel Kernel, BinaryReference Reference)> Binaries = new(StringComparer.Ordinal)
    {
        ["add"] = (Elementwise.Add, ReferenceElementwise.Add),
        ["subtract"] = (Elementwise.Subtract, ReferenceElementwise.Subtract),
        ["multiply"] = (Elementwise.Multiply, ReferenceElementwise.Multiply),
        ["divide"] = (Elementwise.Divide, ReferenceElementwise.Divide),
    };

    public static TheoryData<string> UnaryNames => [.. Unaries.Keys];

    public static TheoryData<string> BinaryNames => [.. Binaries.Keys];

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void A_function_of_one_span_agrees_at_every_length(string name)
    {
        (UnaryKernel kernel, UnaryReference reference, float low) = Unaries[name];
        float[] all = Rows.Numbers(300, 1, low, 5), whole = new float[300];
        kernel(all, whole);
        foreach (int n in Rows.Lengths)
        {
            Guarded x = new(all.AsSpan(0, n)), y = new(n);
            double[] expected = new double[n];
            kernel(x.Span, y.Span);
            reference(Rows.Wide(x.Checked()), expected);
            y.Checked().ShouldBeNear(expected, what: name);
            y.Checked().ShouldHaveBitsOf(whole[..n], "bits must not depend on the length");
            kernel(x.Span, x.Span);
            x.Checked().ShouldHaveBitsOf(whole[..n], "in place");
        }
    }

    [Theory]
    [MemberData(nameof(BinaryNames))]
    public void A_function_of_two_spans_agrees_at_every_length(string name)
    {
        (BinaryKernel kernel, BinaryReference reference) = Binaries[name];
        foreach (int n in Rows.Lengths)
        {
            Guarded a = new(Rows.Numbers(n, 2)), b = new(Rows.Numbers(n, 3, 0.5f, 2)), y = new(n);
            double[] expected = new double[n];
            kernel(a.Span, b.Span, y.Span);
            reference(Rows.Wide(a.Checked()), Rows.Wide(b.Checked()), expected);
            y.Checked().ShouldBeNear(expected, 2e-7, what: name);
            Guarded left = new(a.Span), right = new(b.Span);
            kernel(left.Span, b.Span, left.Span);
            kernel(a.Span, right.Span, right.Span);
            left.Checked().ShouldHaveBitsOf(y.Checked());
            right.Checked().ShouldHaveBitsOf(y.Checked());
        }
    }

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Special_values_come_out_as_the_reference_says_and_nan_stays(string name)
    {
        (UnaryKernel kernel, UnaryReference reference, _) = Unaries[name];
        float[] x =
        [
            0, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, -1e-40f, float.MaxValue, float.MinValue, float.Epsilon, 1e38f, -1e38f, 1e30f, -1e30f, 100, -100, 88.7f, -88.8f, 1,
        ];
        float[] y = new float[x.Length];
        double[] expected = new double[x.Length];
        kernel(x, y);
        reference(Rows.Wide(x), expected);
        // The GELU by tanh of −∞ is −∞·0: NaN in both; a subnormal result may be 0 in float32.
        y.ShouldBeNear(expected, 2e-6, 1e-32, name);
        float.IsNaN(y[1]).ShouldBeTrue();
    }

    [Fact]
    public void Add_scaled_and_multiply_add_accumulate()
    {
        foreach (int n in Rows.Lengths)
        {
            float[] a = Rows.Numbers(n, 4), b = Rows.Numbers(n, 5), start = Rows.Numbers(n, 6);
            Guarded y = new(start), z = new(start);
            double[] expected = Rows.Wide(start), product = Rows.Wide(start);
            Elementwise.AddScaled(a, -0.7f, y.Span);
            ReferenceElementwise.AddScaled(Rows.Wide(a), -0.7f, expected);
            y.Checked().ShouldBeNear(expected, 2e-7, 2);
            Elementwise.MultiplyAdd(a, b, z.Span);
            ReferenceElementwise.MultiplyAdd(Rows.Wide(a), Rows.Wide(b), product);
            z.Checked().ShouldBeNear(product, 2e-7, 2);
        }
    }

    [Fact]
    public void A_row_is_applied_to_every_row()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Rows.Numbers(5 * columns, 7), row = Rows.Numbers(columns, 8);
            Guarded sum = new(x.Length), product = new(x.Length), added = new(x);
            double[] expectedSum = new double[x.Length], expectedProduct = new double[x.Length];
            Elementwise.AddRow(x, row, sum.Span);
            Elementwise.MultiplyRow(x, row, product.Span);
            Elementwise.MultiplyRowAdd(x, row, added.Span);
            ReferenceElementwise.AddRow(Rows.Wide(x), Rows.Wide(row), expectedSum);
            ReferenceElementwise.MultiplyRow(Rows.Wide(x), Rows.Wide(row), expectedProduct);
            sum.Checked().ShouldBeNear(expectedSum, 2e-7);
            product.Checked().ShouldBeNear(expectedProduct, 2e-7);
            added.Checked().ShouldBeNear([.. expectedProduct.Zip(x, (p, v) => p + v)], 2e-7, 2);
        }
    }

    [Fact]
    public void Fill_writes_every_element()
    {
        Guarded y = new(41);
        Elementwise.Fill(2.5f, y.Span);
        y.Checked().ShouldAllBe(v => v == 2.5f);
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(100_003, 9), row = Rows.Numbers(7, 10);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[x.Length], z = new float[7 * 9001];
            Elementwise.Tanh(x, y);
            Elementwise.AddRow(x.AsSpan(0, z.Length), row, z);
            return [.. y, .. z];
        });
    }

    [Fact]
    public void Wrong_lengths_and_half_overlaps_are_refused_with_a_reason()
    {
        float[] x = new float[10];
        Should.Throw<ArgumentException>(() => Elementwise.Add(x, new float[9], new float[10])).Message.ShouldContain("Add: b has 9 values, 10 are required");
        Should.Throw<ArgumentException>(() => Elementwise.Tanh(x.AsSpan(0, 8), x.AsSpan(1, 8))).Message.ShouldContain("overlaps");
        Should.Throw<ArgumentException>(() => Elementwise.AddRow(x, new float[3], new float[10])).Message.ShouldContain("columns");
        Should.Throw<ArgumentException>(() => Elementwise.AddRow(x, x.AsSpan(0, 5), x)).Message.ShouldContain("overlaps row");
    }
}
