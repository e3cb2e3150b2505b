using System.Buffers;
using System.IO.Compression;
using System.Text.Unicode;

namespace Heed;

/// <summary>Decodes UTF-8 strictly: a byte that belongs to no character is an error with its line, not a replacement character.</summary>
internal sealed class Utf8Reader : TextReader
{
    private readonly Stream stream;
    private readonly string name;
    private readonly byte[] bytes = new byte[1 << 16];
    private int start, end, column;
    private long line = 1;
    private bool ended;

    private Utf8Reader(Stream stream, string name, bool isCompressed) => (this.stream, this.name, IsCompressed) = (stream, name, isCompressed);

    /// <summary>Whether the bytes are gzip, by the first two of them.</summary>
    public bool IsCompressed { get; }

    public static Utf8Reader Open(string path)
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

    /// <summary>Takes the stream over; it is closed with the reader.</summary>
    public static Utf8Reader Open(Stream stream, string name)
    {
        var reader = new Utf8Reader(stream, name, isCompressed: false);
        reader.Fill(atLeast: 4);
        if (reader.Pending is [0x1F, 0x8B, ..])
        {
            var whole = new PrefixedStream(reader.Pending.ToArray(), stream);
            reader = new Utf8Reader(new GZipStream(whole, CompressionMode.Decompress), name, isCompressed: true);
            reader.Fill(atLeast: 4);
        }
        reader.SkipMark();
        return reader;
    }

    public override int Read(Span<char> buffer)
    {
        while (true)
        {
            OperationStatus status = Utf8.ToUtf16(bytes.AsSpan(start, end - start), buffer, out int read, out int written,
                replaceInvalidSequences: false, isFinalBlock: ended);
            start += read;
            Advance(buffer[..written]);
            if (written > 0)
                return written;
            if (status == OperationStatus.InvalidData || (status == OperationStatus.NeedMoreData && ended))
                throw new InputException("this is not UTF-8 text; save the file as UTF-8.", name, line, column + 1);
            if (ended || buffer.Length < 2)
                return 0;
            Fill(atLeast: end - start + 1);
        }
    }

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read()
    {
        // One unit at a time could split a surrogate pair, which the decoder cannot.
        throw new NotSupportedException("Utf8Reader reads into spans.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Dispose();
        base.Dispose(disposing);
    }

    private ReadOnlySpan<byte> Pending => bytes.AsSpan(start, end - start);

    private void SkipMark()
    {
        ReadOnlySpan<byte> first = Pending;
        if (first is [0xEF, 0xBB, 0xBF, ..])
            start += 3;
        else if (first is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new InputException("this is UTF-16 text; save the file as UTF-8.", name);
        else if (first is [(byte)'P', (byte)'K', 3, 4, ..])
            throw new InputException("this is a ZIP archive or a spreadsheet; save the table as CSV or TSV in UTF-8.", name);
    }

    private void Advance(ReadOnlySpan<char> decoded)
    {
        int last = decoded.LastIndexOf('\n');
        if (last < 0)
        {
            column += decoded.Length;
            return;
        }
        line += decoded.Count('\n');
        column = decoded.Length - last - 1;
    }

    private void Fill(int atLeast)
    {
        Pending.CopyTo(bytes);
        (start, end) = (0, end - start);
        try
        {
            while (!ended && end < atLeast)
            {
                int read = stream.Read(bytes.AsSpan(end));
                ended = read == 0;
                end += read;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InputException($"the file cannot be read to its end ({e.Message.TrimEnd('.')}); copy or compress it again.",
                name, line, innerException: e);
        }
    }

    /// <summary>Bytes that were read ahead, then the rest of a stream that need not be seekable.</summary>
    private sealed class PrefixedStream(byte[] prefix, Stream rest) : Stream
    {
        private int position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (position == prefix.Length)
                return rest.Read(buffer);
            int count = Math.Min(buffer.Length, prefix.Length - position);
            prefix.AsSpan(position, count).CopyTo(buffer);
            position += count;
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
    }
}
