namespace Heed.Kernels.Tests;

/// <summary>Convolutions by Winograd's transformation: values, gradients, and how exact they are beside the direct ones.</summary>
[Trait("Legs", "InstructionSets")]
public sealed unsafe class WinogradTests
{
    public static IEnumerable<object[]> Shapes =>
    [
        [new ConvolutionShape(3, 7, 10, 16, 48, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 8, 9, 32, 16, 3, 3) { PaddingWidth = 2 }],
        [new ConvolutionShape(1, 9, 8, 48, 16, 3, 3) { PaddingHeight = 2, PaddingWidth = 1 }],
        [new ConvolutionShape(19, 6, 6, 16, 32, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(2, 17, 31, 64, 64, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
        [new ConvolutionShape(1, 8, 8, 256, 240, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 }],
    ];

    // Root mean squares. The transformation adds rounding, and shorter chains make up for it: 0.6 to 1.25 times were seen.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Errors_are_at_most_one_and_a_half_times_those_of_direct_sums(ConvolutionShape shape)
    {
        shape.IsWinograd.ShouldBeTrue();
        float[] x = Rows.Numbers((int)shape.InputLength, 1), w = Rows.Numbers(shape.Filters * shape.Depth, 2), bias = Rows.Numbers(shape.Filters, 3), dy = Rows.Numbers((int)shape.OutputLength, 4);
        double[] wx = Rows.Wide(x), ww = Rows.Wide(w), wdy = Rows.Wide(dy), expected = new double[dy.Length], expectedX = new double[x.Length], expectedW = new double[w.Length];
        ReferenceConvolution.Forward(wx, ww, Rows.Wide(bias), shape, expected);
        ReferenceConvolution.Transposed(wdy, ww, default, shape, expectedX);
        ReferenceConvolution.WeightGradient(wdy, wx, shape, expectedW);
        Guarded y = new(dy.Length), dx = new(new float[x.Length]), dw = new(new float[w.Length]);
        ConvolutionKernel.Forward(x, w, bias, shape, y.Span);
        ConvolutionKernel.Backward(dy, x, w, shape, dx.Span, dw.Span, default);
        (float[] directY, float[] directX, float[] directW) = Direct(x, w, bias, dy, shape);
        Compare("y", y.Checked(), directY, expected);
        Compare("dx", dx.Checked(), directX, expectedX);
        Compare("dw", dw.Checked(), directW, expectedW);

        static void Compare(string what, float[] got, float[] direct, double[] expected)
        {
            double mine = Error(got, expected), other = Error(direct, expected);
            mine.ShouldBeLessThanOrEqualTo(1.5 * other, what);
        }
    }

    [Fact]
    public void Gradients_are_added_and_packed_weights_give_the_same_bits()
    {
        ConvolutionShape shape = new(2, 7, 9, 32, 48, 3, 3) { PaddingHeight = 1, PaddingWidth = 1 };
        float[] x = Rows.Numbers((int)shape.InputLength, 1), w = Rows.Numbers(shape.Filters * shape.Depth, 2), bias = Rows.Numbers(shape.Filters, 3), dy = Rows.Numbers((int)shape.OutputLength, 4);
        float[] dx = new float[x.Length], dw = new float[w.Length], moreX = [.. x], moreW = [.. w], y = new float[dy.Length], packed = new float[dy.Length];
        ConvolutionKernel.Backward(dy, x, w, shape, dx, dw, default);
        ConvolutionKernel.Backward(dy, x, w, shape, moreX, moreW, default);
        moreX.ShouldHaveBitsOf([.. x.Zip(dx, (a, b) => a + b)]);
        moreW.ShouldHaveBitsOf([.. w.Zip(dw, (a, b) => a + b)]);
        ConvolutionKernel.Forward(x, w, bias, shape, y);
        ConvolutionKernel.Forward(x, PackedConvolution.Pack(w, shape), bias, shape, packed);
        packed.ShouldHaveBitsOf(y);
        // Weights that were packed for small pictures, which are convolved directly, serve large ones too.
        ConvolutionKernel.Forward(x, PackedConvolution.Pack(w, shape with { Height = 3, Width = 3 }), bias, shape, packed);
        packed.ShouldHaveBitsOf(y);
    }

    private static (float[] Y, float[] DX, float[] DW) Direct(float[] x, float[] w, float[] bias, float[] dy, ConvolutionShape shape)
    {
        float[] y = new float[dy.Length], dx = new float[x.Length], dw = new float[w.Length];
        fixed (float* px = x, pw = w, pb = bias, pdy = dy, py = y, pdx = dx, pdw = dw)
        {
            ConvolutionCall forward = new() { Shape = shape, From = px, Weight = pw, Bias = pb, To = py }, backward = new() { Shape = shape, From = pdy, Weight = pw, To = pdx, IsBackward = true };
            Simd.Run(ref forward);
            Simd.Run(ref backward);
            float[] parts = new float[ConvolutionWeightCall.Parts(shape) * dw.Length];
            fixed (float* sums = parts)
            {
                ConvolutionWeightCall weights = new() { Shape = shape, X = px, DY = pdy, Sums = sums };
                Simd.Run(ref weights);
            }
            // (part, filter, tap, channel) → (filter, channel, tap).
            for (int i = 0; i < parts.Length; i++)
                dw[(i % dw.Length / shape.Depth * shape.Depth) + (i % shape.Channels * 9) + (i % shape.Depth / shape.Channels)] += parts[i];
        }
        return (y, dx, dw);
    }

    private static double Error(float[] got, double[] expected) => Math.Sqrt(got.Select((value, i) => Math.Pow(value - expected[i], 2)).Average());
}
