namespace Heed;

/// <summary>A colour for drawing.</summary>
/// <param name="Red">0 … 255.</param>
/// <param name="Green">0 … 255.</param>
/// <param name="Blue">0 … 255.</param>
public readonly record struct PictureColour(byte Red, byte Green, byte Blue)
{
    // Okabe and Ito, "Color universal design", 2008, without black: told apart with every common colour blindness.
    private static readonly PictureColour[] classes =
        [new(230, 159, 0), new(86, 180, 233), new(0, 158, 115), new(240, 228, 66), new(0, 114, 178), new(213, 94, 0), new(204, 121, 167)];

    // From dark blue over green to yellow; lightness rises evenly, so the order shows without colour, too.
    private static readonly PictureColour[] scale =
        [new(68, 1, 84), new(71, 44, 122), new(59, 81, 139), new(44, 113, 142), new(33, 144, 141), new(39, 173, 129), new(92, 200, 99), new(170, 220, 50), new(253, 231, 37)];

    /// <summary>Black.</summary>
    public static PictureColour Black { get; } = new(0, 0, 0);

    /// <summary>White.</summary>
    public static PictureColour White { get; } = new(255, 255, 255);

    /// <summary>Whether black letters on the colour are read more easily than white ones.</summary>
    public bool IsLight => 0.299 * Red + 0.587 * Green + 0.114 * Blue > 140;

    /// <summary>The colour of a class: seven that colour-blind people can tell apart, then the same ones darker.</summary>
    /// <param name="label">From 0.</param>
    public static PictureColour OfClass(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        PictureColour colour = classes[label % classes.Length];
        return (label / classes.Length % 3) switch
        {
            0 => colour,
            1 => colour.Mix(Black, 0.4),
            _ => colour.Mix(White, 0.5),
        };
    }

    /// <summary>The colour of a value: dark blue for 0, green, yellow for 1. Values outside are brought to the ends; NaN counts as 0.</summary>
    /// <param name="value">0 … 1.</param>
    public static PictureColour OfValue(double value)
    {
        double at = (value >= 0 ? Math.Min(value, 1) : 0) * (scale.Length - 1);
        int low = Math.Min((int)at, scale.Length - 2);
        return scale[low].Mix(scale[low + 1], at - low);
    }

    /// <summary>A colour between this and another one.</summary>
    /// <param name="other">The other.</param>
    /// <param name="share">How much of the other: 0 … 1.</param>
    public PictureColour Mix(PictureColour other, double share) =>
        new(Between(Red, other.Red, share), Between(Green, other.Green, share), Between(Blue, other.Blue, share));

    private static byte Between(byte a, byte b, double share) => (byte)Math.Round(a + (b - a) * Math.Clamp(share, 0, 1));
}
