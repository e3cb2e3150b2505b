namespace Heed.Kernels;

/// <summary><see cref="RotaryKernel"/> in double precision.</summary>
public static class ReferenceRotary
{
    /// <summary>Turns the pairs of each head: x and y (rows, heads, headDim), positions (rows), cos and sin (positions, n/2).</summary>
    public static void Forward(ReadOnlySpan<double> x, ReadOnlySpan<int> positions, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, in RotaryShape shape, Span<double> y)
    {
        int pairs = shape.Rotated / 2;
        x.CopyTo(y);
        for (int head = 0; head < positions.Length * shape.Heads; head++)
        {
            int start = head * shape.HeadDim, table = positions[head / shape.Heads] * pairs;
            for (int i = 0; i < pairs; i++)
            {
                (int first, int second) = shape.Interleaved ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + i + pairs);
                (double a, double b, double c, double s) = (x[first], x[second], cos[table + i], sin[table + i]);
                (y[first], y[second]) = ((a * c) - (b * s), (b * c) + (a * s));
            }
        }
    }
}
