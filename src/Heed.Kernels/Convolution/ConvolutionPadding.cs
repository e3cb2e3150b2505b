namespace Heed.Kernels;

/// <summary>A block of a picture with zeros around it, as sweeps read it.</summary>
internal static unsafe class ConvolutionPadding
{
    /// <summary>Copies rows <paramref name="firstRow"/> … and columns <paramref name="firstColumn"/> … of a picture; what lies outside of it is 0.</summary>
    public static void Copy(float* picture, int height, int width, int channels, int firstRow, int rows, int firstColumn, int columns, float* to)
    {
        int left = Math.Clamp(-firstColumn, 0, columns), seen = Math.Clamp(width - firstColumn, left, columns) - left;
        for (int i = firstRow; i < firstRow + rows; i++, to += (nint)columns * channels)
        {
            Span<float> line = new(to, columns * channels);
            if (i < 0 || i >= height || seen == 0)
            {
                line.Clear();
                continue;
            }
            line[..(left * channels)].Clear();
            new ReadOnlySpan<float>(picture + ((((nint)i * width) + firstColumn + left) * channels), seen * channels).CopyTo(line[(left * channels)..]);
            line[((left + seen) * channels)..].Clear();
        }
    }
}
