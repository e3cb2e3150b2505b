using System.IO.Compression;

namespace Heed;

/// <summary>The bytes of a file, unpacked if they are gzip; a gzip file that was cut off ends in an error, not in fewer bytes.</summary>
internal sealed class UnpackedStream : Stream
{
    private readonly Stream inner;
    private readonly GzipSource? packed;
    private long length;

    private UnpackedStream(Stream inner, GzipSource? packed) => (this.inner, this.packed) = (inner, packed);

    /// <summary>Whether the file is gzip.</summary>
    public bool IsPacked => packed is not null;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static UnpackedStream Open(string path) => FileAccessFault.Guard(path, "read", () =>
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        byte[] head = new byte[2];
        int count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        file.Position = 0;
        if (count < 2 || head is not [0x1F, 0x8B])
            return new UnpackedStream(file, packed: null);
        var source = new GzipSource([], file);
        return new UnpackedStream(new GZipStream(source, CompressionMode.Decompress), source);
    });

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        length += read;
        if (read == 0 && !buffer.IsEmpty && packed?.IsWhole(length) == false)
            throw new InvalidDataException("it was cut off");
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
