namespace Heed;

/// <summary>Draws onto a copy of a picture, in RGB: boxes with their names, masks, heat maps.</summary>
/// <remarks>What lies outside the picture is left away. Belongs to one thread.</remarks>
public sealed class PictureCanvas
{
    private const int Channels = 3;

    private readonly byte[] samples;

    /// <summary>Starts with a picture; grey becomes RGB, alpha is dropped.</summary>
    /// <param name="picture">The picture; it is copied.</param>
    public PictureCanvas(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        (Width, Height) = (picture.Width, picture.Height);
        samples = picture.ToChannels(Channels).Samples.ToArray();
    }

    /// <summary>Pixels across.</summary>
    public int Width { get; }

    /// <summary>Pixels down.</summary>
    public int Height { get; }

    /// <summary>What was drawn so far; later drawing does not change it.</summary>
    public Picture ToPicture() => new(Width, Height, Channels, samples.ToArray());

    /// <summary>Draws the border of a box, with a text above it (inside where there is no room).</summary>
    /// <param name="left">Left edge, in pixels from the left.</param>
    /// <param name="top">Upper edge.</param>
    /// <param name="right">Right edge.</param>
    /// <param name="bottom">Lower edge.</param>
    /// <param name="colour">Of the border, and behind the text.</param>
    /// <param name="text">The text, in ASCII; null for none.</param>
    /// <param name="thickness">Pixels of the border, at least 1.</param>
    /// <exception cref="ArgumentException">A number is not finite, or the thickness below 1.</exception>
    public void Box(double left, double top, double right, double bottom, PictureColour colour, string? text = null, int thickness = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(thickness, 1);
        (int x0, int y0, int x1, int y1) = (Pixel(left), Pixel(top), Pixel(right), Pixel(bottom));
        Fill(x0, y0, x1, Math.Min(y0 + thickness, y1), colour);
        Fill(x0, Math.Max(y0, y1 - thickness), x1, y1, colour);
        Fill(x0, y0, Math.Min(x0 + thickness, x1), y1, colour);
        Fill(Math.Max(x0, x1 - thickness), y0, x1, y1, colour);
        if (text is null)
            return;
        int height = PixelFont.Height + 2, y = y0 >= height ? y0 - height : y0;
        Fill(x0, y, x0 + TextWidth(text) + 2, y + height, colour);
        Text(x0 + 1, y + 1, text, colour.IsLight ? PictureColour.Black : PictureColour.White);
    }

    /// <summary>Writes a text in letters of 5 × 7 pixels; characters beyond ASCII are boxes.</summary>
    /// <param name="x">Left edge.</param>
    /// <param name="y">Upper edge.</param>
    /// <param name="text">The text.</param>
    /// <param name="colour">Its colour.</param>
    public void Text(int x, int y, string text, PictureColour colour)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (int i = 0; i < text.Length; i++)
        {
            for (int column = 0; column < PixelFont.Width; column++)
            {
                for (int row = 0; row < PixelFont.Height; row++)
                {
                    if (PixelFont.IsSet(text[i], column, row))
                        Fill(x + i * (PixelFont.Width + 1) + column, y + row, x + i * (PixelFont.Width + 1) + column + 1, y + row + 1, colour);
                }
            }
        }
    }

    /// <summary>The pixels across of a text.</summary>
    /// <param name="text">The text.</param>
    public static int TextWidth(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Math.Max(0, text.Length * (PixelFont.Width + 1) - 1);
    }

    /// <summary>Lays the colours of classes over the picture.</summary>
    /// <param name="mask">Class numbers, one channel, as large as the picture.</param>
    /// <param name="opacity">0 (nothing seen) to 1 (the colours alone).</param>
    /// <param name="voidLabel">A number that stays uncoloured; null for none.</param>
    /// <exception cref="ArgumentException">The mask has another size or more than one channel.</exception>
    public void Mask(Picture mask, double opacity = 0.5, int? voidLabel = null)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if ((mask.Width, mask.Height, mask.Channels) != (Width, Height, 1))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"PictureCanvas.Mask: mask is (height, width, channels) = ({mask.Height}, {mask.Width}, {mask.Channels}) but ({Height}, {Width}, 1) is required."), nameof(mask));
        }
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int label = mask.Samples.Span[y * Width + x];
                if (label != voidLabel)
                    Blend(x, y, PictureColour.OfClass(label), opacity);
            }
        }
    }

    /// <summary>Lays a heat map over the picture, for example weights of attention: dark blue for the least value, yellow for the largest.</summary>
    /// <param name="values">(rows, columns), row-major; brought to the picture's size by bilinear interpolation.</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="columns">At least 1.</param>
    /// <param name="opacity">0 (nothing seen) to 1 (the colours alone).</param>
    /// <param name="range">The values of the two ends of the scale; null for the least and the largest value.</param>
    /// <exception cref="ArgumentException">There are too many or too few values.</exception>
    public void HeatMap(ReadOnlySpan<float> values, int rows, int columns, double opacity = 0.6, (float Least, float Largest)? range = null)
    {
        if (rows < 1 || columns < 1 || (long)rows * columns != values.Length)
            throw new ArgumentException(FormattableString.Invariant($"PictureCanvas.HeatMap: values has {values.Length} numbers but (rows, columns) = ({rows}, {columns})."), nameof(values));
        (float least, float largest) = range ?? (System.Numerics.Tensors.TensorPrimitives.Min(values), System.Numerics.Tensors.TensorPrimitives.Max(values));
        double scale = largest > least ? 1 / ((double)largest - least) : 0;
        for (int y = 0; y < Height; y++)
        {
            (int row, int nextRow, double down) = Between((y + 0.5) * rows / Height - 0.5, rows);
            for (int x = 0; x < Width; x++)
            {
                (int column, int nextColumn, double across) = Between((x + 0.5) * columns / Width - 0.5, columns);
                double upper = Lerp(values[row * columns + column], values[row * columns + nextColumn], across);
                double lower = Lerp(values[nextRow * columns + column], values[nextRow * columns + nextColumn], across);
                Blend(x, y, PictureColour.OfValue((Lerp(upper, lower, down) - least) * scale), opacity);
            }
        }
    }

    /// <summary>Puts pictures side by side, row by row, each in the upper left corner of a cell as large as the largest.</summary>
    /// <param name="pictures">At least one.</param>
    /// <param name="columns">Pictures in a row, at least 1.</param>
    /// <param name="gap">Pixels between the cells.</param>
    /// <param name="background">The colour of the gaps; null for white.</param>
    public static Picture Grid(IReadOnlyList<Picture> pictures, int columns, int gap = 2, PictureColour? background = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentOutOfRangeException.ThrowIfLessThan(pictures.Count, 1, nameof(pictures));
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(gap);
        columns = Math.Min(columns, pictures.Count);
        int rows = (pictures.Count + columns - 1) / columns, cellWidth = pictures.Max(p => p.Width), cellHeight = pictures.Max(p => p.Height);
        int width = checked(columns * (cellWidth + gap) - gap), height = checked(rows * (cellHeight + gap) - gap);
        byte[] pixels = new byte[checked((long)width * height * Channels)];
        PictureColour colour = background ?? PictureColour.White;
        for (int i = 0; i < pixels.Length; i += Channels)
            (pixels[i], pixels[i + 1], pixels[i + 2]) = (colour.Red, colour.Green, colour.Blue);
        for (int i = 0; i < pictures.Count; i++)
        {
            Picture picture = pictures[i].ToChannels(Channels);
            int left = i % columns * (cellWidth + gap), top = i / columns * (cellHeight + gap), length = picture.Width * Channels;
            for (int y = 0; y < picture.Height; y++)
                picture.Samples.Span.Slice(y * length, length).CopyTo(pixels.AsSpan(((top + y) * width + left) * Channels));
        }
        return new Picture(width, height, Channels, pixels);
    }

    private static (int Low, int High, double Share) Between(double at, int count)
    {
        at = Math.Clamp(at, 0, count - 1);
        int low = (int)at;
        return (low, Math.Min(low + 1, count - 1), at - low);
    }

    private static double Lerp(double a, double b, double share) => a + (b - a) * share;

    // Far outside is outside; the bounds keep sums of whole numbers in range.
    private static int Pixel(double at) => double.IsFinite(at) ? (int)Math.Round(Math.Clamp(at, -1e6, 1e6))
        : throw new ArgumentException("PictureCanvas.Box: the corners must be finite numbers.", nameof(at));

    private void Fill(int left, int top, int right, int bottom, PictureColour colour)
    {
        for (int y = Math.Max(0, top); y < Math.Min(Height, bottom); y++)
        {
            for (int x = Math.Max(0, left); x < Math.Min(Width, right); x++)
                Blend(x, y, colour, 1);
        }
    }

    private void Blend(int x, int y, PictureColour colour, double opacity)
    {
        Span<byte> pixel = samples.AsSpan((y * Width + x) * Channels, Channels);
        PictureColour mixed = new PictureColour(pixel[0], pixel[1], pixel[2]).Mix(colour, opacity);
        (pixel[0], pixel[1], pixel[2]) = (mixed.Red, mixed.Green, mixed.Blue);
    }
}
