using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Heed;

/// <summary>Reads PNG files (ISO/IEC 15948): chunks with their checksums, then the rows.</summary>
/// <remarks>Every colour type and depth, Adam7, palettes and transparency. 16 bits are rounded to 8. Grey or palette with transparency, and grey with
/// alpha, become RGBA. Refused: chunks that a reader must know and this one does not, damaged checksums, files without an end.</remarks>
internal static class PngDecoder
{
    /// <summary>Deflate packs at most 258 bytes into two bits: this many to one (zlib's technical notes).</summary>
    private const int MaximumRatio = 1032;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static PictureInfo Inspect(ReadOnlyMemory<byte> file, string? name, PictureReadOptions options)
    {
        PngHeader header = PngHeader.Parse(Chunk(file, Signature.Length, name, out uint type).Span, name, options);
        return type == Name("IHDR"u8) ? new PictureInfo(PictureFormat.Png, header.Width, header.Height) : throw NoHeader(name);
    }

    public static Picture Decode(ReadOnlyMemory<byte> file, string? name, PictureReadOptions options)
    {
        PngHeader? found = null;
        ReadOnlyMemory<byte> palette = default, transparency = default;
        var data = new List<ReadOnlyMemory<byte>>();
        long packed = 0;
        for (int position = Signature.Length; ;)
        {
            ReadOnlyMemory<byte> chunk = Chunk(file, position, name, out uint type);
            position += chunk.Length + 12;
            if (found is null != (type == Name("IHDR"u8)))
                throw NoHeader(name);
            if (type == Name("IHDR"u8))
                found = PngHeader.Parse(chunk.Span, name, options);
            else if (type == Name("PLTE"u8))
                palette = chunk;
            else if (type == Name("tRNS"u8))
                transparency = chunk;
            else if (type == Name("IDAT"u8))
            {
                data.Add(chunk);
                packed += chunk.Length;
            }
            else if (type == Name("IEND"u8))
                break;
            else if (IsCritical(type))
                throw new InputException($"the PNG has the chunk '{Text(type)}', which changes its meaning and is not read. Save it again with another program.", name);
        }
        return Rows(found!.Value, palette, transparency, data, packed, name, options);
    }

    private static Picture Rows(
        PngHeader header, ReadOnlyMemory<byte> palette, ReadOnlyMemory<byte> transparency, List<ReadOnlyMemory<byte>> data, long packed, string? name, PictureReadOptions options)
    {
        if ((header.RowLength(header.Width) + 1) * header.Height > packed * MaximumRatio)
        {
            throw new InputException(FormattableString.Invariant(
                $"the PNG declares {header.Width} × {header.Height} pixels, more than its {packed} bytes of data can hold. Is it whole?"), name);
        }
        var pixels = new PngPixels(header, palette.Span, transparency.Span, name, options.KeepNumbers);
        byte[] samples = new byte[(long)header.Width * header.Height * pixels.Channels];
        using var zlib = new ZLibStream(new SegmentStream(data), CompressionMode.Decompress);
        var rows = new PngRows(zlib, header, name);
        try
        {
            if (header.IsInterlaced)
                Interlaced(header, rows, pixels, samples);
            else
            {
                int length = header.Width * pixels.Channels;
                for (int y = 0; y < header.Height; y++)
                    pixels.Expand(rows.Next(header.Width), samples.AsSpan(y * length, length));
            }
            rows.CheckEnd();
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"the PNG's data are damaged ({e.Message.TrimEnd('.')}). Copy or save it again.", name, innerException: e);
        }
        return new Picture(header.Width, header.Height, pixels.Channels, samples);
    }

    /// <summary>Adam7: seven pictures, each of every so many columns and rows from a start.</summary>
    private static void Interlaced(PngHeader header, PngRows rows, PngPixels pixels, Span<byte> samples)
    {
        ReadOnlySpan<(int X, int Y, int StepX, int StepY)> passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        byte[] line = new byte[header.Width * pixels.Channels];
        foreach ((int x, int y, int stepX, int stepY) in passes)
        {
            int width = (header.Width - x + stepX - 1) / stepX;
            if (width <= 0)
                continue;
            rows.StartPass();
            for (int row = y; row < header.Height; row += stepY)
            {
                pixels.Expand(rows.Next(width), line.AsSpan(0, width * pixels.Channels));
                for (int i = 0; i < width; i++)
                {
                    int to = ((row * header.Width) + x + i * stepX) * pixels.Channels;
                    line.AsSpan(i * pixels.Channels, pixels.Channels).CopyTo(samples[to..]);
                }
            }
        }
    }

    /// <summary>The data of the chunk at a position: length, type, data, checksum.</summary>
    private static ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> file, int position, string? name, out uint type)
    {
        ReadOnlySpan<byte> rest = file.Span[Math.Min(position, file.Length)..];
        uint length = rest.Length < 12 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (rest.Length < 12 || length > rest.Length - 12)
            throw new InputException(FormattableString.Invariant($"the PNG ends early, in the chunk at byte {position} of {file.Length}. Copy or save it again."), name);
        type = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
        int count = (int)length;
        if (Crc32.Finish(Crc32.Add(Crc32.Start, rest.Slice(4, count + 4))) != BinaryPrimitives.ReadUInt32BigEndian(rest[(count + 8)..]))
        {
            throw new InputException(FormattableString.Invariant(
                $"the PNG is damaged: the checksum of the chunk '{Text(type)}' at byte {position} is wrong. Copy or save it again."), name);
        }
        return file.Slice(position + 8, count);
    }

    private static uint Name(ReadOnlySpan<byte> name) => BinaryPrimitives.ReadUInt32BigEndian(name);

    // Bit 5 of the first letter is clear in chunks without which the picture cannot be understood.
    private static bool IsCritical(uint type) => (type & 0x2000_0000) == 0;

    private static string Text(uint type)
    {
        Span<byte> letters = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(letters, type);
        foreach (ref byte letter in letters)
            letter = char.IsAsciiLetter((char)letter) ? letter : (byte)'?';
        return Encoding.ASCII.GetString(letters);
    }

    private static InputException NoHeader(string? name) => new("not a valid PNG: it does not begin with one header. Is the file whole?", name);
}
