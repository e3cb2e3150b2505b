namespace Heed;

/// <summary>The checksum of PNG chunks: CRC-32 of ISO 3309, polynomial 0xEDB88320 (reflected), four bytes a step.</summary>
internal static class Crc32
{
    public const uint Start = uint.MaxValue;

    private const int Slices = 4;

    private static readonly uint[] table = Table();

    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> t = table;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            crc ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            crc = t[768 + (int)(crc & 255)] ^ t[512 + (int)((crc >> 8) & 255)] ^ t[256 + (int)((crc >> 16) & 255)] ^ t[(int)(crc >> 24)];
        }
        foreach (byte value in bytes)
            crc = (crc >> 8) ^ t[(int)((crc ^ value) & 255)];
        return crc;
    }

    public static uint Finish(uint crc) => ~crc;

    // Slice k holds what a byte does to the sum when k more bytes follow it.
    private static uint[] Table()
    {
        uint[] result = new uint[256 * Slices];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value >> 1) ^ ((value & 1) * 0xEDB88320);
            result[i] = value;
        }
        for (int i = 256; i < result.Length; i++)
            result[i] = (result[i - 256] >> 8) ^ result[result[i - 256] & 255];
        return result;
    }
}
