namespace Heed;

/// <summary>Reads a stream whose length is not known, into memory that grows with what comes.</summary>
internal static class BoundedRead
{
    /// <summary>Everything to the end, or the first bytes where there are more.</summary>
    public static byte[] ToEnd(Stream stream, long mostBytes)
    {
        byte[] bytes = new byte[Math.Min(mostBytes, 1 << 10)];
        int length = 0;
        for (int read; length < mostBytes && (read = stream.Read(bytes, length, bytes.Length - length)) > 0;)
        {
            length += read;
            if (length == bytes.Length && length < mostBytes)
                Array.Resize(ref bytes, (int)Math.Min(mostBytes, 2L * length));
        }
        return length == bytes.Length ? bytes : bytes[..length];
    }
}
