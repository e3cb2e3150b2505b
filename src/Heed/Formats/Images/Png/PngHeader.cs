using System.Buffers.Binary;

namespace Heed;

/// <summary>The colour types of PNG.</summary>
internal enum PngColour
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>The IHDR chunk of a PNG, checked.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Bits">Bits a sample: 1, 2, 4, 8 or 16.</param>
/// <param name="Colour">What a pixel is made of.</param>
/// <param name="IsInterlaced">Whether the rows come in the seven passes of Adam7.</param>
internal readonly record struct PngHeader(int Width, int Height, int Bits, PngColour Colour, bool IsInterlaced)
{
    public const int Length = 13;

    public int SamplesPerPixel => Colour switch { PngColour.Rgb => 3, PngColour.GreyAlpha => 2, PngColour.Rgba => 4, _ => 1 };

    /// <summary>Bytes from a sample to its left neighbour in the filters.</summary>
    public int FilterStep => Math.Max(1, SamplesPerPixel * Bits / 8);

    /// <summary>Bytes of a row of so many pixels, without the filter's.</summary>
    public long RowLength(int width) => ((long)width * SamplesPerPixel * Bits + 7) / 8;

    public static PngHeader Parse(ReadOnlySpan<byte> chunk, string? name, PictureReadOptions options)
    {
        if (chunk.Length != Length)
            throw new InputException("not a valid PNG: its header has the wrong length.", name);
        uint width = BinaryPrimitives.ReadUInt32BigEndian(chunk), height = BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]);
        options.CheckSize(width, height, name);
        (int bits, int colour) = (chunk[8], chunk[9]);
        bool isKnown = (PngColour)colour switch
        {
            PngColour.Grey => bits is 1 or 2 or 4 or 8 or 16,
            PngColour.Palette => bits is 1 or 2 or 4 or 8,
            PngColour.Rgb or PngColour.GreyAlpha or PngColour.Rgba => bits is 8 or 16,
            _ => false,
        };
        if (!isKnown || chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1)
        {
            throw new InputException(FormattableString.Invariant(
                $"not a valid PNG: colour type {colour} with {bits} bits, compression {chunk[10]}, filter {chunk[11]}, interlace {chunk[12]} does not exist."), name);
        }
        if (options.KeepNumbers && (bits > 8 || (PngColour)colour is not (PngColour.Grey or PngColour.Palette)))
        {
            throw new InputException(FormattableString.Invariant(
                $"class numbers are read from palette or grey PNGs of at most 8 bits; this one is {(PngColour)colour} with {bits} bits."), name);
        }
        return new PngHeader((int)width, (int)height, bits, (PngColour)colour, chunk[12] == 1);
    }
}
