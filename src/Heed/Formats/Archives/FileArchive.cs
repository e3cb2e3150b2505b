using System.Formats.Tar;
using System.IO.Compression;

namespace Heed;

/// <summary>Reads the files of a tar, tar.gz or zip archive into memory, without unpacking anything to the disk.</summary>
internal static class FileArchive
{
    /// <summary>Whether the first bytes are those of an archive.</summary>
    public static bool IsArchive(string path)
    {
        byte[] head = new byte[512];
        using UnpackedStream stream = UnpackedStream.Open(path);
        try
        {
            int count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            return IsZip(head) || (count == head.Length && (head.AsSpan(257, 5).SequenceEqual("ustar"u8) || IsOldTar(head)));
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The wanted files in the order of the archive.</summary>
    /// <param name="path">The archive; its first bytes say of which kind it is.</param>
    /// <param name="isWanted">Which files are read, by their path inside.</param>
    /// <param name="mostBytes">How many bytes all files may have together.</param>
    /// <exception cref="InputException">The archive is missing, damaged, cut off or holds more bytes.</exception>
    public static List<(string Name, byte[] Content)> Read(string path, Func<string, bool> isWanted, long mostBytes)
    {
        var files = new List<(string, byte[])>();
        long total = 0;
        try
        {
            using UnpackedStream stream = UnpackedStream.Open(path);
            foreach ((string name, Stream content) in Entries(path, stream))
            {
                // Archives of other systems may have "./" before a name or the other slash in it.
                string key = name.Replace('\\', '/');
                key = key.StartsWith("./", StringComparison.Ordinal) ? key[2..] : key;
                if (!isWanted(key))
                    continue;
                byte[] bytes = Content(content, mostBytes - total)
                    ?? throw new InputException(FormattableString.Invariant($"the archive holds more than {mostBytes} bytes. Unpack it to a folder, or raise MaximumBytes."), path);
                total += bytes.Length;
                files.Add((key, bytes));
            }
            // The end of a packed archive is where a cut shows.
            if (stream.IsPacked)
                stream.CopyTo(Stream.Null);
            return files;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new InputException($"the archive cannot be read to its end ({e.Message.TrimEnd('.')}). Copy or pack it again.", path, innerException: e);
        }
    }

    private static IEnumerable<(string Name, Stream Content)> Entries(string path, UnpackedStream stream)
    {
        if (IsZipFile(path))
        {
            using ZipArchive zip = ZipFile.OpenRead(path);
            foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => !entry.FullName.EndsWith('/')))
            {
                using Stream content = entry.Open();
                yield return (entry.FullName, content);
            }
            yield break;
        }
        using var tar = new TarReader(stream, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } content && entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
                yield return (entry.Name, content);
        }
    }

    // The first tars had no magic number, but the sum of the header's bytes in octal, with its own eight taken as spaces.
    private static bool IsOldTar(ReadOnlySpan<byte> head)
    {
        int sum = 8 * ' ', told = 0;
        for (int i = 0; i < head.Length; i++)
            sum += i is >= 148 and < 156 ? 0 : head[i];
        foreach (byte digit in head.Slice(148, 8).Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return false;
            told = (8 * told) + digit - '0';
        }
        return sum == told && head[0] != 0;
    }

    private static bool IsZipFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] head = new byte[4];
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && IsZip(head);
    }

    private static bool IsZip(ReadOnlySpan<byte> head) => head is [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..];

    /// <summary>What an entry promises is not believed: memory grows with what comes.</summary>
    private static byte[]? Content(Stream content, long mostBytes)
    {
        mostBytes = Math.Min(mostBytes, PictureFile.MaximumLength - 1);
        byte[] bytes = BoundedRead.ToEnd(content, mostBytes + 1);
        return bytes.Length > mostBytes ? null : bytes;
    }
}
