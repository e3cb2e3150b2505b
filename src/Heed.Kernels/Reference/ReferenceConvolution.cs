namespace Heed.Kernels;

/// <summary><see cref="ConvolutionKernel"/>, <see cref="TransposedConvolutionKernel"/>, <see cref="MaxPoolingKernel"/> and <see cref="AveragePoolingKernel"/> in double precision: plain loops.</summary>
public static class ReferenceConvolution
{
    /// <summary>y[b, i, j, f] = bias[f] + Σ w[f, c, r, s]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c], c over the channels of f's group. Shapes as the kernel has them: x (batch, height, width, channels).</summary>
    public static void Forward(ReadOnlySpan<double> x, ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, in ConvolutionShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int f = at % shape.Filters, j = at / shape.Filters % shape.OutputWidth, i = at / shape.Filters / shape.OutputWidth % shape.OutputHeight, b = at / shape.Filters / shape.OutputPixels;
            double sum = bias.Length == 0 ? 0 : bias[f];
            int channels = shape.Channels / shape.Groups, group = f / (shape.Filters / shape.Groups);
            for (int r = 0; r < shape.KernelHeight; r++)
            {
                for (int s = 0; s < shape.KernelWidth; s++)
                {
                    int row = (i * shape.StrideHeight) + (r * shape.Dilation) - shape.PaddingHeight, column = (j * shape.StrideWidth) + (s * shape.Dilation) - shape.PaddingWidth;
                    if (row < 0 || row >= shape.Height || column < 0 || column >= shape.Width)
                        continue;
                    for (int c = 0; c < channels; c++)
                        sum += weight[(((((f * channels) + c) * shape.KernelHeight) + r) * shape.KernelWidth) + s]
                            * x[(((((b * shape.Height) + row) * shape.Width) + column) * shape.Channels) + (group * channels) + c];
                }
            }
            y[at] = sum;
        }
    }

    /// <summary>y[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, f] += w[c, f, r, s]·x[b, i, j, c], from y = bias. Shapes as the kernel has them; the shape is that of the convolution which is reversed.</summary>
    public static void Transposed(ReadOnlySpan<double> x, ReadOnlySpan<double> weight, ReadOnlySpan<double> bias, in ConvolutionShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
            y[at] = bias.Length == 0 ? 0 : bias[at % shape.Channels];
        int filters = shape.Channels / shape.Groups, kernel = shape.KernelHeight * shape.KernelWidth;
        for (int at = 0; at < x.Length; at++)
        {
            int c = at % shape.Filters, j = at / shape.Filters % shape.OutputWidth, i = at / shape.Filters / shape.OutputWidth % shape.OutputHeight, b = at / shape.Filters / shape.OutputPixels;
            int group = c / (shape.Filters / shape.Groups);
            for (int tap = 0; tap < kernel; tap++)
            {
                int row = (i * shape.StrideHeight) + (tap / shape.KernelWidth * shape.Dilation) - shape.PaddingHeight, column = (j * shape.StrideWidth) + (tap % shape.KernelWidth * shape.Dilation) - shape.PaddingWidth;
                if (row < 0 || row >= shape.Height || column < 0 || column >= shape.Width)
                    continue;
                for (int f = 0; f < filters; f++)
                    y[(((((b * shape.Height) + row) * shape.Width) + column) * shape.Channels) + (group * filters) + f] += weight[(((c * filters) + f) * kernel) + tap] * x[at];
            }
        }
    }

    /// <summary>dw[f, c, r, s] += Σ over pictures and pixels of dy[b, i, j, f]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c].</summary>
    public static void WeightGradient(ReadOnlySpan<double> dy, ReadOnlySpan<double> x, in ConvolutionShape shape, Span<double> dweight)
    {
        int channels = shape.Channels / shape.Groups, filters = shape.Filters / shape.Groups, kernel = shape.KernelHeight * shape.KernelWidth;
        for (int at = 0; at < dy.Length; at++)
        {
            int f = at % shape.Filters, j = at / shape.Filters % shape.OutputWidth, i = at / shape.Filters / shape.OutputWidth % shape.OutputHeight, b = at / shape.Filters / shape.OutputPixels;
            for (int tap = 0; tap < kernel; tap++)
            {
                int row = (i * shape.StrideHeight) + (tap / shape.KernelWidth * shape.Dilation) - shape.PaddingHeight, column = (j * shape.StrideWidth) + (tap % shape.KernelWidth * shape.Dilation) - shape.PaddingWidth;
                if (row < 0 || row >= shape.Height || column < 0 || column >= shape.Width)
                    continue;
                for (int c = 0; c < channels; c++)
                    dweight[(((f * channels) + c) * kernel) + tap] += dy[at] * x[(((((b * shape.Height) + row) * shape.Width) + column) * shape.Channels) + (f / filters * channels) + c];
            }
        }
    }

    /// <summary>The largest of each window; (batch, height, width, channels) in, (batch, output height, output width, channels) out.</summary>
    public static void MaxPool(ReadOnlySpan<double> x, in PoolingShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int c = at % shape.Channels, j = at / shape.Channels % shape.OutputWidth, i = at / shape.Channels / shape.OutputWidth % shape.OutputHeight, b = at / shape.Channels / shape.OutputWidth / shape.OutputHeight;
            ((int top, int bottom), (int left, int right)) = (shape.Rows.Seen(i), shape.Columns.Seen(j));
            y[at] = double.NegativeInfinity;
            for (int row = top; row < bottom; row++)
            {
                for (int column = left; column < right; column++)
                {
                    double value = x[(((((b * shape.Rows.Size) + row) * shape.Columns.Size) + column) * shape.Channels) + c];
                    y[at] = double.IsNaN(value) || value > y[at] ? value : y[at];
                }
            }
        }
    }

    /// <summary>The mean of each window; (batch, height, width, channels) in, (batch, output height, output width, channels) out.</summary>
    public static void AveragePool(ReadOnlySpan<double> x, in PoolingShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int c = at % shape.Channels, j = at / shape.Channels % shape.OutputWidth, i = at / shape.Channels / shape.OutputWidth % shape.OutputHeight, b = at / shape.Channels / shape.OutputWidth / shape.OutputHeight;
            ((int top, int bottom), (int left, int right)) = (shape.Rows.Seen(i), shape.Columns.Seen(j));
            double sum = 0;
            for (int row = top; row < bottom; row++)
            {
                for (int column = left; column < right; column++)
                    sum += x[(((((b * shape.Rows.Size) + row) * shape.Columns.Size) + column) * shape.Channels) + c];
            }
            y[at] = sum / shape.Divisor(i, j);
        }
    }
}
