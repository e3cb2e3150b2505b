using System.Buffers.Binary;

namespace Heed;

/// <summary>How a camera was held: the orientation tag of EXIF (CIPA DC-008, tag 0x0112).</summary>
internal static class ExifOrientation
{
    private const int Tag = 0x0112, EntryLength = 12;

    /// <summary>Finds the tag in the TIFF structure of an EXIF segment; 1 (upright) where it is missing or makes no sense.</summary>
    public static int Find(ReadOnlySpan<byte> tiff)
    {
        bool isLittle = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || (!isLittle && !tiff.StartsWith("MM"u8)))
            return 1;
        uint offset = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (offset > tiff.Length - 2)
            return 1;
        int count = Short(tiff[(int)offset..], isLittle);
        ReadOnlySpan<byte> entries = tiff[((int)offset + 2)..];
        for (; count > 0 && entries.Length >= EntryLength; count--, entries = entries[EntryLength..])
        {
            if (Short(entries, isLittle) == Tag)
                return Short(entries[8..], isLittle) is >= 1 and <= 8 and int value ? value : 1;
        }
        return 1;
    }

    /// <summary>Turns and mirrors a picture upright. Allocates unless there is nothing to do.</summary>
    /// <param name="picture">The picture as it lies in the file.</param>
    /// <param name="orientation">1 to 8.</param>
    public static Picture Apply(Picture picture, int orientation)
    {
        if (orientation == 1)
            return picture;
        // 5 to 8 exchange the axes; then columns or rows may run backwards.
        bool isTransposed = orientation > 4, columnsBackwards = orientation is 2 or 3 or 6 or 7, rowsBackwards = orientation is 3 or 4 or 7 or 8;
        int width = isTransposed ? picture.Height : picture.Width, height = isTransposed ? picture.Width : picture.Height, channels = picture.Channels;
        byte[] result = new byte[picture.Samples.Length];
        ReadOnlySpan<byte> source = picture.Samples.Span;
        for (int y = 0, to = 0; y < height; y++)
        {
            int sourceY = rowsBackwards ? height - 1 - y : y;
            for (int x = 0; x < width; x++, to += channels)
            {
                int sourceX = columnsBackwards ? width - 1 - x : x;
                int from = isTransposed ? sourceX * picture.Width + sourceY : sourceY * picture.Width + sourceX;
                source.Slice(from * channels, channels).CopyTo(result.AsSpan(to));
            }
        }
        return new Picture(width, height, channels, result);
    }

    private static int Short(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
