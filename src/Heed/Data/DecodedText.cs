using System.Buffers;

namespace Heed;

/// <summary>Decodes bytes strictly: one that belongs to no character is an error with its line, not a replacement character.</summary>
internal sealed class DecodedText : TextReader
{
    private readonly ByteFeed feed;
    private readonly string name;
    private readonly IByteDecoder decoder;
    private readonly EncodingDoubt? doubt;
    private int column;
    private long line = 1;
    // What is wrong behind the characters that were handed out.
    private string? fault;

    private DecodedText(ByteFeed feed, string name, IByteDecoder decoder)
    {
        (this.feed, this.name, this.decoder) = (feed, name, decoder);
        doubt = decoder is NamedByteDecoder ? new EncodingDoubt(decoder.Name) : null;
    }

    /// <summary>Whether the bytes are gzip, by the first two of them.</summary>
    public bool IsCompressed => feed.IsCompressed;

    /// <summary>The encoding that is used.</summary>
    public string EncodingName => decoder.Name;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">Its encoding; null for UTF-8, or UTF-16 where a byte order mark says so.</param>
    public static DecodedText Open(string path, string? encoding) => Open(ByteFeed.Open(path), path, encoding);

    /// <summary>Takes the stream over; it is closed with the reader.</summary>
    public static DecodedText Open(Stream stream, string name, string? encoding) => Open(ByteFeed.Open(stream, name), name, encoding);

    private static DecodedText Open(ByteFeed feed, string name, string? encoding)
    {
        try
        {
            string chosen = ByteOrderMark.Choose(feed, name, encoding is null ? null : TextEncodingName.Normal(encoding));
            return new DecodedText(feed, name, chosen == TextEncodingName.Utf8 ? new Utf8ByteDecoder() : new NamedByteDecoder(chosen));
        }
        catch
        {
            feed.Dispose();
            throw;
        }
    }

    public override int Read(Span<char> buffer)
    {
        while (true)
        {
            if (fault is not null)
                throw new InputException(fault, name, line, column + 1);
            ReadOnlySpan<byte> pending = feed.Pending;
            OperationStatus status = decoder.Decode(pending, buffer, feed.HasEnded, out int read, out int written);
            int zero = buffer[..written].IndexOf('\0');
            if (zero >= 0)
                (fault, written) = (ZeroFault(), zero);
            else if (status == OperationStatus.InvalidData)
                fault = EncodingFault();
            else if (doubt?.Of(pending[..read], buffer[..written], feed.HasEnded && read == pending.Length) is { } about)
                fault = about;
            feed.Take(read);
            Advance(buffer[..written]);
            if (written > 0)
                return written;
            if (fault is not null)
                continue;
            if ((feed.HasEnded && feed.Pending.IsEmpty) || buffer.Length < 2)
                return 0;
            feed.Fill(feed.Pending.Length + 1, line);
        }
    }

    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    public override int Read()
    {
        // One unit at a time could split a surrogate pair, which the decoder cannot.
        throw new NotSupportedException("DecodedText reads into spans.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            feed.Dispose();
        base.Dispose(disposing);
    }

    private string EncodingFault()
    {
        string? guess = EncodingGuess.Of(feed.Recent);
        if (FileKind.Of(feed.Head) is { } kind)
            return $"this is {kind}; save the table as CSV or TSV in UTF-8.";
        string what = EncodingName == TextEncodingName.Utf8 ? "this is not UTF-8 text" : $"this byte is no character of {EncodingName}";
        return guess is null || guess == EncodingName ? $"{what}; save the file as UTF-8, or name its encoding."
            : $"{what}; it looks like {guess}. Name that encoding, or save the file as UTF-8.";
    }

    private string ZeroFault()
    {
        if (FileKind.Of(feed.Head) is { } kind)
            return $"this is {kind}; save the table as CSV or TSV in UTF-8.";
        return EncodingGuess.Of(feed.Recent) is { } guess && guess.StartsWith("utf-16", StringComparison.Ordinal) && !EncodingName.StartsWith("utf-16", StringComparison.Ordinal)
            ? $"there is a NUL character; this looks like {guess} without byte order mark. Name that encoding, or save the file as UTF-8."
            : "there is a NUL character, which no text holds; is this a text file, and is it whole?";
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
}
