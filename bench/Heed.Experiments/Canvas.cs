namespace Heed.Experiments;

/// <summary>How a digit is put on a picture of 60 × 60.</summary>
internal enum Placement
{
    /// <summary>Turned by up to 45° either way, scaled by 0.7 to 1.2, at any place where it fits: Jaderberg et al. 2015, section 4.1 (RTS).</summary>
    Distorted,

    /// <summary>At any place where it fits: Mnih et al. 2014, section 4.1.</summary>
    Translated,

    /// <summary>Likewise, with four pieces of 8 × 8 of other digits: section 4.1 there.</summary>
    Cluttered,
}

/// <summary>Pictures of 60 × 60 made from digits; a picture is a function of seed, round and digit.</summary>
internal sealed class Canvas(Digits digits, Placement placement, ulong seed)
{
    public const int Size = 60, Pixels = Size * Size;
    private const int Piece = 8, Pieces = 4;
    private readonly RandomStream root = new(seed, "canvas");

    /// <summary>Draws some of the digits: (count, 60, 60, 1), row-major.</summary>
    public void Draw(ReadOnlySpan<int> chosen, int round, Span<float> pictures)
    {
        pictures.Clear();
        for (int i = 0; i < chosen.Length; i++)
        {
            RandomStream random = root.Fork((ulong)round).Fork((ulong)chosen[i]);
            Span<float> picture = pictures.Slice(i * Pixels, Pixels);
            if (placement == Placement.Distorted)
                Distort(chosen[i], random, picture);
            else
                Place(chosen[i], random, picture);
            for (int k = 0; placement == Placement.Cluttered && k < Pieces; k++)
                AddPiece(random.Next(digits.Count), random, picture);
        }
    }

    private void Place(int digit, RandomStream random, Span<float> picture)
    {
        (int left, int top) = (random.Next(Size - Digits.Size + 1), random.Next(Size - Digits.Size + 1));
        for (int i = 0; i < Digits.Pixels; i++)
            picture[((top + (i / Digits.Size)) * Size) + left + (i % Digits.Size)] = digits.Pixel(digit, i / Digits.Size, i % Digits.Size);
    }

    private void AddPiece(int digit, RandomStream random, Span<float> picture)
    {
        (int left, int top) = (random.Next(Size - Piece + 1), random.Next(Size - Piece + 1));
        (int fromLeft, int fromTop) = (random.Next(Digits.Size - Piece + 1), random.Next(Digits.Size - Piece + 1));
        for (int i = 0; i < Piece * Piece; i++)
        {
            ref float pixel = ref picture[((top + (i / Piece)) * Size) + left + (i % Piece)];
            pixel = Math.Min(1, pixel + digits.Pixel(digit, fromTop + (i / Piece), fromLeft + (i % Piece)));
        }
    }

    // Each pixel of the picture looks up its place in the digit, bilinearly.
    private void Distort(int digit, RandomStream random, Span<float> picture)
    {
        double angle = ((2 * random.NextDouble()) - 1) * Math.PI / 4, scale = 0.7 + (0.5 * random.NextDouble());
        double half = Digits.Size * scale / 2, x0 = half + (random.NextDouble() * (Size - (2 * half))), y0 = half + (random.NextDouble() * (Size - (2 * half)));
        (double sin, double cos) = Math.SinCos(angle);
        int reach = (int)Math.Ceiling(half * Math.Sqrt(2));
        for (int row = Math.Max(0, (int)y0 - reach); row < Math.Min(Size, (int)y0 + reach + 1); row++)
        {
            for (int column = Math.Max(0, (int)x0 - reach); column < Math.Min(Size, (int)x0 + reach + 1); column++)
            {
                double dx = (column + 0.5 - x0) / scale, dy = (row + 0.5 - y0) / scale;
                double x = (cos * dx) + (sin * dy) + (Digits.Size / 2.0) - 0.5, y = (cos * dy) - (sin * dx) + (Digits.Size / 2.0) - 0.5;
                int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
                double right = x - left, down = y - top;
                picture[(row * Size) + column] = (float)(
                    ((1 - down) * (((1 - right) * digits.Pixel(digit, top, left)) + (right * digits.Pixel(digit, top, left + 1))))
                    + (down * (((1 - right) * digits.Pixel(digit, top + 1, left)) + (right * digits.Pixel(digit, top + 1, left + 1)))));
            }
        }
    }
}
