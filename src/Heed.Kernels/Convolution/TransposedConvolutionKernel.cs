namespace Heed.Kernels;

/// <summary>Transposed convolution of pictures with channels last: what takes a convolution's gradient back to its pictures, as a layer that makes pictures larger.</summary>
/// <remarks>
/// <para>Formula: y[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, f] += Σ over c of w[c, f, r, s]·x[b, i, j, c], from y = bias; what would lie outside of the result is left out. With groups, f and c belong to the same one.</para>
/// <para>Shapes: x (batch, height, width, channels); w (channels, filters/groups, kernel height, kernel width), PyTorch's order; bias (filters) or empty; y (batch, output height, output width, filters) with output =
/// (size − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1. The shape that is passed is that of the convolution which this one reverses (<see cref="Shape"/>): its pictures are y, its results x.</para>
/// <para>Bits and cost: those of <see cref="ConvolutionKernel"/>, whose passes it uses; scratch as x for the gradient of x. Thread-safe.</para>
/// <para>Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks", 2010; Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.</para>
/// </remarks>
public static unsafe class TransposedConvolutionKernel
{
    /// <summary>The convolution that a transposed one reverses.</summary>
    /// <param name="batch">Pictures.</param>
    /// <param name="height">Rows of a picture of x.</param>
    /// <param name="width">Columns of a picture of x.</param>
    /// <param name="channels">Values of a pixel of x.</param>
    /// <param name="filters">Values of a pixel of y.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">Distance at which pixels of x are laid down.</param>
    /// <param name="padding">Rows and columns that are cut from each side of y.</param>
    /// <param name="outputPadding">Rows and columns that are added below and on the right; below the stride.</param>
    /// <param name="dilation">Distance of neighbouring pixels of the kernel.</param>
    /// <param name="groups">Parts into which channels and filters are cut.</param>
    /// <exception cref="ArgumentException">Sizes make no sense; the message says why.</exception>
    public static ConvolutionShape Shape(
        int batch, int height, int width, int channels, int filters, (int Height, int Width) kernel, int stride = 1, (int Height, int Width) padding = default, (int Height, int Width) outputPadding = default, int dilation = 1, int groups = 1)
    {
        const string Operation = "TransposedConvolution";
        if (Math.Min(outputPadding.Height, outputPadding.Width) < 0 || Math.Max(outputPadding.Height, outputPadding.Width) >= Math.Max(1, stride))
            throw new ArgumentException(FormattableString.Invariant($"{Operation}: the output padding must be from 0 to below the stride {stride}; got {outputPadding}."), nameof(outputPadding));
        int rows = ((height - 1) * stride) - (2 * padding.Height) + (dilation * (kernel.Height - 1)) + outputPadding.Height + 1;
        int columns = ((width - 1) * stride) - (2 * padding.Width) + (dilation * (kernel.Width - 1)) + outputPadding.Width + 1;
        if (Math.Min(height, width) < 1 || Math.Min(rows, columns) < 1)
            throw new ArgumentException(FormattableString.Invariant($"{Operation}: pictures of {height} x {width} pixels would become {rows} x {columns}; the padding is too large."), nameof(padding));
        ConvolutionShape shape = new(batch, rows, columns, filters, channels, kernel.Height, kernel.Width)
        {
            Stride = stride, Dilation = dilation, Groups = groups, PaddingHeight = padding.Height, PaddingWidth = padding.Width,
        };
        shape.Validate(Operation);
        return shape;
    }

    /// <summary>y = the transposed convolution of x.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="weight">(channels, filters/groups, kernel height, kernel width).</param>
    /// <param name="bias">(filters), or empty.</param>
    /// <param name="shape">See <see cref="Shape"/>.</param>
    /// <param name="y">(batch, output height, output width, filters).</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, in ConvolutionShape shape, Span<float> y)
    {
        const string Operation = "TransposedConvolutionKernel.Forward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(y), y.Length, shape.InputLength);
        if (bias.Length != 0)
            Require.Length(Operation, nameof(bias), bias.Length, shape.Channels);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(weight), weight, y);
        y.Clear();
        if (bias.Length != 0)
        {
            for (int at = 0; at < y.Length; at += bias.Length)
                bias.CopyTo(y[at..]);
        }
        // The gradient of pictures depends on weights alone, so y stands for the pictures that are not read.
        ConvolutionKernel.Backward(x, y, weight, shape, y, default, default);
    }

    /// <summary>dx += the gradient of x; dw += that of w; dbias += that of the bias.</summary>
    /// <param name="dy">(batch, output height, output width, filters).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="weight">Of the forward pass.</param>
    /// <param name="shape">See <see cref="Shape"/>.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dweight">As w, or empty.</param>
    /// <param name="dbias">(filters), or empty.</param>
    /// <exception cref="ArgumentException">Sizes or lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape, Span<float> dx, Span<float> dweight, Span<float> dbias)
    {
        const string Operation = "TransposedConvolutionKernel.Backward";
        Check(Operation, x, weight, shape);
        Require.Length(Operation, nameof(dy), dy.Length, shape.InputLength);
        if (dbias.Length != 0)
            Require.Length(Operation, nameof(dbias), dbias.Length, shape.Channels);
        if (dx.Length != 0)
        {
            Require.Length(Operation, nameof(dx), dx.Length, x.Length);
            using Scratch scratch = new(dx.Length);
            Span<float> part = new(scratch.Pointer, dx.Length);
            ConvolutionKernel.Forward(dy, weight, default, shape, part);
            Elementwise.Add(dx, part, dx);
        }
        if (dweight.Length != 0)
            ConvolutionKernel.Backward(x, dy, weight, shape, default, dweight, default);
        if (dbias.Length != 0)
            Reduction.AddColumnSums(dy, dbias);
    }

    private static void Check(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in ConvolutionShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, nameof(x), x.Length, shape.OutputLength);
        Require.Length(operation, nameof(weight), weight.Length, (long)shape.Filters * shape.Depth);
    }
}
