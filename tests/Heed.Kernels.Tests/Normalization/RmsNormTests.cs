namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class RmsNormTests
{
    private const float Epsilon = 1e-6f;

    [Fact]
    public void Rows_agree_with_the_reference_at_every_width()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Rows.Numbers(3 * columns, 70, 3, 7), gamma = Rows.Numbers(columns, 71);
            double[] expected = new double[x.Length];
            ReferenceRmsNorm.Forward(Rows.Wide(x), Rows.Wide(gamma), columns, Epsilon, expected);
            Guarded y = new(x.Length), reciprocal = new(3), inPlace = new(x);
            RmsNormKernel.Forward(x, gamma, columns, Epsilon, y.Span, reciprocal.Span);
            y.Checked().ShouldBeNear(expected, 1e-6, 2);
            float[] alone = new float[columns];
            RmsNormKernel.Forward(x.AsSpan(columns, columns), gamma, columns, Epsilon, alone, new float[1]);
            alone.ShouldHaveBitsOf(y.Checked()[columns..(2 * columns)], "a row alone");
            RmsNormKernel.Forward(inPlace.Span, gamma, columns, Epsilon, inPlace.Span, reciprocal.Span);
            inPlace.Checked().ShouldHaveBitsOf(y.Checked(), "in place");
            _ = reciprocal.Checked();
        }
    }

    [Fact]
    public void Backward_is_the_slope_of_the_reference_and_is_added()
    {
        foreach (int columns in Rows.Lengths.Where(n => n is > 0 and < 71))
        {
            float[] x = Rows.Numbers(3 * columns, 73), gamma = Rows.Numbers(columns, 74), dy = Rows.Numbers(x.Length, 76), y = new float[x.Length], reciprocal = new float[3];
            RmsNormKernel.Forward(x, gamma, columns, 0.1f, y, reciprocal);
            double Loss(double[] vx, double[] vgamma)
            {
                double[] result = new double[vx.Length];
                ReferenceRmsNorm.Forward(vx, vgamma, columns, 0.1f, result);
                return Rows.Dot(result, dy);
            }
            double[] wx = Rows.Wide(x), wgamma = Rows.Wide(gamma);
            float[] startX = Rows.Numbers(x.Length, 77), startRow = Rows.Numbers(columns, 78);
            Guarded dx = new(startX), dgamma = new(startRow);
            RmsNormKernel.Backward(dy, x, gamma, reciprocal, columns, dx.Span, dgamma.Span);
            double[] differences = Rows.Differences(wx, v => Loss(v, wgamma)), scale = Rows.Differences(wgamma, v => Loss(wx, v));
            dx.Checked().ShouldBeNear([.. startX.Zip(differences, (a, b) => a + b)], 2e-6, 1, "dx");
            dgamma.Checked().ShouldBeNear([.. startRow.Zip(scale, (a, b) => a + b)], 2e-6, 1, "dγ");
        }
    }
}
