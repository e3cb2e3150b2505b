namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public sealed class DensePictureTests
{
    [Theory]
    [InlineData(1, 1, 1, 0, 0, 0, 0, 1)]
    [InlineData(2, 2, 2, 0, 0, 0, 0, 1)]
    [InlineData(3, 2, 1, 1, 0, 0, 0, 1)]
    [InlineData(3, 3, 2, 1, 1, 1, 1, 1)]
    [InlineData(4, 3, 3, 2, 1, 0, 2, 1)]
    [InlineData(2, 3, 3, 0, 0, 2, 1, 1)]
    [InlineData(3, 3, 2, 1, 2, 1, 0, 2)]
    public void Transposed_convolution_agrees_with_the_reference_and_its_slopes(int kernelHeight, int kernelWidth, int stride, int top, int left, int more, int right, int dilation)
    {
        foreach ((int channels, int filters, int groups) in new[] { (3, 5, 1), (17, 2, 1), (4, 6, 2) })
        {
            ConvolutionShape shape = TransposedConvolutionKernel.Shape(2, 5, 4, channels, filters, (kernelHeight, kernelWidth), stride, (top, left), (more, right), dilation, groups);
            float[] x = Rows.Numbers(2 * 5 * 4 * channels, 1), w = Rows.Numbers(channels * filters / groups * kernelHeight * kernelWidth, 2), bias = Rows.Numbers(filters, 3);
            int length = 2 * shape.Height * shape.Width * filters;
            float[] dy = Rows.Numbers(length, 4);
            double[] wx = Rows.Wide(x), ww = Rows.Wide(w), wb = Rows.Wide(bias), expected = new double[length];
            Guarded y = new(length), dx = new(Rows.Numbers(x.Length, 5)), dw = new(Rows.Numbers(w.Length, 6)), db = new(Rows.Numbers(bias.Length, 7));
            TransposedConvolutionKernel.Forward(x, w, bias, shape, y.Span);
            ReferenceConvolution.Transposed(wx, ww, wb, shape, expected);
            y.Checked().ShouldBeNear(expected, 2e-6, 3);
            TransposedConvolutionKernel.Backward(dy, x, w, shape, dx.Span, dw.Span, db.Span);
            // Gradients are added to what was there.
            Slopes(wx, v => Loss(v, ww, wb), Rows.Numbers(x.Length, 5), dx.Checked());
            Slopes(ww, v => Loss(wx, v, wb), Rows.Numbers(w.Length, 6), dw.Checked());
            Slopes(wb, v => Loss(wx, ww, v), Rows.Numbers(bias.Length, 7), db.Checked());

            double Loss(double[] x, double[] w, double[] bias)
            {
                double[] result = new double[length];
                ReferenceConvolution.Transposed(x, w, bias, shape, result);
                return Rows.Dot(result, dy);
            }
        }

        static void Slopes(double[] at, Func<double[], double> loss, float[] start, float[] got) =>
            got.ShouldBeNear([.. Rows.Differences(at, loss, 1e-3).Zip(start, (slope, before) => slope + before)], 1e-5, 5);
    }

    [Fact]
    public void Transposed_convolution_by_hand()
    {
        // Each pixel lays down the kernel (1, 2; 3, 4) times its value, two pixels apart, upon a bias of 10.
        float[] y = new float[16];
        TransposedConvolutionKernel.Forward([1, 2, 3, 5], [1, 2, 3, 4], [10], TransposedConvolutionKernel.Shape(1, 2, 2, 1, 1, (2, 2), stride: 2), y);
        y.ShouldBe([11, 12, 12, 14, 13, 14, 16, 18, 13, 16, 15, 20, 19, 22, 25, 30]);
        Should.Throw<ArgumentException>(() => TransposedConvolutionKernel.Shape(1, 2, 2, 1, 1, (2, 2), stride: 2, outputPadding: (2, 0))).Message.ShouldContain("below the stride 2");
        Should.Throw<ArgumentException>(() => TransposedConvolutionKernel.Shape(1, 1, 1, 1, 1, (3, 3), padding: (2, 2))).Message.ShouldContain("-1 x -1");
    }

    [Theory]
    [InlineData(3, 4, 6, 8)]
    [InlineData(5, 7, 5, 7)]
    [InlineData(5, 7, 13, 3)]
    [InlineData(7, 9, 3, 20)]
    [InlineData(1, 1, 3, 2)]
    [InlineData(9, 6, 1, 1)]
    [InlineData(2, 3, 23, 17)]
    public void Resizing_agrees_with_the_reference_and_its_slopes(int height, int width, int rows, int columns)
    {
        foreach (int channels in (int[])[1, 3, 16, 19])
        {
            ResizeShape shape = new(2, height, width, channels, rows, columns);
            float[] x = Rows.Numbers(2 * height * width * channels, 1), dy = Rows.Numbers(2 * rows * columns * channels, 2);
            double[] wide = Rows.Wide(x), expected = new double[dy.Length];
            Guarded y = new(dy.Length), dx = new(Rows.Numbers(x.Length, 3));
            ResizeKernel.Forward(x, shape, y.Span);
            ReferenceSpatial.Resize(wide, shape, expected);
            y.Checked().ShouldBeNear(expected, 2e-6, 1);
            ResizeKernel.Backward(dy, shape, dx.Span);
            if (channels > 3)
            {
                dx.Checked();
                continue;
            }
            dx.Checked().ShouldBeNear([.. Rows.Differences(wide, Loss, 1e-3).Zip(Rows.Numbers(x.Length, 3), (slope, before) => slope + before)], 1e-5, 3);

            double Loss(double[] at)
            {
                double[] result = new double[dy.Length];
                ReferenceSpatial.Resize(at, shape, result);
                return Rows.Dot(result, dy);
            }
        }
    }

    [Fact]
    public void Resizing_by_hand()
    {
        // Twice as wide: places −¼, ¼, ¾, 1¼ of the pixels 0 and 4.
        float[] y = new float[4], dx = new float[2];
        ResizeKernel.Forward([0, 4], new ResizeShape(1, 1, 2, 1, 1, 4), y);
        y.ShouldBe([0, 1, 3, 4]);
        ResizeKernel.Backward([1, 1, 1, 1], new ResizeShape(1, 1, 2, 1, 1, 4), dx);
        dx.ShouldBe([2, 2]);
        Should.Throw<ArgumentException>(() => ResizeKernel.Forward([0, 4], new ResizeShape(1, 1, 2, 1, 1, 0), [])).Message.ShouldContain("at least 1");
    }

    [Fact]
    public void Focal_loss_by_hand_and_at_its_ends()
    {
        // p = ½: ¼·¼·ln 2 for a 1 and ¾·¼·ln 2 for a 0.
        FocalLossKernel.Forward([0], [1], 0.25f, 2).ShouldBe(0.0625 * Math.Log(2), 1e-7);
        FocalLossKernel.Forward([0], [0], 0.25f, 2).ShouldBe(0.1875 * Math.Log(2), 1e-7);
        // Sure and wrong is the logarithm's straight line, sure and right is nothing; neither is infinite.
        FocalLossKernel.Forward([-80], [1], 0.5f, 2).ShouldBe(40, 1e-4);
        FocalLossKernel.Forward([80], [1], 0.5f, 2).ShouldBe(0);
        float[] slope = new float[2];
        FocalLossKernel.Backward([-80, 80], [1, 1], 0.5f, 2, 1, slope);
        slope.ShouldBe([-0.5f, 0], 1e-6);
        // Without focus it is half of the cross-entropy.
        float[] x = Rows.Numbers(700, 1, -4, 4), t = [.. Rows.Numbers(700, 2).Select(v => v > 0 ? 1f : 0f)];
        FocalLossKernel.Forward(x, t, 0.5f, 0).ShouldBe(350 * SigmoidCrossEntropyKernel.Forward(x, t), 1e-3);
        Should.Throw<ArgumentOutOfRangeException>(() => FocalLossKernel.Forward([0], [0.5f], 0.5f, 2)).Message.ShouldContain("neither 0 nor 1");
    }

    [Fact]
    public void Box_loss_by_hand()
    {
        // The same box is perfect.
        BoxLossKernel.Forward([1, 2, 3, 4], [1, 2, 3, 4], [1]).ShouldBe(0, 1e-12);
        // A box of 4 × 2 in one of 4 × 4: half of the union, nothing around it is empty.
        BoxLossKernel.Forward([2, 1, 2, 1], [2, 2, 2, 2], [1]).ShouldBe(0.5, 1e-12);
        // A cross of 2 × 4 and 4 × 2: intersection 4, union 12, the box around it 16.
        BoxLossKernel.Forward([1, 2, 1, 2], [2, 1, 2, 1], [2]).ShouldBe(2 * (1 - (4.0 / 12) + (4.0 / 16)), 1e-12);
        // A row without weight is not read.
        BoxLossKernel.Forward([float.NaN, 0, 0, 0], [0, 0, 0, 0], [0]).ShouldBe(0);
    }
}
