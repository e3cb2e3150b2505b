namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class ElementwiseGradientTests
{
    private delegate void Forward(ReadOnlySpan<double> x, Span<double> y);

    private delegate void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dx);

    private static readonly Dictionary<string, (Forward Forward, Backward Backward, float Low)> Functions = new(StringComparer.Ordinal)
    {
        ["tanh"] = (ReferenceElementwise.Tanh, (dy, x, y, dx) => Elementwise.TanhBackward(dy, y, dx), -3),
        ["sigmoid"] = (ReferenceElementwise.Sigmoid, (dy, x, y, dx) => Elementwise.SigmoidBackward(dy, y, dx), -3),
        ["relu"] = (ReferenceElementwise.Relu, (dy, x, y, dx) => Elementwise.ReluBackward(dy, y, dx), -3),
        ["exp"] = (ReferenceElementwise.Exp, (dy, x, y, dx) => Elementwise.ExpBackward(dy, y, dx), -3),
        ["log"] = (ReferenceElementwise.Log, (dy, x, y, dx) => Elementwise.LogBackward(dy, x, dx), 0.5f),
        ["sqrt"] = (ReferenceElementwise.Sqrt, (dy, x, y, dx) => Elementwise.SqrtBackward(dy, y, dx), 0.5f),
        ["abs"] = (ReferenceElementwise.Abs, (dy, x, y, dx) => Elementwise.AbsBackward(dy, x, dx), -3),
        ["gelu"] = (ReferenceElementwise.Gelu, (dy, x, y, dx) => Elementwise.GeluBackward(dy, x, dx), -3),
        ["gelu exact"] = (ReferenceElementwise.GeluExact, (dy, x, y, dx) => Elementwise.GeluExactBackward(dy, x, dx), -5),
        ["silu"] = (ReferenceElementwise.Silu, (dy, x, y, dx) => Elementwise.SiluBackward(dy, x, dx), -9),
        ["max"] = ((x, y) => ReferenceElementwise.Max(x, 0.25, y), (dy, x, y, dx) => Elementwise.MaxBackward(dy, x, 0.25f, dx), -3),
        ["min"] = ((x, y) => ReferenceElementwise.Min(x, 0.25, y), (dy, x, y, dx) => Elementwise.MinBackward(dy, x, 0.25f, dx), -3),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_gradient_is_the_slope_of_the_reference_and_is_added(string name)
    {
        (Forward forward, Backward backward, float low) = Functions[name];
        foreach (int n in Rows.Lengths)
        {
            float[] x = Rows.Numbers(n, 11, low, 3), dy = Rows.Numbers(n, 12), start = Rows.Numbers(n, 13);
            double[] y = new double[n], at = Rows.Wide(x), above = new double[n], below = new double[n], expected = new double[n];
            forward(at, y);
            const double Step = 1e-6;
            forward([.. at.Select(v => v + Step)], above);
            forward([.. at.Select(v => v - Step)], below);
            for (int i = 0; i < n; i++)
                expected[i] = start[i] + (dy[i] * (above[i] - below[i]) / (2 * Step));
            Guarded dx = new(start);
            backward(dy, x, [.. y.Select(v => (float)v)], dx.Span);
            dx.Checked().ShouldBeNear(expected, 1e-6, 1, name);
        }
    }

    [Fact]
    public void A_quotient_passes_its_gradient_to_both_sides()
    {
        foreach (int n in Rows.Lengths)
        {
            float[] a = Rows.Numbers(n, 14), b = Rows.Numbers(n, 15, 0.5f, 2), dy = Rows.Numbers(n, 16), start = Rows.Numbers(n, 17);
            float[] y = [.. a.Zip(b, (p, q) => p / q)];
            Guarded da = new(start), db = new(start);
            Elementwise.DivideBackward(dy, b, da.Span);
            Elementwise.DivideBackwardDenominator(dy, y, b, db.Span);
            da.Checked().ShouldBeNear([.. Enumerable.Range(0, n).Select(i => start[i] + ((double)dy[i] / b[i]))], 3e-7, 1);
            db.Checked().ShouldBeNear([.. Enumerable.Range(0, n).Select(i => start[i] - ((double)dy[i] * a[i] / b[i] / b[i]))], 1e-6, 1);
        }
    }

    [Fact]
    public void The_slope_at_a_corner_is_zero()
    {
        float[] dx = new float[3];
        Elementwise.ReluBackward([5, 5, 5], [0, -1, 1], dx);
        dx.ShouldBe([0, 0, 5]);
        Elementwise.AbsBackward([5, 5, 5], [0, -1, 1], dx);
        dx.ShouldBe([0, -5, 10]);
    }
}
