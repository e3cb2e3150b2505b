namespace Heed.Kernels;

/// <summary>Kernels of segmentation, detection and mobile networks: what makes pictures larger or goes through two convolutions at once, and losses of places.</summary>
internal static class DensePictureChecks
{
    private const double Limit = 2e-6;

    public static void TransposedConvolution(KernelChecker check)
    {
        (string Name, ConvolutionShape Shape)[] shapes =
        [
            ("", TransposedConvolutionKernel.Shape(3, 5, 4, 5, 3, (3, 2))),
            ("doubling ", TransposedConvolutionKernel.Shape(2, 4, 5, 19, 7, (2, 2), stride: 2)),
            ("padded ", TransposedConvolutionKernel.Shape(2, 4, 3, 4, 6, (4, 3), stride: 3, padding: (1, 2), outputPadding: (2, 1))),
            ("dilated, in groups ", TransposedConvolutionKernel.Shape(2, 4, 5, 6, 4, (3, 3), stride: 2, padding: (1, 2), dilation: 2, groups: 2)),
        ];
        foreach ((string name, ConvolutionShape shape) in shapes)
        {
            float[] x = check.Draw((int)shape.OutputLength), w = check.Draw(shape.Filters * shape.Depth), bias = check.Draw(shape.Channels);
            float[] y = new float[shape.InputLength], dy = check.Draw(y.Length), dx = new float[x.Length], dw = new float[w.Length], dbias = new float[bias.Length];
            double[] wideX = KernelChecker.Widen(x), wideW = KernelChecker.Widen(w), wideBias = KernelChecker.Widen(bias);
            TransposedConvolutionKernel.Forward(x, w, bias, shape, y);
            TransposedConvolutionKernel.Backward(dy, x, w, shape, dx, dw, dbias);
            double[] Reference(double[] x, double[] w, double[] bias)
            {
                double[] result = new double[y.Length];
                ReferenceConvolution.Transposed(x, w, bias, shape, result);
                return result;
            }
            check.Compare(name + "y", y, Reference(wideX, wideW, wideBias), Limit);
            check.CompareWithDifferences(name + "dx", dx, x, dy, at => Reference(at, wideW, wideBias), 4 * Limit);
            check.CompareWithDifferences(name + "dw", dw, w, dy, at => Reference(wideX, at, wideBias), 4 * Limit);
            check.CompareWithDifferences(name + "dbias", dbias, bias, dy, at => Reference(wideX, wideW, at), 4 * Limit);
        }
    }

    public static void ExpandedDepthwise(KernelChecker check)
    {
        foreach ((string name, int inputs, Activation between, ConvolutionShape shape) in new[]
        {
            ("", 5, Activation.Relu, new ConvolutionShape(2, 9, 11, 19, 19, 3, 3) { Groups = 19, PaddingHeight = 1, PaddingWidth = 1 }),
            ("strided ", 7, Activation.HardSwish, new ConvolutionShape(1, 11, 13, 40, 40, 5, 5) { Groups = 40, Stride = 2, PaddingHeight = 2, PaddingWidth = 2 }),
            ("other strides down and across ", 3, Activation.Relu, new ConvolutionShape(1, 9, 20, 8, 8, 3, 3) { Groups = 8, StrideWidth = 2, PaddingHeight = 1, PaddingWidth = 1 }),
            ("dilated ", 3, Activation.None, new ConvolutionShape(1, 9, 20, 8, 8, 3, 2) { Groups = 8, Dilation = 2, PaddingHeight = 1 }),
        })
        {
            int channels = shape.Channels, pixels = (int)(shape.InputLength / channels);
            float[] x = check.Draw(pixels * inputs), w = check.Draw(channels * inputs), wide = check.Draw(channels), v = check.Draw(channels * shape.Depth), bias = check.Draw(channels), y = new float[shape.OutputLength];
            ConvolutionShape first = new(shape.Batch, shape.Height, shape.Width, inputs, channels, 1, 1);
            ExpandedDepthwiseKernel.Forward(x, PackedConvolution.Pack(w, first), wide, between, PackedConvolution.Pack(v, shape), bias, shape, y, Activation.Relu);
            double[] middle = new double[shape.InputLength], result = new double[y.Length];
            ReferenceConvolution.Forward(KernelChecker.Widen(x), KernelChecker.Widen(w), KernelChecker.Widen(wide), first, middle);
            for (int i = 0; i < middle.Length; i++)
                middle[i] = between switch { Activation.Relu => Math.Max(middle[i], 0), Activation.HardSwish => middle[i] * Math.Clamp((middle[i] / 6) + 0.5, 0, 1), _ => middle[i] };
            ReferenceConvolution.Forward(middle, KernelChecker.Widen(v), KernelChecker.Widen(bias), shape, result);
            check.Compare(name + "y", y, [.. result.Select(value => Math.Max(value, 0))], Limit);
        }
    }

    public static void Resize(KernelChecker check)
    {
        foreach ((string name, ResizeShape shape) in new[] { ("larger ", new ResizeShape(2, 3, 4, 19, 7, 8)), ("smaller ", new ResizeShape(2, 7, 9, 5, 3, 4)) })
        {
            float[] x = check.Draw((int)shape.InputLength), y = new float[shape.OutputLength], dy = check.Draw(y.Length), dx = new float[x.Length];
            ResizeKernel.Forward(x, shape, y);
            ResizeKernel.Backward(dy, shape, dx);
            double[] Reference(double[] at)
            {
                double[] result = new double[y.Length];
                ReferenceSpatial.Resize(at, shape, result);
                return result;
            }
            check.Compare(name + "y", y, Reference(KernelChecker.Widen(x)), Limit);
            check.CompareWithDifferences(name + "dx", dx, x, dy, Reference, 4 * Limit);
        }
    }

    public static void FocalLoss(KernelChecker check)
    {
        foreach ((float alpha, float gamma) in new[] { (0.25f, 2f), (0.6f, 0.5f) })
        {
            float[] x = check.Draw(301, -6, 6), targets = [.. check.Draw(x.Length).Select(t => t > 0.5f ? 1f : 0f)], dx = new float[x.Length];
            double[] Reference(double[] at) => [ReferenceDetection.FocalLoss(at, targets, alpha, gamma)];
            string name = FormattableString.Invariant($"γ = {gamma} ");
            check.Compare(name + "loss", [(float)FocalLossKernel.Forward(x, targets, alpha, gamma)], Reference(KernelChecker.Widen(x)), Limit);
            FocalLossKernel.Backward(x, targets, alpha, gamma, 1, dx);
            check.CompareWithDifferences(name + "dx", dx, x, [1], Reference, 4 * Limit);
        }
    }

    public static void BoxLoss(KernelChecker check)
    {
        const int Rows = 23;
        float[] boxes = check.Draw(4 * Rows, 0.1f, 9), targets = check.Draw(4 * Rows, 0.1f, 9), weights = check.Draw(Rows, 0, 1), dboxes = new float[boxes.Length];
        weights[3] = 0;
        double[] Reference(double[] at) => [ReferenceDetection.BoxLoss(at, targets, weights)];
        check.Compare("loss", [(float)BoxLossKernel.Forward(boxes, targets, weights)], Reference(KernelChecker.Widen(boxes)), Limit);
        BoxLossKernel.Backward(boxes, targets, weights, 1, dboxes);
        check.CompareWithDifferences("dboxes", dboxes, boxes, [1], Reference, 4 * Limit);
    }
}
