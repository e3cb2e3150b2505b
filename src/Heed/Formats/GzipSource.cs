using System.Buffers.Binary;

namespace Heed;

/// <summary>The packed bytes of a gzip file: those read ahead, then the rest of a stream that need not be seekable. It knows whether the file was whole.</summary>
/// <remarks>The base library unpacks a file that was cut off without a complaint. A gzip member ends in the number of bytes that it unpacks to (RFC 1952,
/// section 2.3.1), which a cut file does not have there.</remarks>
internal sealed class GzipSource(byte[] prefix, Stream rest) : Stream
{
    private static readonly byte[] start = [0x1F, 0x8B, 8];

    private readonly byte[] tail = new byte[4];
    private int position;
    private long length;
    private bool hasMoreMembers;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether the file ended where a gzip file ends. A file of several members, which unpack one behind the other, ends in the length of the
    /// last one.</summary>
    /// <param name="unpacked">How many bytes it unpacked to.</param>
    public bool IsWhole(long unpacked)
    {
        Span<byte> buffer = stackalloc byte[256];
        while (Read(buffer) > 0)
        {
        }
        uint last = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        return length >= 18 && (last == (uint)unpacked || (hasMoreMembers && last <= unpacked));
    }

    public override int Read(Span<byte> buffer)
    {
        int count = position < prefix.Length ? Math.Min(buffer.Length, prefix.Length - position) : rest.Read(buffer);
        if (position < prefix.Length)
        {
            prefix.AsSpan(position, count).CopyTo(buffer);
            position += count;
        }
        Watch(buffer[..count]);
        return count;
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
            rest.Dispose();
        base.Dispose(disposing);
    }

    private void Watch(ReadOnlySpan<byte> read)
    {
        if (read.IsEmpty)
            return;
        // A member may begin in one block and go on in the next.
        Span<byte> seam = stackalloc byte[tail.Length + start.Length - 1];
        tail.CopyTo(seam);
        ReadOnlySpan<byte> head = read[..Math.Min(read.Length, start.Length - 1)];
        head.CopyTo(seam[tail.Length..]);
        ReadOnlySpan<byte> inside = length == 0 ? read[1..] : read;
        hasMoreMembers |= inside.IndexOf(start) >= 0 || (length > tail.Length && seam[..(tail.Length + head.Length)].IndexOf(start) >= 0);
        length += read.Length;
        if (read.Length >= tail.Length)
        {
            read[^tail.Length..].CopyTo(tail);
            return;
        }
        tail.AsSpan(read.Length).CopyTo(tail);
        read.CopyTo(tail.AsSpan(tail.Length - read.Length));
    }
}
