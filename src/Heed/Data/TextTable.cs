using System.Collections;
using System.Globalization;

namespace Heed;

/// <summary>Reads the rows of a TSV, CSV or JSON Lines file one after the other, in constant memory.</summary>
/// <remarks>
/// <para>UTF-8 with or without byte order mark, UTF-16 with one, or the encoding that <see cref="TextReadOptions.Encoding"/> names; plain or gzip (by
/// content, not by name). A bad row, a missing column, a NUL character or bytes that are not in the encoding end the reading with one
/// <see cref="InputException"/> that names file, line and column.</para>
/// <para>Lines end in <c>\n</c> or <c>\r\n</c>. Empty lines are skipped, but where a line is nothing but a text. Not thread-safe; one pass.</para>
/// </remarks>
public sealed class TextTable : IEnumerable<TextRow>, IDisposable
{
    private readonly TextReader reader;
    private readonly LineFeed feed;
    private readonly string name;
    private readonly TextReadOptions options;
    private readonly DelimitedRecord? record;
    private readonly JsonRecord? json;
    private readonly RowPlan plan;
    private readonly TextColumns columns;
    private readonly string?[] fields;
    private bool firstIsRow;

    private TextTable(TextReader reader, TextReadOptions options, string name)
    {
        (this.reader, this.options, this.name) = (reader, options, name);
        feed = new LineFeed(reader, name, options.MaximumRowLength);
        if (!feed.TryPeek(out ReadOnlySpan<char> first))
            throw new InputException("the file is empty; it needs at least one row.", name);
        string firstLine = first.ToString();
        plan = new RowPlan(options);
        (TextFormat kind, char? separator) = FormatGuess.Of(firstLine, name, options, plan);
        fields = new string?[plan.Wanted.Count];
        columns = new TextColumns([], [], HasHeader: false);
        if (kind == TextFormat.JsonLines)
            json = new JsonRecord(name, plan, options.LabelSeparator);
        else if (separator is { } between)
        {
            record = new DelimitedRecord(feed, name, between, options.Quoted ?? kind == TextFormat.Csv, options.MaximumRowLength);
            record.TryRead();
            columns = TextColumns.Choose([.. record.Fields], plan, options, name, record.Line);
        }
        firstIsRow = record is not null && !columns.HasHeader;
        var decoded = reader as DecodedText;
        Format = new TableFormat(kind, separator, columns.HasHeader, decoded?.IsCompressed == true) { Encoding = decoded?.EncodingName ?? TextEncodingName.Utf8 };
    }

    /// <summary>What was found out about the file.</summary>
    public TableFormat Format { get; }

    /// <summary>The names of the columns; empty without header.</summary>
    public IReadOnlyList<string> Columns => columns.HasHeader ? columns.Names : [];

    /// <summary>How many empty lines were skipped so far.</summary>
    public long BlankLines { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Columns and format; default if null.</param>
    /// <exception cref="InputException">The file is missing, empty, in another encoding, or has no such column.</exception>
    public static TextTable Open(string path, TextReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new TextReadOptions();
        options.Validate();
        return Open(DecodedText.Open(path, options.Encoding), options, path);
    }

    /// <summary>Opens bytes, for example standard input; plain or gzip.</summary>
    /// <param name="stream">The bytes; closed with the table. It need not be seekable.</param>
    /// <param name="options">Columns and format; default if null.</param>
    /// <param name="name">What messages call it; its ending counts for the format as that of a file.</param>
    /// <exception cref="InputException">It is empty, in another encoding, or has no such column.</exception>
    public static TextTable Open(Stream stream, TextReadOptions? options = null, string name = "standard input")
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new TextReadOptions();
        options.Validate();
        return Open(DecodedText.Open(stream, name, options.Encoding), options, name);
    }

    /// <summary>Opens text that is decoded already.</summary>
    /// <param name="reader">The text; closed with the table.</param>
    /// <param name="options">Columns and format; default if null.</param>
    /// <param name="name">What messages call it; its ending counts for the format as that of a file.</param>
    /// <exception cref="InputException">It is empty or has no such column.</exception>
    public static TextTable Open(TextReader reader, TextReadOptions? options = null, string name = "standard input")
    {
        ArgumentNullException.ThrowIfNull(reader);
        options ??= new TextReadOptions();
        options.Validate();
        try
        {
            return new TextTable(reader, options, name);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The rows of a file, read while they are asked for.</summary>
    /// <param name="path">The file; opened with the first row and closed with the last.</param>
    /// <param name="options">Columns and format; default if null.</param>
    /// <exception cref="InputException">The file is missing, empty, or has a row that cannot be read; thrown while rows are read.</exception>
    public static IEnumerable<TextRow> ReadRows(string path, TextReadOptions? options = null)
    {
        using TextTable table = Open(path, options);
        foreach (TextRow row in table)
            yield return row;
    }

    /// <summary>The rows of a text that is decoded already, read while they are asked for.</summary>
    /// <param name="reader">The text; closed behind the last row.</param>
    /// <param name="options">Columns and format; default if null.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="InputException">The text is empty or has a row that cannot be read; thrown while rows are read.</exception>
    public static IEnumerable<TextRow> ReadRows(TextReader reader, TextReadOptions? options = null, string name = "standard input")
    {
        using TextTable table = Open(reader, options, name);
        foreach (TextRow row in table)
            yield return row;
    }

    /// <summary>The rows that were not read yet.</summary>
    public IEnumerator<TextRow> GetEnumerator() => (record is not null ? DelimitedRows() : json is not null ? JsonRows() : Lines()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the file.</summary>
    public void Dispose() => reader.Dispose();

    private IEnumerable<TextRow> DelimitedRows()
    {
        while (firstIsRow || record!.TryRead())
        {
            firstIsRow = false;
            if (record!.IsBlank && columns.Names.Count > 1)
                BlankLines++;
            else if (record.Fields.Count == columns.Names.Count)
                yield return Labelled(RowOf(record));
            else
                throw Ragged(record);
        }
    }

    private IEnumerable<TextRow> JsonRows()
    {
        while (feed.TryRead(out ReadOnlySpan<char> line))
        {
            if (line.IsWhiteSpace())
                BlankLines++;
            else
                yield return Labelled(json!.Read(line, feed.Line));
        }
    }

    private IEnumerable<TextRow> Lines()
    {
        while (feed.TryRead(out ReadOnlySpan<char> line))
            yield return new TextRow(line.ToString(), null, feed.Line);
    }

    private TextRow RowOf(DelimitedRecord row)
    {
        for (int i = 0; i < fields.Length; i++)
            fields[i] = columns.Places[i] < 0 ? null : row.Fields[columns.Places[i]];
        return plan.Row(fields, row.Line);
    }

    private TextRow Labelled(TextRow row) => row.Label is not "" || options.Target == TargetKind.Multi ? row : options.LabelRequired
        ? throw new InputException($"the label is empty; fill in '{options.Label}' or remove the row.", name, row.Line)
        : row with { Label = null };

    private InputException Ragged(DelimitedRecord row)
    {
        int expected = columns.Names.Count, got = row.Fields.Count;
        string fix = got < expected ? "a separator is missing, or the text holds a line end"
            : Format.Kind == TextFormat.Csv ? "a text that holds a separator must stand in double quotes"
            : "a tab inside a text must become a space (or ask for quoting)";
        return new InputException(string.Create(CultureInfo.InvariantCulture,
            $"the row has {got} field{(got == 1 ? "" : "s")}, the first line has {expected}; {fix}."), name, row.Line,
            got > expected ? row.Columns[expected] : row.EndColumn);
    }
}
