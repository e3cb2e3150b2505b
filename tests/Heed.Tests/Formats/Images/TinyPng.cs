using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Heed.Tests.Formats.Images;

/// <summary>Writes PNG files of any colour type, depth and interlacing, right or deliberately wrong; apart from the library's encoder.</summary>
internal sealed class TinyPng
{
    private static readonly (int X, int Y, int StepX, int StepY)[] passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public required int Width { get; init; }

    public required int Height { get; init; }

    public int Bits { get; init; } = 8;

    public int Colour { get; init; }

    public bool Interlaced { get; init; }

    /// <summary>Sample of column, row and channel, within the depth.</summary>
    public required Func<int, int, int, int> Sample { get; init; }

    public byte[] Palette { get; init; } = [];

    public byte[] Transparency { get; init; } = [];

    /// <summary>Bytes of an IDAT chunk; the data are split into several.</summary>
    public int Piece { get; init; } = 64;

    public int SamplesPerPixel => Colour switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    public byte[] Build()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach ((int x, int y, int stepX, int stepY) in Interlaced ? passes : [(0, 0, 1, 1)])
                WritePass(zlib, x, y, stepX, stepY);
        }
        List<(string, byte[])> chunks = [("IHDR", Header(Width, Height, Bits, Colour, Interlaced ? 1 : 0))];
        if (Palette.Length > 0)
            chunks.Add(("PLTE", Palette));
        if (Transparency.Length > 0)
            chunks.Add(("tRNS", Transparency));
        chunks.Add(("tEXt", Encoding.ASCII.GetBytes("Comment\0nothing")));
        chunks.AddRange(packed.ToArray().Chunk(Piece).Select(piece => ("IDAT", piece)));
        chunks.Add(("IEND", []));
        return File(chunks);
    }

    public static byte[] Header(int width, int height, int bits, int colour, int interlace)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)bits, (byte)colour, (byte)interlace);
        return header;
    }

    public static byte[] File(IEnumerable<(string Type, byte[] Data)> chunks)
    {
        List<byte> file = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
        byte[] number = new byte[4];
        foreach ((string type, byte[] data) in chunks)
        {
            byte[] named = [.. Encoding.ASCII.GetBytes(type), .. data];
            BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
            file.AddRange(number);
            file.AddRange(named);
            BinaryPrimitives.WriteUInt32BigEndian(number, Checksum(named));
            file.AddRange(number);
        }
        return [.. file];
    }

    /// <summary>Puts right checksums into a file whose chunks were changed, so that the change gets past them.</summary>
    public static void Repair(Span<byte> file)
    {
        for (int at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - 12)
                return;
            BinaryPrimitives.WriteUInt32BigEndian(file[(at + 8 + (int)length)..], Checksum(file.Slice(at + 4, (int)length + 4)));
            at += (int)length + 12;
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }
        return ~crc;
    }

    private void WritePass(Stream stream, int x0, int y0, int stepX, int stepY)
    {
        int width = (Width - x0 + stepX - 1) / stepX, step = Math.Max(1, SamplesPerPixel * Bits / 8);
        if (width <= 0)
            return;
        byte[] previous = new byte[(width * SamplesPerPixel * Bits + 7) / 8];
        for (int y = y0, row = 0; y < Height; y += stepY, row++)
        {
            byte[] line = new byte[previous.Length];
            for (int i = 0; i < width * SamplesPerPixel; i++)
            {
                int value = Sample(x0 + i / SamplesPerPixel * stepX, y, i % SamplesPerPixel), bit = i * Bits;
                if (Bits == 16)
                    BinaryPrimitives.WriteUInt16BigEndian(line.AsSpan(2 * i), (ushort)value);
                else
                    line[bit / 8] |= (byte)(value << (8 - Bits - bit % 8));
            }
            // The five filters by turns.
            int filter = row % 5;
            stream.WriteByte((byte)filter);
            for (int i = 0; i < line.Length; i++)
            {
                int a = i < step ? 0 : line[i - step], b = previous[i], c = i < step ? 0 : previous[i - step], p = a + b - c;
                int paeth = Math.Abs(p - a) <= Math.Abs(p - b) && Math.Abs(p - a) <= Math.Abs(p - c) ? a : Math.Abs(p - b) <= Math.Abs(p - c) ? b : c;
                stream.WriteByte((byte)(line[i] - filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, _ => paeth }));
            }
            previous = line;
        }
    }
}
