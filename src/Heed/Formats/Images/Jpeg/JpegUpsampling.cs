namespace Heed;

/// <summary>Brings a component that is sampled more coarsely to the picture's resolution, row by row.</summary>
/// <remarks>Halved axes are interpolated by a triangle: each new sample is 3/4 of the nearer and 1/4 of the farther old one, with the roundings that the
/// Independent JPEG Group's decoder made the common standard. Other ratios, and components of at most two columns, repeat samples.</remarks>
internal readonly struct JpegUpsampling
{
    private readonly JpegComponent component;
    private readonly int across, down, stride;
    private readonly byte[] line;

    public JpegUpsampling(JpegFrame frame, JpegComponent component)
    {
        this.component = component;
        (across, down) = (frame.MostHorizontal / component.Horizontal, frame.MostVertical / component.Vertical);
        stride = 8 * component.Stride;
        line = across == 1 && down == 1 ? [] : new byte[(long)component.Width * across];
    }

    /// <summary>A row of the picture; valid until the next call.</summary>
    public ReadOnlySpan<byte> Row(int y)
    {
        ReadOnlySpan<byte> near = Source(y / down);
        if (across == 1 && down == 1)
            return near;
        int width = component.Width;
        // The old row that is second nearest: above for the upper of two new rows, below for the lower.
        ReadOnlySpan<byte> far = Source(y % down == 0 ? y / down - 1 : y / down + 1);
        if (across == 2 && down == 1 && width > 2)
            Double(near);
        else if (across == 2 && down == 2 && width > 2)
            DoubleBoth(near, far);
        else if (across == 1 && down == 2)
        {
            int bias = y % 2 == 0 ? 1 : 2;
            for (int i = 0; i < width; i++)
                line[i] = (byte)((3 * near[i] + far[i] + bias) >> 2);
        }
        else
        {
            for (int i = 0; i < width; i++)
                line.AsSpan(i * across, across).Fill(near[i]);
        }
        return line;
    }

    private ReadOnlySpan<byte> Source(int row) => component.Samples.Slice(Math.Clamp(row, 0, component.Height - 1) * stride, component.Width);

    private void Double(ReadOnlySpan<byte> near)
    {
        Span<byte> to = line.AsSpan(0, 2 * near.Length);
        to[0] = near[0];
        to[^1] = near[^1];
        for (int i = 0; i < near.Length - 1; i++)
        {
            int left = near[i], right = near[i + 1];
            to[2 * i + 1] = (byte)((3 * left + right + 2) >> 2);
            to[2 * i + 2] = (byte)((3 * right + left + 1) >> 2);
        }
    }

    private void DoubleBoth(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far)
    {
        Span<byte> to = line.AsSpan(0, 2 * near.Length);
        far = far[..near.Length];
        int left = 3 * near[0] + far[0];
        to[0] = (byte)((4 * left + 8) >> 4);
        for (int i = 1; i < near.Length; i++)
        {
            int right = 3 * near[i] + far[i];
            to[2 * i - 1] = (byte)((3 * left + right + 7) >> 4);
            to[2 * i] = (byte)((3 * right + left + 8) >> 4);
            left = right;
        }
        to[^1] = (byte)((4 * left + 7) >> 4);
    }
}
