namespace Heed;

/// <summary>What the components of a JPEG mean.</summary>
internal enum JpegSpace
{
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

/// <summary>From components to grey or RGB pixels (JFIF 1.02; Adobe's technical note 5116 for four components).</summary>
/// <remarks>YCbCr by R = Y + 1.402 Cr, G = Y − 0.344136 Cb − 0.714136 Cr, B = Y + 1.772 Cb in 16 fraction bits. CMYK becomes RGB without a colour
/// profile: R = (255 − C)(255 − K) / 255, rounded, and so on.</remarks>
internal static class JpegColour
{
    private const int Bits = 16, Half = 1 << (Bits - 1);

    private static readonly int[] redOfCr = Table(91881, Half, Bits), blueOfCb = Table(116130, Half, Bits);
    private static readonly int[] greenOfCr = Table(-46802, 0, 0), greenOfCb = Table(-22554, Half, 0);

    /// <summary>Makes the picture.</summary>
    /// <param name="frame">The frame, all its samples decoded.</param>
    /// <param name="space">What its components mean.</param>
    /// <param name="isInverted">Whether 255 means no ink, as Adobe's programs write it.</param>
    public static Picture Convert(JpegFrame frame, JpegSpace space, bool isInverted)
    {
        int channels = space == JpegSpace.Grey ? 1 : 3, length = frame.Width * channels;
        byte[] pixels = new byte[(long)frame.Width * frame.Height * channels];
        JpegUpsampling[] components = [.. frame.Components.Select(component => new JpegUpsampling(frame, component))];
        for (int y = 0; y < frame.Height; y++)
        {
            Span<byte> to = pixels.AsSpan(y * length, length);
            ReadOnlySpan<byte> first = components[0].Row(y);
            if (space == JpegSpace.Grey)
            {
                first[..frame.Width].CopyTo(to);
                continue;
            }
            ReadOnlySpan<byte> second = components[1].Row(y), third = components[2].Row(y);
            if (space is JpegSpace.YCbCr or JpegSpace.Ycck)
                FromYCbCr(first[..frame.Width], second[..frame.Width], third[..frame.Width], to);
            else
                Interleave(first[..frame.Width], second[..frame.Width], third[..frame.Width], to);
            if (space is JpegSpace.Cmyk or JpegSpace.Ycck)
                Ink(components[3].Row(y)[..frame.Width], to, isInverted, isComplement: space == JpegSpace.Ycck);
        }
        return new Picture(frame.Width, frame.Height, channels, pixels);
    }

    private static void FromYCbCr(ReadOnlySpan<byte> luma, ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, Span<byte> pixels)
    {
        ReadOnlySpan<int> redRed = redOfCr, blueBlue = blueOfCb, greenRed = greenOfCr, greenBlue = greenOfCb;
        blue = blue[..luma.Length];
        red = red[..luma.Length];
        for (int x = 0, at = 0; x < luma.Length; x++, at += 3)
        {
            int y = luma[x];
            Span<byte> pixel = pixels.Slice(at, 3);
            pixel[0] = Clamp(y + redRed[red[x]]);
            pixel[1] = Clamp(y + ((greenRed[red[x]] + greenBlue[blue[x]]) >> Bits));
            pixel[2] = Clamp(y + blueBlue[blue[x]]);
        }
    }

    private static void Interleave(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> pixels)
    {
        for (int x = 0; x < first.Length; x++)
            (pixels[3 * x], pixels[3 * x + 1], pixels[3 * x + 2]) = (first[x], second[x], third[x]);
    }

    /// <summary>Takes the light that the inks leave, in place of the inks.</summary>
    /// <param name="key">The black ink.</param>
    /// <param name="pixels">The three other inks, or their complements.</param>
    /// <param name="isInverted">Whether 255 means no ink.</param>
    /// <param name="isComplement">Whether the three are complements: YCCK codes 255 − C, 255 − M, 255 − Y as if they were RGB.</param>
    private static void Ink(ReadOnlySpan<byte> key, Span<byte> pixels, bool isInverted, bool isComplement)
    {
        for (int x = 0; x < key.Length; x++)
        {
            int black = isInverted ? key[x] : 255 - key[x];
            foreach (ref byte value in pixels.Slice(3 * x, 3))
            {
                int light = isInverted == isComplement ? 255 - value : value;
                value = (byte)((light * black + 127) / 255);
            }
        }
    }

    private static byte Clamp(int value) => (uint)value <= 255 ? (byte)value : (byte)(~(value >> 31) & 255);

    private static int[] Table(int factor, int offset, int shift)
    {
        int[] table = new int[256];
        for (int i = 0; i < table.Length; i++)
            table[i] = (factor * (i - 128) + offset) >> shift;
        return table;
    }
}
