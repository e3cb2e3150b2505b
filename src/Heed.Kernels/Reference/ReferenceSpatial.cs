namespace Heed.Kernels;

/// <summary><see cref="GridSampleKernel"/>, <see cref="ResizeKernel"/> and <see cref="GlimpseKernel"/> in double precision: plain loops.</summary>
public static class ReferenceSpatial
{
    /// <summary>y = Σ over all pixels n of x[n]·max(0, 1 − |p_x − n_x|)·max(0, 1 − |p_y − n_y|). Shapes: x (batch, height, width, channels), grid (batch, points, 2), y (batch, points,
    /// channels).</summary>
    public static void GridSample(ReadOnlySpan<double> x, ReadOnlySpan<double> grid, in GridSampleShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int c = at % shape.Channels, point = at / shape.Channels, b = point / shape.Points;
            double px = (((grid[2 * point] + 1) * shape.Width) - 1) / 2, py = (((grid[(2 * point) + 1] + 1) * shape.Height) - 1) / 2, sum = 0;
            for (int n = 0; n < shape.Height * shape.Width; n++)
                sum += x[(((b * shape.Height * shape.Width) + n) * shape.Channels) + c] * Math.Max(0, 1 - Math.Abs(px - (n % shape.Width))) * Math.Max(0, 1 - Math.Abs(py - (n / shape.Width)));
            y[at] = sum;
        }
    }

    /// <summary>y = Σ over all pixels n of x[n]·max(0, 1 − |p_y − n_y|)·max(0, 1 − |p_x − n_x|), places p = (i + ½)·size/size' − ½ kept within the picture. Shapes: x (batch, height, width, channels), y (batch, output height,
    /// output width, channels).</summary>
    public static void Resize(ReadOnlySpan<double> x, in ResizeShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int c = at % shape.Channels, j = at / shape.Channels % shape.OutputWidth, i = at / shape.Channels / shape.OutputWidth % shape.OutputHeight, b = at / shape.Channels / shape.OutputWidth / shape.OutputHeight;
            double py = Math.Clamp(((i + 0.5) * shape.Height / shape.OutputHeight) - 0.5, 0, shape.Height - 1), px = Math.Clamp(((j + 0.5) * shape.Width / shape.OutputWidth) - 0.5, 0, shape.Width - 1), sum = 0;
            for (int n = 0; n < shape.Height * shape.Width; n++)
                sum += x[(((b * shape.Height * shape.Width) + n) * shape.Channels) + c] * Math.Max(0, 1 - Math.Abs(px - (n % shape.Width))) * Math.Max(0, 1 - Math.Abs(py - (n / shape.Width)));
            y[at] = sum;
        }
    }

    /// <summary>Means of 2^s × 2^s pixels around a position. Shapes: x (batch, height, width, channels), positions (batch, 2), y (batch, scales, size, size, channels).</summary>
    public static void Glimpse(ReadOnlySpan<double> x, ReadOnlySpan<double> positions, in GlimpseShape shape, Span<double> y)
    {
        for (int at = 0; at < y.Length; at++)
        {
            int c = at % shape.Channels, cell = at / shape.Channels, j = cell % shape.Size, i = cell / shape.Size % shape.Size;
            int scale = cell / (shape.Size * shape.Size) % shape.Scales, b = cell / (shape.Size * shape.Size) / shape.Scales, block = 1 << scale;
            int left = GlimpseKernel.Corner(positions[2 * b], shape.Width) - (shape.Size * block / 2) + (j * block);
            int top = GlimpseKernel.Corner(positions[(2 * b) + 1], shape.Height) - (shape.Size * block / 2) + (i * block);
            double sum = 0;
            for (int row = Math.Max(top, 0); row < Math.Min(top + block, shape.Height); row++)
            {
                for (int column = Math.Max(left, 0); column < Math.Min(left + block, shape.Width); column++)
                    sum += x[(((((b * shape.Height) + row) * shape.Width) + column) * shape.Channels) + c];
            }
            y[at] = sum / (block * block);
        }
    }
}
