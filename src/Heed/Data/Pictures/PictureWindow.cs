namespace Heed;

/// <summary>The part of a picture that becomes the result, perhaps mirrored: what crop, shift, resize and flip come to.</summary>
/// <param name="Left">Left edge in the picture, in its pixels; may lie outside.</param>
/// <param name="Top">Upper edge.</param>
/// <param name="Width">Above 0.</param>
/// <param name="Height">Above 0.</param>
/// <param name="IsMirrored">Whether left and right are exchanged.</param>
internal readonly record struct PictureWindow(double Left, double Top, double Width, double Height, bool IsMirrored)
{
    public static PictureWindow Whole(Picture picture) => new(0, 0, picture.Width, picture.Height, IsMirrored: false);

    /// <summary>Draws a window for a result of so many pixels.</summary>
    public static PictureWindow Draw(Picture picture, int width, int height, PictureAugmentation augmentation, RandomStream stream)
    {
        (double left, double top, double w, double h) = (0, 0, picture.Width, picture.Height);
        if (augmentation.LeastArea < 1)
        {
            double area = augmentation.LeastArea + (1 - augmentation.LeastArea) * stream.NextDouble();
            // The logarithm of the ratio is uniform; sides longer than the picture's are cut to them.
            double ratio = Math.Exp((2 * stream.NextDouble() - 1) * Math.Log(4.0 / 3));
            w *= Math.Min(1, Math.Sqrt(area * ratio));
            h *= Math.Min(1, Math.Sqrt(area / ratio));
            left = (picture.Width - w) * stream.NextDouble();
            top = (picture.Height - h) * stream.NextDouble();
        }
        if (augmentation.CropPadding > 0)
        {
            left += (stream.Next(2 * augmentation.CropPadding + 1) - augmentation.CropPadding) * w / width;
            top += (stream.Next(2 * augmentation.CropPadding + 1) - augmentation.CropPadding) * h / height;
        }
        bool isMirrored = augmentation.FlipProbability > 0 && stream.NextDouble() < augmentation.FlipProbability;
        return new PictureWindow(left, top, w, h, isMirrored);
    }

    /// <summary>Where a box of the picture lies in the result, clipped to it; null where less than a share of it is left.</summary>
    public PictureBox? Map(PictureBox box, int width, int height, double leastVisible)
    {
        double left = (box.Left - Left) * width / Width, right = (box.Right - Left) * width / Width;
        if (IsMirrored)
            (left, right) = (width - right, width - left);
        double top = (box.Top - Top) * height / Height, bottom = (box.Bottom - Top) * height / Height;
        PictureBox clipped = box with { Left = (float)Math.Max(0, left), Top = (float)Math.Max(0, top), Right = (float)Math.Min(width, right), Bottom = (float)Math.Min(height, bottom) };
        bool isVisible = clipped.Right > clipped.Left && clipped.Bottom > clipped.Top && clipped.Area >= leastVisible * (right - left) * (bottom - top);
        return isVisible ? clipped : null;
    }
}
