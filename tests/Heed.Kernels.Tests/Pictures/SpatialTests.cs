namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public sealed class SpatialTests
{
    [Fact]
    public void Sampling_agrees_with_the_reference_for_every_number_of_channels()
    {
        foreach (int channels in Rows.Lengths.Where(n => n is > 0 and < 40))
        {
            GridSampleShape shape = new(2, 5, 7, channels, 11);
            float[] x = Rows.Numbers((int)shape.InputLength, 1), grid = Rows.Numbers(44, 2, -1.4f, 1.4f), dy = Rows.Numbers((int)shape.OutputLength, 3), start = Rows.Numbers(44, 4);
            double[] expected = new double[dy.Length], wx = Rows.Wide(x), wg = Rows.Wide(grid);
            Guarded y = new(dy.Length), dx = new(x.Length), dgrid = new(start);
            GridSampleKernel.Forward(x, grid, shape, y.Span);
            ReferenceSpatial.GridSample(wx, wg, shape, expected);
            y.Checked().ShouldBeNear(expected, 2e-6, 2);
            GridSampleKernel.Backward(dy, x, grid, shape, dx.Span, dgrid.Span);
            dgrid.Checked().ShouldBeNear([.. Rows.Differences(wg, v => Loss(wx, v), 1e-6).Zip(start, (slope, before) => slope + before)], 2e-5, 2);
            if (channels < 4)
                dx.Checked().ShouldBeNear(Rows.Differences(wx, v => Loss(v, wg)), 1e-5, 2);
            else
                dx.Checked();

            double Loss(double[] x, double[] grid)
            {
                double[] result = new double[dy.Length];
                ReferenceSpatial.GridSample(x, grid, shape, result);
                return Rows.Dot(result, dy);
            }
        }
    }

    [Fact]
    public void Sampling_by_hand()
    {
        // Pixels 1, 2; 3, 4. The centres lie at ±½; (0, 0) is the mean of all; 1 is the right edge, half a pixel outside of a centre.
        float[] y = new float[6];
        GridSampleKernel.Forward([1, 2, 3, 4], [-0.5f, -0.5f, 0.5f, -0.5f, 0, 0, 0, 0.5f, 1, -0.5f, 3, 0], new GridSampleShape(1, 2, 2, 1, 6), y);
        y.ShouldBe([1, 2, 2.5f, 3.5f, 1, 0]);
        // At (0, 0) the slope along u is (2 − 1 + 4 − 3)/2 a pixel, and a pixel is one unit wide; along v (3 − 1 + 4 − 2)/2.
        float[] dgrid = new float[2], dx = new float[4];
        GridSampleKernel.Backward([1], [1, 2, 3, 4], [0, 0], new GridSampleShape(1, 2, 2, 1, 1), dx, dgrid);
        dgrid.ShouldBe([1, 2]);
        dx.ShouldBe([0.25f, 0.25f, 0.25f, 0.25f]);
    }

    [Fact]
    public void A_position_that_is_no_number_gives_none_and_passes_no_gradient_and_far_ones_see_zeros()
    {
        float[] y = new float[4], dx = new float[4], dgrid = new float[8];
        float[] grid = [float.NaN, 0, 1e30f, 0, float.NegativeInfinity, 0, 0, 1e9f];
        GridSampleShape shape = new(1, 2, 2, 1, 4);
        GridSampleKernel.Forward([1, 2, 3, 4], grid, shape, y);
        y.ShouldBe([float.NaN, 0, 0, 0]);
        GridSampleKernel.Backward([1, 1, 1, 1], [1, 2, 3, 4], grid, shape, dx, dgrid);
        dx.ShouldAllBe(v => v == 0);
        dgrid.ShouldAllBe(v => v == 0);
    }

    [Fact]
    public void Glimpses_agree_with_the_reference()
    {
        foreach (int channels in (int[])[1, 3, 4, 5, 16, 19])
        {
            GlimpseShape shape = new(5, 9, 13, channels, 3, 3);
            float[] x = Rows.Numbers((int)shape.InputLength, 1), positions = Rows.Numbers(10, 2, -1.3f, 1.3f), dy = Rows.Numbers((int)shape.OutputLength, 3);
            double[] expected = new double[dy.Length], wide = Rows.Wide(positions);
            Guarded y = new(dy.Length), dx = new(x.Length);
            GlimpseKernel.Forward(x, positions, shape, y.Span);
            ReferenceSpatial.Glimpse(Rows.Wide(x), wide, shape, expected);
            y.Checked().ShouldBeNear(expected, 2e-6, 1);
            GlimpseKernel.Backward(dy, positions, shape, dx.Span);
            double[] slopes = new double[x.Length], unit = new double[x.Length];
            // Linear in x: the slope of a pixel is what its unit picture gives.
            for (int i = 0; i < (channels == 1 ? x.Length : 0); i++)
            {
                unit[i] = 1;
                ReferenceSpatial.Glimpse(unit, wide, shape, expected);
                slopes[i] = Rows.Dot(expected, dy);
                unit[i] = 0;
            }
            float[] got = dx.Checked();
            if (channels == 1)
                got.ShouldBeNear(slopes, 1e-5, 1);
        }
    }

    [Fact]
    public void A_glimpse_by_hand()
    {
        // 4 × 4 pixels 1 … 16, two scales of 2 × 2 around the middle: the four inner pixels, then the means of the quarters.
        float[] x = [.. Enumerable.Range(1, 16).Select(i => (float)i)], y = new float[8];
        GlimpseShape shape = new(1, 4, 4, 1, 2, 2);
        GlimpseKernel.Forward(x, [0, 0], shape, y);
        y.ShouldBe([6, 7, 10, 11, 3.5f, 5.5f, 11.5f, 13.5f]);
        // At the upper left corner three quarters are outside.
        GlimpseKernel.Forward(x, [-1, -1], shape, y);
        y.ShouldBe([0, 0, 0, 1, 0, 0, 0, 3.5f]);
        GlimpseKernel.Forward(x, [float.NaN, 0], shape, y);
        y.ShouldAllBe(v => v == 0);
        GlimpseKernel.Forward(x, [0, float.PositiveInfinity], shape, y);
        y.ShouldAllBe(v => v == 0);
    }

    [Fact]
    public void Bits_do_not_depend_on_threads_or_the_batch()
    {
        GridSampleShape shape = new(5, 9, 8, 19, 31);
        float[] x = Rows.Numbers((int)shape.InputLength, 1), grid = Rows.Numbers(310, 2, -1.2f, 1.2f), dy = Rows.Numbers((int)shape.OutputLength, 3);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[dy.Length], dx = new float[x.Length], dgrid = new float[grid.Length];
            GridSampleKernel.Forward(x, grid, shape, y);
            GridSampleKernel.Backward(dy, x, grid, shape, dx, dgrid);
            return [.. y, .. dx, .. dgrid];
        });
        float[] all = new float[dy.Length], one = new float[dy.Length / 5];
        GridSampleKernel.Forward(x, grid, shape, all);
        GridSampleKernel.Forward(x.AsSpan(3 * x.Length / 5, x.Length / 5), grid.AsSpan(3 * 62, 62), shape with { Batch = 1 }, one);
        one.ShouldHaveBitsOf(all[(3 * one.Length)..(4 * one.Length)]);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Should.Throw<ArgumentException>(() => GridSampleKernel.Forward(new float[3], new float[2], new GridSampleShape(1, 2, 2, 1, 1), new float[1])).Message.ShouldContain("x has 3 values, 4 are required");
        Should.Throw<ArgumentException>(() => GridSampleKernel.Forward([], [], new GridSampleShape(1, 0, 2, 1, 1), [])).Message.ShouldContain("at least 1");
        Should.Throw<ArgumentException>(() => GlimpseKernel.Forward(new float[4], new float[2], new GlimpseShape(1, 2, 2, 1, 2, 13), new float[4])).Message.ShouldContain("scales 1 to 12");
        Should.Throw<ArgumentException>(() => GlimpseKernel.Forward(new float[4], new float[1], new GlimpseShape(1, 2, 2, 1, 2, 1), new float[4])).Message.ShouldContain("positions has 1 values, 2 are required");
    }
}
