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

    /// <summary>Reads to the end.</summary>
    public static byte[] Read(Stream stream, string? name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long promised = stream.CanSeek ? stream.Length - stream.Position : 0;
        if (promised > MaximumLength)
            throw TooLong(name);
        // A file costs one array of its length; one byte more shows that its end is the end.
        byte[] bytes = promised > 0 ? new byte[promised] : [];
        if (promised > 0 && stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InputException("the file became shorter while it was read. Is another program writing it?", name);
        byte[] rest = BoundedRead.ToEnd(stream, MaximumLength - promised + 1);
        if (promised + rest.Length > MaximumLength)
            throw TooLong(name);
        return rest.Length == 0 ? bytes : promised == 0 ? rest : [.. bytes, .. rest];
    }

    private static InputException TooLong(string? name) =>
        new(FormattableString.Invariant($"the file is longer than {MaximumLength} bytes. Is it a picture?"), name);
}
