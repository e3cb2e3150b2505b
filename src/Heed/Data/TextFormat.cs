namespace Heed;

/// <summary>How a file of texts is written. All are UTF-8, with or without byte order mark, plain or gzip.</summary>
public enum TextFormat
{
    /// <summary>From the file's ending (<c>.tsv</c>, <c>.tab</c>, <c>.csv</c>, <c>.jsonl</c>, <c>.ndjson</c>, before a <c>.gz</c>), else from its
    /// first line.</summary>
    Guess,

    /// <summary>Fields between tabs, one row a line; no quoting unless asked.</summary>
    Tsv,

    /// <summary>Fields between commas or semicolons, quoted as RFC 4180 says.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    /// <summary>Each line is one text, without label.</summary>
    Lines,
}

/// <summary>What a reader found out about a file.</summary>
/// <param name="Kind">The format; never <see cref="TextFormat.Guess"/>.</param>
/// <param name="Separator">Tab, comma or semicolon; null where there are no columns.</param>
/// <param name="HasHeader">Whether the first line names the columns.</param>
/// <param name="IsCompressed">Whether the file is gzip.</param>
public sealed record TableFormat(TextFormat Kind, char? Separator, bool HasHeader, bool IsCompressed)
{
    /// <summary>For people: <c>CSV with semicolons, header, gzip</c>.</summary>
    public override string ToString()
    {
        string name = Kind switch
        {
            TextFormat.Csv => Separator == ';' ? "CSV with semicolons" : "CSV with commas",
            TextFormat.JsonLines => "JSON Lines",
            TextFormat.Lines => "one text a line",
            _ => "TSV",
        };
        return name + (HasHeader ? ", header" : "") + (IsCompressed ? ", gzip" : "");
    }
}
