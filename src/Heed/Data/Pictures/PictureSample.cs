namespace Heed;

/// <summary>A box around a thing, in pixels; the picture's corners are (0, 0) and (width, height).</summary>
/// <param name="Label">The class of the thing.</param>
/// <param name="Left">Left edge.</param>
/// <param name="Top">Upper edge.</param>
/// <param name="Right">Right edge, above <paramref name="Left"/>.</param>
/// <param name="Bottom">Lower edge, above <paramref name="Top"/>.</param>
public readonly record struct PictureBox(int Label, float Left, float Top, float Right, float Bottom)
{
    /// <summary>What it counts for; default one thing.</summary>
    public BoxKind Kind { get; init; }

    /// <summary>Width times height.</summary>
    public float Area => (Right - Left) * (Bottom - Top);

    /// <summary>Intersection over union with another box, whatever the classes: from 0, apart, to 1, the same.</summary>
    /// <param name="other">The other box.</param>
    public double Overlap(PictureBox other)
    {
        double both = Common(other);
        return both == 0 ? 0 : both / (((double)Right - Left) * ((double)Bottom - Top) + (((double)other.Right - other.Left) * ((double)other.Bottom - other.Top)) - both);
    }

    /// <summary>How far this box, which was found, agrees with a true one: the overlap; with a crowd, the share of this box that lies in it, as COCO has it.</summary>
    internal double Agreement(PictureBox truth) => truth.Kind == BoxKind.Crowd ? Common(truth) / (((double)Right - Left) * ((double)Bottom - Top)) : Overlap(truth);

    // The area of both.
    private double Common(PictureBox other)
    {
        double across = (double)Math.Min(Right, other.Right) - Math.Max(Left, other.Left), down = (double)Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        return across <= 0 || down <= 0 ? 0 : across * down;
    }
}

/// <summary>A picture with what is known about it.</summary>
/// <param name="Picture">The picture.</param>
/// <param name="Label">Its class; −1 where it has none.</param>
public sealed record PictureSample(Picture Picture, int Label)
{
    /// <summary>Boxes around things in it.</summary>
    public IReadOnlyList<PictureBox> Boxes { get; init; } = [];

    /// <summary>The class of each pixel, one channel, as large as the picture; null where there is none.</summary>
    public Picture? Mask { get; init; }
}

/// <summary>Pictures that can be read one by one, from several threads at once.</summary>
public interface IPictureData
{
    /// <summary>How many pictures there are.</summary>
    int Count { get; }

    /// <summary>The names of the classes.</summary>
    IReadOnlyList<string> LabelNames { get; }

    /// <summary>Decodes a picture.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="InputException">The file cannot be read; the message names it.</exception>
    PictureSample Read(int index);

    /// <summary>What messages call a picture: its file.</summary>
    /// <param name="index">From 0.</param>
    string NameOf(int index);
}
