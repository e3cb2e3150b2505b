namespace Heed.Tests.Models;

public sealed class LbfgsTests
{
    [Fact]
    public void A_badly_scaled_quadratic_ends_in_its_minimum()
    {
        // f = ½ Σ s_j (x_j − j)², curvatures from 1 to 1,000.
        float[] x = new float[20];
        double value = new Lbfgs().Minimize(Quadratic, x, 200, 1e-12);
        value.ShouldBeLessThan(1e-5);
        for (int j = 0; j < x.Length; j++)
            x[j].ShouldBe(j, 1e-2f);

        static double Quadratic(float[] at, float[] gradient)
        {
            double sum = 0;
            for (int j = 0; j < at.Length; j++)
            {
                double scale = Math.Pow(1000, j / 19.0), off = at[j] - j;
                sum += 0.5 * scale * off * off;
                gradient[j] = (float)(scale * off);
            }
            return sum;
        }
    }

    [Fact]
    public void A_curved_valley_is_followed()
    {
        float[] x = [-1.2f, 1];
        new Lbfgs().Minimize(
            (at, g) =>
            {
                double a = 1 - at[0], b = at[1] - (at[0] * (double)at[0]);
                (g[0], g[1]) = ((float)((-2 * a) - (400 * at[0] * b)), (float)(200 * b));
                return (a * a) + (100 * b * b);
            },
            x, 200, 0);
        x[0].ShouldBe(1, 1e-2f);
        x[1].ShouldBe(1, 2e-2f);
    }
}
