namespace Heed;

/// <summary>The bytes of a picture's file, within bounds.</summary>
internal static class PictureFile
{
    /// <summary>The longest file that is read, in bytes; no picture within the bound on pixels needs more.</summary>
    public const int MaximumLength = 1 << 30;

    public static byte[] Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
            throw new InputException("this is a folder; name a picture in it.", path);
        return FileAccessFault.Guard(path, "read", () =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
            return Read(stream, path);
        });
    }

    /// <summary>Reads to the end; a stream that promises its length costs one array of that length.</summary>
    public static byte[] Read(Stream stream, string? name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long promised = stream.CanSeek ? stream.Length - stream.Position : 0;
        if (promised > MaximumLength)
            throw TooLong(name);
        byte[] bytes = new byte[Math.Max(promised, 256)];
        int length = 0;
        while (true)
        {
            int read = stream.Read(bytes, length, bytes.Length - length);
            length += read;
            if (read == 0 || length == MaximumLength)
                break;
            // One byte more than promised shows that the end is the end.
            if (length == bytes.Length && stream.CanSeek && stream.Position == stream.Length)
                break;
            if (length == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(MaximumLength, 2L * length));
        }
        if (length == MaximumLength)
            throw TooLong(name);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private static InputException TooLong(string? name) =>
        new(FormattableString.Invariant($"the file is longer than {MaximumLength} bytes. Is it a picture?"), name);
}
