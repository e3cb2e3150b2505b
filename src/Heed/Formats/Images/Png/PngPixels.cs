using System.Buffers.Binary;

namespace Heed;

/// <summary>Turns the samples of a PNG's row into bytes: depth, palette and transparency.</summary>
internal sealed class PngPixels
{
    private readonly PngHeader header;
    private readonly string? name;
    private readonly bool keepNumbers;
    private readonly byte[] colours = [];
    private readonly int[] transparent = [];

    public PngPixels(PngHeader header, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency, string? name, bool keepNumbers)
    {
        (this.header, this.name, this.keepNumbers) = (header, name, keepNumbers);
        if (header.Colour == PngColour.Palette)
        {
            if (palette.IsEmpty || palette.Length % 3 != 0 || palette.Length > 768 || transparency.Length > palette.Length / 3)
                throw new InputException("not a valid PNG: its palette is missing or has a wrong length.", name);
            colours = Colours(palette, transparency);
        }
        else if (!transparency.IsEmpty && header.Colour is PngColour.Grey or PngColour.Rgb)
        {
            if (transparency.Length != 2 * header.SamplesPerPixel)
                throw new InputException("not a valid PNG: its transparent colour has a wrong length.", name);
            transparent = new int[header.SamplesPerPixel];
            for (int i = 0; i < transparent.Length; i++)
                transparent[i] = BinaryPrimitives.ReadUInt16BigEndian(transparency[(2 * i)..]);
        }
        Channels = keepNumbers ? 1 : header.Colour switch
        {
            PngColour.Grey => transparent.Length > 0 ? 4 : 1,
            PngColour.Rgb => transparent.Length > 0 ? 4 : 3,
            PngColour.Palette => transparency.IsEmpty ? 3 : 4,
            _ => 4,
        };
    }

    /// <summary>Channels of the picture that results.</summary>
    public int Channels { get; }

    /// <summary>Turns a row of the file into one of the picture.</summary>
    public void Expand(ReadOnlySpan<byte> row, Span<byte> pixels)
    {
        int samples = header.SamplesPerPixel;
        if (header.Bits == 8 && samples == Channels)
        {
            row[..pixels.Length].CopyTo(pixels);
            if (header.Colour == PngColour.Palette)
                CheckNumbers(pixels);
            return;
        }
        for (int at = 0, sample = 0; at < pixels.Length; at += Channels, sample += samples)
            ExpandPixel(row, sample, pixels.Slice(at, Channels));
    }

    private void ExpandPixel(ReadOnlySpan<byte> row, int sample, Span<byte> pixel)
    {
        switch (header.Colour)
        {
            case PngColour.Palette:
                int number = Sample(row, sample);
                if (number >= colours.Length / 4)
                    throw NoColour(number);
                if (keepNumbers)
                    pixel[0] = (byte)number;
                else
                    colours.AsSpan(4 * number, pixel.Length).CopyTo(pixel);
                break;
            case PngColour.Grey:
                int grey = Sample(row, sample);
                pixel[..Math.Min(pixel.Length, 3)].Fill(keepNumbers ? (byte)grey : Level(grey));
                if (pixel.Length == 4)
                    pixel[3] = grey == transparent[0] ? (byte)0 : byte.MaxValue;
                break;
            case PngColour.GreyAlpha:
                pixel[..3].Fill(Level(Sample(row, sample)));
                pixel[3] = Level(Sample(row, sample + 1));
                break;
            default:
                for (int c = 0; c < header.SamplesPerPixel; c++)
                    pixel[c] = Level(Sample(row, sample + c));
                if (transparent.Length > 0)
                {
                    bool isTransparent = Sample(row, sample) == transparent[0] && Sample(row, sample + 1) == transparent[1] && Sample(row, sample + 2) == transparent[2];
                    pixel[3] = isTransparent ? (byte)0 : byte.MaxValue;
                }
                break;
        }
    }

    private int Sample(ReadOnlySpan<byte> row, int index) => header.Bits switch
    {
        8 => row[index],
        16 => BinaryPrimitives.ReadUInt16BigEndian(row[(2 * index)..]),
        int bits => (row[index * bits / 8] >> (8 - bits - index * bits % 8)) & ((1 << bits) - 1),
    };

    /// <summary>A sample of any depth in 0 … 255, rounded.</summary>
    private byte Level(int sample) => header.Bits switch
    {
        8 => (byte)sample,
        16 => (byte)((sample * 255 + 32767) / 65535),
        int bits => (byte)(sample * (255 / ((1 << bits) - 1))),
    };

    private void CheckNumbers(ReadOnlySpan<byte> numbers)
    {
        int count = colours.Length / 4;
        foreach (byte number in numbers)
        {
            if (number >= count)
                throw NoColour(number);
        }
    }

    private InputException NoColour(int number) =>
        new(FormattableString.Invariant($"not a valid PNG: a pixel has the colour {number} of a palette of {colours.Length / 4}."), name);

    private static byte[] Colours(ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency)
    {
        byte[] result = new byte[palette.Length / 3 * 4];
        for (int i = 0; i < palette.Length / 3; i++)
        {
            palette.Slice(3 * i, 3).CopyTo(result.AsSpan(4 * i));
            result[4 * i + 3] = i < transparency.Length ? transparency[i] : byte.MaxValue;
        }
        return result;
    }
}
