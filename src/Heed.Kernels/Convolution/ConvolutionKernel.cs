#pragma warning disable CS8500

namespace Heed.Kernels;

/// <summary>Two-dimensional convolution of pictures with channels last, as products with matrices of windows (im2col).</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, f] = bias[f] + Σ over r, s, c of w[f, c, r, s]·x[b, i·stride + r − padding, j·stride + s − padding, c], with zeros outside of the picture (a cross-correlation, as
/// everywhere).</para>
/// <para>Shapes: x (batch, height, width, channels); w (filters, channels, kernel height, kernel width), PyTorch's order; bias (filters) or empty; y (batch, output height, output width, filters).
/// Gradients are added to what their span holds; results lie apart from the sources.</para>
/// <para>Bits: a picture's result does not depend on the others of its batch; sums over the batch run within groups of <see cref="Group"/> pictures and then over the groups, in order. Same bits
/// for any number of
/// threads.</para>
/// <para>Cost: 2·batch·output pixels·filters·depth flops forward, twice that backward; scratch of output pixels·depth floats a thread. Pictures are shared by the workers. Thread-safe.</para>
/// <para>Source: Chellapilla, Puri and Simard 2006 (the windows as a matrix).</para>
/// </remarks>
public static unsafe class ConvolutionKernel
{
    // Pictures whose weight gradients are summed by one task.
    private const int Group = 4;

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
        using Scratch packed = new((long)shape.Filters * shape.Depth);
        fixed (float* px = x, pw = weight, pb = bias, py = y)
        {
            ByWindow(pw, packed.Pointer, shape);
            Call call = new() { Shape = shape, X = px, Weight = packed.Pointer, Bias = pb, Y = py };
            Workers.Run(&ForwardPicture, &call, shape.Batch);
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
        int groups = (shape.Batch + Group - 1) / Group, size = shape.Filters * shape.Depth;
        using Scratch packed = new(size);
        using Scratch sums = new(dweight.Length == 0 ? 0 : (long)groups * size);
        fixed (float* pdy = dy, px = x, pw = weight, pdx = dx, pdw = dweight)
        {
            ByWindow(pw, packed.Pointer, shape);
            Call call = new() { Shape = shape, X = px, Weight = packed.Pointer, DY = pdy, DX = pdx, Sums = pdw == null ? null : sums.Pointer };
            if (pdx != null || pdw != null)
                Workers.Run(&BackwardGroup, &call, groups);
            if (pdw != null && groups > 0)
            {
                for (int g = 1; g < groups; g++)
                    Elementwise.Add(new Span<float>(sums.Pointer, size), new ReadOnlySpan<float>(sums.Pointer + ((nint)g * size), size), new Span<float>(sums.Pointer, size));
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

    private static void ForwardPicture(void* state, int picture)
    {
        Call* call = (Call*)state;
        ConvolutionShape s = call->Shape;
        using Scratch windows = new((long)s.OutputPixels * s.Depth);
        Gather(call->X + (picture * (nint)(s.Height * s.Width * s.Channels)), windows.Pointer, s);
        Span<float> y = new(call->Y + ((nint)picture * s.OutputPixels * s.Filters), s.OutputPixels * s.Filters);
        Gemm.Multiply(
            Read(windows.Pointer, s.OutputPixels, s.Depth), Read(call->Weight, s.Filters, s.Depth).Transposed, new MatrixSpan(y, s.OutputPixels, s.Filters),
            bias: call->Bias == null ? default : new ReadOnlySpan<float>(call->Bias, s.Filters));
    }

    private static void BackwardGroup(void* state, int group)
    {
        Call* call = (Call*)state;
        ConvolutionShape s = call->Shape;
        int size = s.Filters * s.Depth;
        using Scratch windows = new((long)s.OutputPixels * s.Depth);
        for (int picture = group * Group; picture < Math.Min((group + 1) * Group, s.Batch); picture++)
        {
            nint at = picture * (nint)(s.Height * s.Width * s.Channels);
            ReadOnlyMatrixSpan dy = Read(call->DY + ((nint)picture * s.OutputPixels * s.Filters), s.OutputPixels, s.Filters);
            if (call->Sums != null)
            {
                Gather(call->X + at, windows.Pointer, s);
                MatrixSpan sum = new(new Span<float>(call->Sums + ((nint)group * size), size), s.Filters, s.Depth);
                Gemm.Multiply(dy.Transposed, Read(windows.Pointer, s.OutputPixels, s.Depth), sum, picture == group * Group ? GemmOutput.Overwrite : GemmOutput.Accumulate);
            }
            if (call->DX == null)
                continue;
            Gemm.Multiply(dy, Read(call->Weight, s.Filters, s.Depth), new MatrixSpan(new Span<float>(windows.Pointer, s.OutputPixels * s.Depth), s.OutputPixels, s.Depth));
            Scatter(windows.Pointer, call->DX + at, s);
        }
    }

    private static ReadOnlyMatrixSpan Read(float* data, int rows, int columns) => new(new ReadOnlySpan<float>(data, rows * columns), rows, columns);

    // w (filters, channels, kernel) in the order of a window (filters, kernel, channels), and back.
    private static void ByWindow(float* weight, float* packed, in ConvolutionShape s)
    {
        int kernel = s.KernelHeight * s.KernelWidth;
        for (int i = 0; i < s.Filters * s.Depth; i++)
            packed[i] = weight[(i / s.Depth * s.Depth) + (i % s.Channels * kernel) + (i % s.Depth / s.Channels)];
    }

    private static void AddByFilter(float* packed, float* weight, in ConvolutionShape s)
    {
        int kernel = s.KernelHeight * s.KernelWidth;
        for (int i = 0; i < s.Filters * s.Depth; i++)
            weight[(i / s.Depth * s.Depth) + (i % s.Channels * kernel) + (i % s.Depth / s.Channels)] += packed[i];
    }

    // One row of the matrix for each pixel of the result: what its window sees, kernel rows one after the other.
    private static void Gather(float* x, float* windows, in ConvolutionShape s)
    {
        int span = s.KernelWidth * s.Channels, line = s.Width * s.Channels;
        for (int i = 0; i < s.OutputHeight; i++)
        {
            for (int j = 0; j < s.OutputWidth; j++)
            {
                int left = (j * s.Stride) - s.PaddingWidth, skip = Math.Max(0, -left), seen = Math.Min(s.KernelWidth, s.Width - left) - skip;
                for (int r = 0; r < s.KernelHeight; r++, windows += span)
                {
                    int row = (i * s.Stride) + r - s.PaddingHeight;
                    Span<float> to = new(windows, span);
                    if (row < 0 || row >= s.Height)
                    {
                        to.Clear();
                        continue;
                    }
                    to[..(skip * s.Channels)].Clear();
                    new ReadOnlySpan<float>(x + (row * line) + ((left + skip) * s.Channels), seen * s.Channels).CopyTo(to[(skip * s.Channels)..]);
                    to[((skip + seen) * s.Channels)..].Clear();
                }
            }
        }
    }

    // The reverse: every value of a window is added to the pixel that it was read from.
    private static void Scatter(float* windows, float* dx, in ConvolutionShape s)
    {
        int span = s.KernelWidth * s.Channels, line = s.Width * s.Channels;
        for (int i = 0; i < s.OutputHeight; i++)
        {
            for (int j = 0; j < s.OutputWidth; j++)
            {
                int left = (j * s.Stride) - s.PaddingWidth, skip = Math.Max(0, -left), count = (Math.Min(s.KernelWidth, s.Width - left) - skip) * s.Channels;
                for (int r = 0; r < s.KernelHeight; r++, windows += span)
                {
                    int row = (i * s.Stride) + r - s.PaddingHeight;
                    if (row < 0 || row >= s.Height)
                        continue;
                    float* to = dx + (row * line) + ((left + skip) * s.Channels), from = windows + (skip * s.Channels);
                    for (int k = 0; k < count; k++)
                        to[k] += from[k];
                }
            }
        }
    }

    private struct Call
    {
        public ConvolutionShape Shape;
        public float* X, Weight, Bias, Y, DY, DX, Sums;
    }
}
