namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class LayerNormTests
{
    private const float Epsilon = 1e-5f;

    [Fact]
    public void Rows_agree_with_the_reference_at_every_width()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Rows.Numbers(3 * columns, 70, 3, 7), gamma = Rows.Numbers(columns, 71), beta = Rows.Numbers(columns, 72);
            double[] expected = new double[x.Length], plain = new double[x.Length];
            ReferenceLayerNorm.Forward(Rows.Wide(x), Rows.Wide(gamma), Rows.Wide(beta), columns, Epsilon, expected);
            ReferenceLayerNorm.Forward(Rows.Wide(x), [], [], columns, Epsilon, plain);
            Guarded y = new(x.Length), mean = new(3), reciprocal = new(3), inPlace = new(x);
            LayerNormKernel.Forward(x, gamma, beta, columns, Epsilon, y.Span, mean.Span, reciprocal.Span);
            // One column is all cancellation: x − μ is 0 but for a rounding, which 1/√ε enlarges.
            y.Checked().ShouldBeNear(expected, columns == 1 ? 2e-4 : 3e-6, 2);
            float[] alone = new float[columns];
            LayerNormKernel.Forward(x.AsSpan(columns, columns), gamma, beta, columns, Epsilon, alone, new float[1], new float[1]);
            alone.ShouldHaveBitsOf(y.Checked()[columns..(2 * columns)], "a row alone");
            LayerNormKernel.Forward(inPlace.Span, gamma, beta, columns, Epsilon, inPlace.Span, mean.Span, reciprocal.Span);
            inPlace.Checked().ShouldHaveBitsOf(y.Checked(), "in place");
            LayerNormKernel.Forward(x, [], [], columns, Epsilon, y.Span, mean.Span, reciprocal.Span);
            y.Checked().ShouldBeNear(plain, columns == 1 ? 2e-4 : 3e-6, 2);
            ((double)mean.Checked()[1]).ShouldBe(Rows.Wide(x.AsSpan(columns, columns)).Average(), 2e-6);
            _ = reciprocal.Checked();
        }
    }

    [Fact]
    public void Backward_is_the_slope_of_the_reference_and_is_added()
    {
        foreach (int columns in Rows.Lengths.Where(n => n is > 1 and < 71))
        {
            const int Count = 3;
            float[] x = Rows.Numbers(Count * columns, 73), gamma = Rows.Numbers(columns, 74), beta = Rows.Numbers(columns, 75), dy = Rows.Numbers(x.Length, 76);
            float[] y = new float[x.Length], mean = new float[Count], reciprocal = new float[Count];
            LayerNormKernel.Forward(x, gamma, beta, columns, 0.1f, y, mean, reciprocal);
            double Loss(double[] vx, double[] vgamma, double[] vbeta)
            {
                double[] result = new double[vx.Length];
                ReferenceLayerNorm.Forward(vx, vgamma, vbeta, columns, 0.1f, result);
                return Rows.Dot(result, dy);
            }
            double[] wx = Rows.Wide(x), wgamma = Rows.Wide(gamma), wbeta = Rows.Wide(beta);
            float[] startX = Rows.Numbers(x.Length, 77), startRow = Rows.Numbers(columns, 78);
            Guarded dx = new(startX), dgamma = new(startRow), dbeta = new(startRow);
            LayerNormKernel.Backward(dy, x, gamma, mean, reciprocal, columns, dx.Span, dgamma.Span, dbeta.Span);
            dx.Checked().ShouldBeNear(Sum(startX, Rows.Differences(wx, v => Loss(v, wgamma, wbeta))), 2e-6, 1, "dx");
            dgamma.Checked().ShouldBeNear(Sum(startRow, Rows.Differences(wgamma, v => Loss(wx, v, wbeta))), 2e-6, 1, "dγ");
            dbeta.Checked().ShouldBeNear(Sum(startRow, Rows.Differences(wbeta, v => Loss(wx, wgamma, v))), 2e-6, 1, "dβ");
        }
    }

    [Fact]
    public void A_broken_row_stays_alone()
    {
        float[] x = Rows.Numbers(3 * 19, 79), y = new float[x.Length], clean = new float[x.Length], mean = new float[3], reciprocal = new float[3];
        LayerNormKernel.Forward(x, [], [], 19, Epsilon, clean, mean, reciprocal);
        x[25] = float.NaN;
        LayerNormKernel.Forward(x, [], [], 19, Epsilon, y, mean, reciprocal);
        y[..19].ShouldHaveBitsOf(clean[..19]);
        y[19..38].ShouldAllBe(v => float.IsNaN(v));
        y[38..].ShouldHaveBitsOf(clean[38..]);
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(503 * 97, 80), gamma = Rows.Numbers(97, 81);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[x.Length], mean = new float[503], reciprocal = new float[503], dx = new float[x.Length], dgamma = new float[97], dbeta = new float[97];
            LayerNormKernel.Forward(x, gamma, gamma, 97, Epsilon, y, mean, reciprocal);
            LayerNormKernel.Backward(y, x, gamma, mean, reciprocal, 97, dx, dgamma, dbeta);
            return [.. y, .. dx, .. dgamma, .. dbeta];
        });
    }

    private static double[] Sum(float[] start, double[] slopes) => [.. slopes.Zip(start, (s, v) => s + v)];
}
