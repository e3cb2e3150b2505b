#pragma warning disable CS8500

namespace Heed.Kernels;

/// <summary>Two-dimensional convolution of pictures with channels last, as products that read the windows where they lie (implicit GEMM).</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, f] = bias[f] + Σ over r, s, c of w[f, c, r, s]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c], with zeros outside of the picture (a cross-correlation, as everywhere); with
/// groups, c runs over the channels of the filter's group.</para>
/// <para>Shapes: x (batch, height, width, channels); w (filters, channels/groups, kernel height, kernel width), PyTorch's order; bias (filters) or empty; y (batch, output height, output width, filters).
/// Gradients are added to what their span holds; results lie apart from the sources.</para>
/// <para>Bits: a picture's result does not depend on the others of its batch; a weight's gradient is summed over up to eight parts of the batch, each in the order of pictures and pixels, and then over the parts, in order. Same bits for any number of threads.</para>
/// <para>Cost: 2·batch·output pixels·filters·depth flops forward, twice that backward; scratch for the weights and, a thread, for some padded rows of a picture. Thread-safe.</para>
/// <para>Source: Goto and van de Geijn 2008 for the register tile; Chellapilla, Puri and Simard 2006 for convolution as a product.</para>
/// </remarks>
public static unsafe class ConvolutionKernel
{
    /// <summary>y = the convolution of x.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="weight">(filters, channels, kernel height, kernel width).</param>
    /// <param name="bias">(filters), or empty.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, output height, output width, filters).</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y)
    {
        const string Operation = "ConvolutionKernel.Forward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        if (bias.Length != 0)
            Require.Length(Operation, nameof(bias), bias.Length, shape.Filters);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(weight), weight, y);
        fixed (float* px = x, pw = weight, pb = bias, py = y)
        {
            ConvolutionCall call = new() { Shape = shape, From = px, Weight = pw, Bias = pb, To = py };
            Simd.Run(ref call);
        }
    }

    /// <summary>dx += the gradient of x; dw += that of w; dbias += that of the bias.</summary>
    /// <param name="dy">(batch, output height, output width, filters).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="weight">Of the forward pass.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dweight">As w, or empty.</param>
    /// <param name="dbias">(filters), or empty.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape, Span<float> dx, Span<float> dweight, Span<float> dbias)
    {
        const string Operation = "ConvolutionKernel.Backward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(dy), dy.Length, shape.OutputLength);
        if (dx.Length != 0)
            Require.Length(Operation, nameof(dx), dx.Length, x.Length);
        if (dweight.Length != 0)
            Require.Length(Operation, nameof(dweight), dweight.Length, weight.Length);
        if (dbias.Length != 0)
            Require.Length(Operation, nameof(dbias), dbias.Length, shape.Filters);
        Require.Apart(Operation, nameof(dy), dy, dx);
        Require.Apart(Operation, nameof(dy), dy, dweight);
        int size = shape.Filters * shape.Depth, parts = ConvolutionWeightCall.Parts(shape);
        using Scratch sums = new(dweight.Length == 0 ? 0 : (long)parts * size);
        fixed (float* pdy = dy, px = x, pw = weight, pdx = dx, pdw = dweight)
        {
            if (pdx != null)
            {
                ConvolutionCall call = new() { Shape = shape, From = pdy, Weight = pw, To = pdx, IsBackward = true };
                Simd.Run(ref call);
            }
            if (pdw != null)
            {
                new Span<float>(sums.Pointer, parts * size).Clear();
                ConvolutionWeightCall call = new() { Shape = shape, X = px, DY = pdy, Sums = sums.Pointer };
                Simd.Run(ref call);
                for (int n = 1; n < parts; n++)
                    Elementwise.Add(new Span<float>(sums.Pointer, size), new ReadOnlySpan<float>(sums.Pointer + ((nint)n * size), size), new Span<float>(sums.Pointer, size));
                AddByFilter(sums.Pointer, pdw, shape);
            }
        }
        if (dbias.Length != 0)
            Reduction.AddColumnSums(dy, dbias);
    }

    private static void Check(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(operation, nameof(weight), weight.Length, (long)shape.Filters * shape.Depth);
    }

    // (filters, kernel, channels) is added in the order of w, (filters, channels, kernel).
    private static void AddByFilter(float* packed, float* weight, in ConvolutionShape s)
    {
        int kernel = s.KernelHeight * s.KernelWidth;
        for (int i = 0; i < s.Filters * s.Depth; i++)
            weight[(i / s.Depth * s.Depth) + (i % s.GroupChannels * kernel) + (i % s.Depth / s.GroupChannels)] += packed[i];
    }
}
