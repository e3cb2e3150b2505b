namespace Heed;

/// <summary>Names of colours, below a picture.</summary>
internal static class PictureLegend
{
    private const int Line = 11, Gap = 3, Swatch = 7;

    /// <summary>The picture with a white strip below it, in which each name stands beside its colour; names that do not fit in a line go on in the next.</summary>
    public static Picture Below(Picture picture, IReadOnlyList<(string Name, PictureColour Colour)> names)
    {
        int width = Math.Max(picture.Width, names.Select(n => Width(n.Name)).DefaultIfEmpty(0).Max() + Gap);
        var places = new List<(int X, int Y)>();
        (int x, int y) = (Gap, 2);
        foreach ((string name, _) in names)
        {
            if (x > Gap && x + Width(name) > width)
                (x, y) = (Gap, y + Line);
            places.Add((x, y));
            x += Width(name) + Gap;
        }
        byte[] samples = new byte[3 * width * (picture.Height + (names.Count == 0 ? 0 : y + Line))];
        Array.Fill(samples, byte.MaxValue);
        Picture colour = picture.ToChannels(3);
        for (int row = 0; row < picture.Height; row++)
            colour.Samples.Span.Slice(3 * row * picture.Width, 3 * picture.Width).CopyTo(samples.AsSpan(3 * row * width));
        PictureCanvas canvas = new(new Picture(width, samples.Length / (3 * width), 3, samples));
        for (int n = 0; n < names.Count; n++)
        {
            (int left, int top) = (places[n].X, picture.Height + places[n].Y);
            canvas.Box(left, top, left + Swatch, top + Swatch, names[n].Colour, thickness: Swatch);
            canvas.Text(left + Swatch + 2, top, names[n].Name, PictureColour.Black);
        }
        return canvas.ToPicture();
    }

    private static int Width(string name) => Swatch + 2 + PictureCanvas.TextWidth(name);
}
