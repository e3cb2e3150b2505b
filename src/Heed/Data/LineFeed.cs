namespace Heed;

/// <summary>Lines of a text as spans over one buffer; ends at <c>\n</c> or <c>\r\n</c>, which do not belong to the line.</summary>
internal sealed class LineFeed(TextReader reader, string name, int maximumLength)
{
    private char[] buffer = new char[1 << 14];
    private int start, end;
    private bool ended;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next line, which stays the next one.</summary>
    public bool TryPeek(out ReadOnlySpan<char> line) => TryFind(out line, out _);

    /// <summary>The next line; it is valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<char> line)
    {
        if (!TryFind(out line, out int consumed))
            return false;
        start += consumed;
        Line++;
        return true;
    }

    private bool TryFind(out ReadOnlySpan<char> line, out int consumed)
    {
        int searched = 0;
        while (true)
        {
            ReadOnlySpan<char> pending = buffer.AsSpan(start, end - start);
            int length = pending[searched..].IndexOf('\n');
            if (length >= 0)
            {
                length += searched;
                consumed = length + 1;
                line = Trim(pending[..length]);
                return true;
            }
            searched = pending.Length;
            if (ended)
            {
                consumed = pending.Length;
                line = Trim(pending);
                return !pending.IsEmpty;
            }
            if (pending.Length > maximumLength)
                throw TooLong(Line + 1);
            Fill();
        }
    }

    public InputException TooLong(long line) => new(FormattableString.Invariant(
        $"a row is longer than {maximumLength} characters; is a quote not closed, or is this no text file?"), name, line);

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> line) => line is [.., '\r'] ? line[..^1] : line;

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        // The decoder wants room for a surrogate pair.
        if (buffer.Length - end < 2)
            Array.Resize(ref buffer, buffer.Length * 2);
        int read = reader.Read(buffer.AsSpan(end));
        // A reader of the caller may still hold the mark that a decoder left in.
        if (Line == 0 && start == 0 && end == 0 && read > 0 && buffer[0] == '\uFEFF')
            start = 1;
        end += read;
        ended = read == 0;
    }
}
