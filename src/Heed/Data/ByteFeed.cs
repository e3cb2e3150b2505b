using System.IO.Compression;

namespace Heed;

/// <summary>The bytes of a file or stream, unpacked if they are gzip, over one buffer.</summary>
internal sealed class ByteFeed : IDisposable
{
    private const int HeadLength = 16;

    private readonly Stream stream;
    private readonly string name;
    private readonly GzipSource? packed;
    private readonly byte[] bytes = new byte[1 << 16];
    private int start, end;
    private long length;

    private ByteFeed(Stream stream, string name, GzipSource? packed) => (this.stream, this.name, this.packed) = (stream, name, packed);

    /// <summary>Whether the bytes were gzip, by the first two of them.</summary>
    public bool IsCompressed => packed is not null;

    /// <summary>Whether the stream has no more bytes than are pending.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The bytes that are read and not taken.</summary>
    public ReadOnlySpan<byte> Pending => bytes.AsSpan(start, end - start);

    /// <summary>All bytes that are in memory, with some that were taken: what a guess may look at.</summary>
    public ReadOnlySpan<byte> Recent => bytes.AsSpan(0, end);

    /// <summary>The first bytes of the stream.</summary>
    public byte[] Head { get; private set; } = [];

    public static ByteFeed Open(string path)
    {
        try
        {
            return Open(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException("there is no such file; check the path.", path, innerException: e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InputException(Directory.Exists(path) ? "this is a folder; name a file in it."
                : "the file may not be read; check its permissions.", path, innerException: e);
        }
        catch (IOException e)
        {
            throw new InputException($"the file cannot be opened: {e.Message}", path, innerException: e);
        }
    }

    /// <summary>Takes the stream over; it is closed with the feed.</summary>
    public static ByteFeed Open(Stream stream, string name)
    {
        var feed = new ByteFeed(stream, name, packed: null);
        try
        {
            feed.Fill(HeadLength, line: 1);
            if (feed.Pending is [0x1F, 0x8B, ..])
            {
                var source = new GzipSource(feed.Pending.ToArray(), stream);
                feed = new ByteFeed(new GZipStream(source, CompressionMode.Decompress), name, source);
                feed.Fill(HeadLength, line: 1);
            }
        }
        catch
        {
            feed.Dispose();
            throw;
        }
        feed.Head = feed.Pending[..Math.Min(HeadLength, feed.Pending.Length)].ToArray();
        return feed;
    }

    public void Take(int count) => start += count;

    /// <summary>Reads until at least so many bytes are pending, or the stream ends.</summary>
    public void Fill(int atLeast, long line)
    {
        Pending.CopyTo(bytes);
        (start, end) = (0, end - start);
        try
        {
            while (!HasEnded && end < atLeast)
            {
                int read = stream.Read(bytes.AsSpan(end));
                HasEnded = read == 0;
                end += read;
                length += read;
                if (HasEnded && packed?.IsWhole(length) == false)
                    throw new InvalidDataException("it was cut off");
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InputException($"the file cannot be read to its end ({e.Message.TrimEnd('.')}); copy or compress it again.",
                name, line, innerException: e);
        }
    }

    public void Dispose() => stream.Dispose();
}
