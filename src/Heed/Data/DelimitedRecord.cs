using System.Text;

namespace Heed;

/// <summary>Splits lines into fields; a quoted field may go on over line ends (each becomes <c>\n</c>).</summary>
internal sealed class DelimitedRecord(LineFeed feed, string name, char separator, bool quoted, int maximumLength)
{
    private const int MostFields = 1 << 16;

    private readonly StringBuilder text = new();

    /// <summary>The fields of the record that was read last.</summary>
    public List<string> Fields { get; } = [];

    /// <summary>The column where each field begins, from 1.</summary>
    public List<int> Columns { get; } = [];

    /// <summary>The line where the record begins.</summary>
    public long Line { get; private set; }

    /// <summary>The column behind the record's last character.</summary>
    public int EndColumn { get; private set; }

    /// <summary>Whether the record is an empty line.</summary>
    public bool IsBlank => Fields is [""] && EndColumn == 1;

    public bool TryRead()
    {
        if (!feed.TryRead(out ReadOnlySpan<char> line))
            return false;
        Line = feed.Line;
        Fields.Clear();
        Columns.Clear();
        for (int at = 0; ;)
        {
            Columns.Add(at + 1);
            at = quoted && at < line.Length && line[at] == '"' ? ReadQuoted(ref line, at) : ReadPlain(line, at);
            if (at == line.Length)
                break;
            at++;
            if (Fields.Count == MostFields)
            {
                throw new InputException(FormattableString.Invariant($"the row has more than {MostFields} fields; is the separator right, and is this a table?"),
                    name, Line, at + 1);
            }
        }
        EndColumn = line.Length + 1;
        return true;
    }

    private int ReadPlain(ReadOnlySpan<char> line, int at)
    {
        int length = line[at..].IndexOf(separator);
        if (length < 0)
            length = line.Length - at;
        Fields.Add(line.Slice(at, length).ToString());
        return at + length;
    }

    private int ReadQuoted(ref ReadOnlySpan<char> line, int at)
    {
        (long openLine, int openColumn) = (feed.Line, at + 1);
        text.Clear();
        at++;
        while (true)
        {
            int quote = line[at..].IndexOf('"');
            if (quote < 0)
            {
                text.Append(line[at..]).Append('\n');
                if (text.Length > maximumLength)
                    throw feed.TooLong(openLine);
                if (!feed.TryRead(out line))
                {
                    throw new InputException("the quote that opens here is never closed; close it or double the quotes inside the field.",
                        name, openLine, openColumn);
                }
                at = 0;
                continue;
            }
            text.Append(line.Slice(at, quote));
            at += quote + 1;
            if (at == line.Length || line[at] == separator)
            {
                Fields.Add(text.ToString());
                return at;
            }
            if (line[at] != '"')
            {
                throw new InputException("something follows a closing quote; double the quotes inside a quoted field, "
                    + "or put the whole field into quotes.", name, feed.Line, at + 1);
            }
            text.Append('"');
            at++;
        }
    }
}
