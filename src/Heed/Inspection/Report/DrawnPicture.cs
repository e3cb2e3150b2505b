namespace Heed;

/// <summary>A picture of the size at which a report shows it, so that what is drawn upon it stays readable: large ones are made smaller, very small ones are enlarged.</summary>
internal static class DrawnPicture
{
    private const int Least = 160;

    /// <summary>Scales a picture.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>The picture; what scales masks of its size alike, without making new numbers; and by how much.</returns>
    public static (Picture Picture, Func<Picture, Picture> Resize, double Scale) Of(Picture picture)
    {
        int longest = Math.Max(picture.Width, picture.Height);
        double scale = longest > ReportLimits.PictureSide ? (double)ReportLimits.PictureSide / longest : Math.Max(1, Least / longest);
        (int width, int height) = (Math.Max(1, (int)Math.Round(picture.Width * scale)), Math.Max(1, (int)Math.Round(picture.Height * scale)));
        return (scale < 1 ? ReportPictures.Small(picture) : Nearest(picture, width, height), mask => Nearest(mask, width, height), scale);
    }

    private static Picture Nearest(Picture picture, int width, int height)
    {
        byte[] samples = new byte[width * height * picture.Channels];
        ReadOnlySpan<byte> from = picture.Samples.Span;
        for (int i = 0; i < samples.Length; i++)
        {
            int place = i / picture.Channels, row = place / width * picture.Height / height, column = place % width * picture.Width / width;
            samples[i] = from[(((row * picture.Width) + column) * picture.Channels) + (i % picture.Channels)];
        }
        return new Picture(width, height, picture.Channels, samples);
    }
}
