namespace Heed;

/// <summary>A scene of coloured shapes, with everything that is known about it.</summary>
/// <param name="Picture">The picture, RGB.</param>
/// <param name="Label">The shape of the only red thing, a number in <see cref="ShapeScenes.LabelNames"/>.</param>
/// <param name="Boxes">A box around each thing.</param>
/// <param name="Mask">Of each pixel 0 for the background, else 1 + the shape's number.</param>
public sealed record ShapeScene(Picture Picture, int Label, IReadOnlyList<PictureBox> Boxes, Picture Mask);

/// <summary>Pictures that are drawn: circles, squares, triangles and crosses of several colours upon a noisy ground, exactly one of them red. Data for trying out classification (which shape is red?), detection and segmentation without a
/// data set.</summary>
/// <remarks>A scene depends on the seed and its number alone. Cost: about twenty steps a pixel.</remarks>
public static class ShapeScenes
{
    private static readonly (int Red, int Green, int Blue)[] colours = [(70, 160, 70), (60, 100, 200), (200, 180, 60), (150, 90, 170), (90, 180, 190)];
    private static readonly (int Red, int Green, int Blue) red = (205, 60, 55);

    /// <summary>The shapes.</summary>
    public static IReadOnlyList<string> LabelNames { get; } = ["circle", "square", "triangle", "cross"];

    /// <summary>The classes of the pixels: the background, and the shapes.</summary>
    public static IReadOnlyList<string> PixelNames { get; } = ["background", .. LabelNames];

    /// <summary>Draws scenes.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="size">Rows and columns; from 32 to 1024.</param>
    /// <param name="mostThings">Things in a scene at most; at least 1. Each scene has from one to so many, as far as there is room.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static IReadOnlyList<ShapeScene> Make(int count, ulong seed, int size = 64, int mostThings = 4)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostThings, 1);
        RandomStream random = new(seed, "shape scenes");
        return [.. Enumerable.Range(0, count).Select(n => Draw(random.Fork((ulong)n), size, mostThings))];
    }

    /// <summary>The scenes as pictures with the class of their red thing.</summary>
    /// <param name="scenes">The scenes.</param>
    public static PictureData ToPictureData(IEnumerable<ShapeScene> scenes) => PictureData.FromPictures(scenes.Select(s => (s.Picture, LabelNames[s.Label])), LabelNames);

    /// <summary>The scenes as pictures with boxes.</summary>
    /// <param name="scenes">The scenes.</param>
    public static BoxData ToBoxData(IEnumerable<ShapeScene> scenes) => BoxData.FromPictures(scenes.Select(s => (s.Picture, s.Boxes)), LabelNames);

    /// <summary>The scenes as pictures with masks.</summary>
    /// <param name="scenes">The scenes.</param>
    public static MaskData ToMaskData(IEnumerable<ShapeScene> scenes) => MaskData.FromPictures(scenes.Select(s => (s.Picture, s.Mask)), PixelNames);

    private static ShapeScene Draw(RandomStream random, int size, int mostThings)
    {
        byte[] samples = Ground(random, size), mask = new byte[size * size];
        int wanted = 1 + random.Next(mostThings), label = 0;
        List<PictureBox> boxes = [];
        for (int attempt = 0; attempt < 20 * wanted && boxes.Count < wanted; attempt++)
        {
            double radius = size * (0.09 + (0.1 * random.NextDouble())), x = radius + 1 + ((size - (2 * radius) - 2) * random.NextDouble()), y = radius + 1 + ((size - (2 * radius) - 2) * random.NextDouble());
            int shape = random.Next(LabelNames.Count), colour = random.Next(colours.Length);
            if (boxes.Exists(b => x + radius > b.Left - 1 && x - radius < b.Right + 1 && y + radius > b.Top - 1 && y - radius < b.Bottom + 1))
                continue;
            label = boxes.Count == 0 ? shape : label;
            boxes.Add(Paint(samples, mask, size, shape, (x, y, radius), boxes.Count == 0 ? red : colours[colour], random));
        }
        return new ShapeScene(new Picture(size, size, 3, samples), label, boxes, new Picture(size, size, 1, mask));
    }

    // Grey that changes slowly over the picture, and noise.
    private static byte[] Ground(RandomStream random, int size)
    {
        byte[] samples = new byte[3 * size * size];
        double level = 90 + (80 * random.NextDouble()), across = 60 * (random.NextDouble() - 0.5), down = 60 * (random.NextDouble() - 0.5);
        for (int i = 0; i < samples.Length; i++)
        {
            int pixel = i / 3;
            samples[i] = Sample(level + (across * ((pixel % size / (double)size) - 0.5)) + (down * ((pixel / size / (double)size) - 0.5)), random);
        }
        return samples;
    }

    private static PictureBox Paint(byte[] samples, byte[] mask, int size, int shape, (double X, double Y, double Radius) at, (int Red, int Green, int Blue) colour, RandomStream random)
    {
        double shade = 0.75 + (0.4 * random.NextDouble());
        (int left, int top, int right, int bottom) = (size, size, 0, 0);
        for (int row = Math.Max(0, (int)(at.Y - at.Radius)); row < Math.Min(size, at.Y + at.Radius + 1); row++)
        {
            for (int column = Math.Max(0, (int)(at.X - at.Radius)); column < Math.Min(size, at.X + at.Radius + 1); column++)
            {
                if (!IsInside(shape, (column + 0.5 - at.X) / at.Radius, (row + 0.5 - at.Y) / at.Radius))
                    continue;
                int pixel = (row * size) + column;
                mask[pixel] = (byte)(1 + shape);
                samples[3 * pixel] = Sample(shade * colour.Red, random);
                samples[(3 * pixel) + 1] = Sample(shade * colour.Green, random);
                samples[(3 * pixel) + 2] = Sample(shade * colour.Blue, random);
                (left, top, right, bottom) = (Math.Min(left, column), Math.Min(top, row), Math.Max(right, column + 1), Math.Max(bottom, row + 1));
            }
        }
        return new PictureBox(shape, left, top, right, bottom);
    }

    // In a square from −1 to 1.
    private static bool IsInside(int shape, double x, double y) => shape switch
    {
        0 => (x * x) + (y * y) <= 1,
        1 => Math.Max(Math.Abs(x), Math.Abs(y)) <= 0.85,
        2 => y <= 0.85 && Math.Abs(x) <= (y + 1) / 1.85,
        _ => Math.Min(Math.Abs(x), Math.Abs(y)) <= 0.3 && Math.Max(Math.Abs(x), Math.Abs(y)) <= 1,
    };

    private static byte Sample(double value, RandomStream random) => (byte)Math.Clamp(value + (36 * (random.NextDouble() - 0.5)), 0, 255);
}
