namespace Heed;

/// <summary>Brings a window of a picture to another size.</summary>
/// <remarks>Bilinear: the weights of a triangle, as wide as a pixel of the result where that is larger, so that a smaller picture keeps the mean of
/// what it stands for. First along the rows, then along the columns, in float32. A pixel of the result whose centre lies outside the picture is black;
/// a window that fits pixel on pixel is copied exactly.</remarks>
internal static class PictureResampler
{
    /// <summary>Writes the window as floats in 0 … 255.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="window">Which part of it.</param>
    /// <param name="width">Pixels across of the result.</param>
    /// <param name="height">Pixels down of the result.</param>
    /// <param name="result">(height, width, channels), row-major.</param>
    public static void Bilinear(Picture picture, in PictureWindow window, int width, int height, Span<float> result)
    {
        int channels = picture.Channels;
        Taps across = Taps.Create(picture.Width, window.Left, window.Width, width, window.IsMirrored);
        Taps down = Taps.Create(picture.Height, window.Top, window.Height, height, isMirrored: false);
        (int firstRow, int endRow) = down.Reach();
        float[] rows = new float[Math.Max(0, endRow - firstRow) * width * channels];
        for (int y = firstRow; y < endRow; y++)
            Along(picture, y, across, rows.AsSpan((y - firstRow) * width * channels, width * channels));
        result.Clear();
        for (int y = 0; y < height; y++)
        {
            Span<float> to = result.Slice(y * width * channels, width * channels);
            ReadOnlySpan<float> weights = down.Of(y, out int first);
            for (int k = 0; k < weights.Length; k++)
            {
                ReadOnlySpan<float> from = rows.AsSpan((first + k - firstRow) * width * channels, to.Length);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(from, weights[k], to, to);
            }
        }
    }

    /// <summary>Writes the nearest numbers of a mask; <paramref name="outside"/> where there is none.</summary>
    public static void Nearest(Picture mask, in PictureWindow window, int width, int height, int outside, Span<int> result)
    {
        ReadOnlySpan<byte> samples = mask.Samples.Span;
        for (int y = 0; y < height; y++)
        {
            int row = (int)Math.Floor(window.Top + (y + 0.5) * window.Height / height);
            for (int x = 0; x < width; x++)
            {
                double at = (window.IsMirrored ? width - 1 - x : x) + 0.5;
                int column = (int)Math.Floor(window.Left + at * window.Width / width);
                bool isInside = (uint)row < (uint)mask.Height && (uint)column < (uint)mask.Width;
                result[y * width + x] = isInside ? samples[row * mask.Width + column] : outside;
            }
        }
    }

    private static void Along(Picture picture, int row, Taps across, Span<float> to)
    {
        int channels = picture.Channels;
        ReadOnlySpan<byte> from = picture.Samples.Span.Slice(row * picture.Width * channels, picture.Width * channels);
        for (int x = 0; x < across.Count; x++)
        {
            ReadOnlySpan<float> weights = across.Of(x, out int first);
            for (int c = 0; c < channels; c++)
            {
                float sum = 0;
                int at = first * channels + c;
                foreach (float weight in weights)
                {
                    sum += weight * from[at];
                    at += channels;
                }
                to[x * channels + c] = sum;
            }
        }
    }

    /// <summary>Of each pixel of the result along one axis: the first pixel of the picture that counts, and the weights from there on.</summary>
    private readonly struct Taps(int[] first, int[] starts, float[] weights)
    {
        public int Count => first.Length;

        public ReadOnlySpan<float> Of(int index, out int firstPixel)
        {
            firstPixel = first[index];
            return weights.AsSpan(starts[index], starts[index + 1] - starts[index]);
        }

        public (int First, int End) Reach()
        {
            (int low, int high) = (int.MaxValue, 0);
            for (int i = 0; i < Count; i++)
            {
                int count = starts[i + 1] - starts[i];
                if (count > 0)
                    (low, high) = (Math.Min(low, first[i]), Math.Max(high, first[i] + count));
            }
            return (Math.Min(low, high), high);
        }

        public static Taps Create(int size, double from, double length, int count, bool isMirrored)
        {
            int[] first = new int[count], starts = new int[count + 1];
            var weights = new List<float>();
            double step = length / count, support = Math.Max(1, step);
            for (int i = 0; i < count; i++)
            {
                double centre = from + ((isMirrored ? count - 1 - i : i) + 0.5) * step;
                if (centre >= 0 && centre < size)
                {
                    int low = Math.Max(0, (int)Math.Ceiling(centre - 0.5 - support)), high = Math.Min(size - 1, (int)Math.Floor(centre - 0.5 + support));
                    double sum = 0;
                    for (int p = low; p <= high; p++)
                        sum += Weight(p);
                    // The ends of the triangle weigh nothing.
                    while (Weight(low) <= 0)
                        low++;
                    while (Weight(high) <= 0)
                        high--;
                    first[i] = low;
                    for (int p = low; p <= high; p++)
                        weights.Add((float)(Weight(p) / sum));
                }
                starts[i + 1] = weights.Count;

                double Weight(int p) => Math.Max(0, 1 - Math.Abs(p + 0.5 - centre) / support);
            }
            return new Taps(first, starts, [.. weights]);
        }
    }
}
