namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class SoftmaxTests
{
    [Fact]
    public void Rows_agree_with_the_reference_at_every_width()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Rows.Numbers(3 * columns, 40, -20, 20);
            double[] expected = new double[x.Length], expectedLog = new double[x.Length];
            ReferenceSoftmax.Forward(Rows.Wide(x), columns, expected);
            ReferenceSoftmax.LogForward(Rows.Wide(x), columns, expectedLog);
            Guarded y = new(x.Length), log = new(x.Length), inPlace = new(x);
            SoftmaxKernel.Forward(x, columns, y.Span);
            LogSoftmaxKernel.Forward(x, columns, log.Span);
            y.Checked().ShouldBeNear(expected, 2e-6, 1e-9);
            log.Checked().ShouldBeNear(expectedLog, 3e-7, 1);
            SoftmaxKernel.Forward(inPlace.Span, columns, inPlace.Span);
            inPlace.Checked().ShouldHaveBitsOf(y.Checked());
            float[] alone = new float[columns];
            SoftmaxKernel.Forward(x.AsSpan(columns, columns), columns, alone);
            alone.ShouldHaveBitsOf(y.Checked()[columns..(2 * columns)], "a row alone");
        }
    }

    [Fact]
    public void Backward_is_the_slope_of_the_reference_and_is_added()
    {
        foreach (int columns in Rows.Lengths.Where(n => n is > 0 and < 71))
        {
            float[] x = Rows.Numbers(columns, 41), dy = Rows.Numbers(columns, 42), start = Rows.Numbers(columns, 43), y = new float[columns];
            double[] expected = Rows.Differences(Rows.Wide(x), v => Through(v, columns, dy, ReferenceSoftmax.Forward));
            Guarded dx = new(start);
            SoftmaxKernel.Forward(x, columns, y);
            SoftmaxKernel.Backward(dy, y, columns, dx.Span);
            dx.Checked().ShouldBeNear([.. expected.Zip(start, (e, s) => e + s)], 1e-6, 1);
            expected = Rows.Differences(Rows.Wide(x), v => Through(v, columns, dy, ReferenceSoftmax.LogForward));
            dx = new(start);
            LogSoftmaxKernel.Forward(x, columns, y);
            LogSoftmaxKernel.Backward(dy, y, columns, dx.Span);
            dx.Checked().ShouldBeNear([.. expected.Zip(start, (e, s) => e + s)], 2e-6, 1);
        }
    }

    [Fact]
    public void Masked_huge_and_broken_values_do_what_the_contract_says()
    {
        const float Inf = float.PositiveInfinity;
        float[] x = [-Inf, -Inf, -Inf, 1e30f, -1e30f, 1e30f, -1e38f, 1e38f, 3e38f, -Inf, 2, 2, 1, float.NaN, -Inf, Inf, 0, 0], y = new float[18];
        SoftmaxKernel.Forward(x, 3, y);
        y[..12].ShouldBe([0, 0, 0, 0.5f, 0, 0.5f, 0, 0, 1, 0, 0.5f, 0.5f]);
        y[12..].ShouldAllBe(v => float.IsNaN(v));
        float[] dx = new float[3];
        SoftmaxKernel.Backward([1, 2, 3], y.AsSpan(0, 3), 3, dx);
        dx.ShouldBe([0, 0, 0]);
        LogSoftmaxKernel.Forward(x.AsSpan(0, 12), 3, y.AsSpan(0, 12));
        y[..3].ShouldBe([-Inf, -Inf, -Inf]);
        y[3].ShouldBe(-MathF.Log(2), 1e-6f);
        y[9].ShouldBe(-Inf);
        LogSoftmaxKernel.Backward([1, 2, 3], y.AsSpan(0, 3), 3, dx);
        dx.ShouldBe([0, 0, 0]);
    }

    [Fact]
    public void Nan_is_never_taken_for_an_empty_row_at_any_place()
    {
        foreach (int n in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = new float[n], y = new float[n];
            for (int at = 0; at < n; at++)
            {
                x.AsSpan().Fill(float.NegativeInfinity);
                x[at] = float.NaN;
                SoftmaxKernel.Forward(x, n, y);
                y.All(float.IsNaN).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(401 * 211, 44);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[x.Length], dx = new float[x.Length];
            SoftmaxKernel.Forward(x, 211, y);
            SoftmaxKernel.Backward(x, y, 211, dx);
            LogSoftmaxKernel.Forward(x, 211, y);
            LogSoftmaxKernel.Backward(x, y, 211, dx);
            return [.. y, .. dx];
        });
    }

    [Fact]
    public void Rows_that_do_not_fit_are_refused()
    {
        Should.Throw<ArgumentException>(() => SoftmaxKernel.Forward(new float[10], 3, new float[10])).Message.ShouldContain("SoftmaxKernel.Forward: x has 10 values; whole rows of 3 columns");
        Should.Throw<ArgumentException>(() => SoftmaxKernel.Forward(new float[9], 3, new float[8])).Message.ShouldContain("y has 8 values, 9 are required");
        SoftmaxKernel.Forward([], 0, []);
    }

    private delegate void Forward(ReadOnlySpan<double> x, int columns, Span<double> y);

    private static double Through(double[] x, int columns, float[] dy, Forward forward)
    {
        double[] y = new double[x.Length];
        forward(x, columns, y);
        return Rows.Dot(y, dy);
    }
}
