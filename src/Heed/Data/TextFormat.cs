namespace Heed;

/// <summary>How a file of texts is written. All may be plain or gzip, and in any encoding.</summary>
public enum TextFormat
{
    /// <summary>From the file's ending (<c>.tsv</c>, <c>.tab</c>, <c>.csv</c>, <c>.jsonl</c>, <c>.ndjson</c>, before a <c>.gz</c>), else from its
    /// first line.</summary>
    Guess,

    /// <summary>Fields between tabs, one row a line; no quoting unless asked.</summary>
    Tsv,

    /// <summary>Fields between commas, semicolons, tabs or bars, quoted as RFC 4180 says.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    /// <summary>Each line is one text, without label.</summary>
    Lines,
}

/// <summary>What a reader found out about a file.</summary>
/// <param name="Kind">The format; never <see cref="TextFormat.Guess"/>.</param>
/// <param name="Separator">Tab, comma, semicolon, …; null where there are no columns.</param>
/// <param name="HasHeader">Whether the first line names the columns.</param>
/// <param name="IsCompressed">Whether the file is gzip.</param>
public sealed record TableFormat(TextFormat Kind, char? Separator, bool HasHeader, bool IsCompressed)
{
    /// <summary>The encoding of the file.</summary>
    public string Encoding { get; init; } = TextEncodingName.Utf8;

    /// <summary>For people: <c>CSV with semicolons, header, windows-1252, gzip</c>; UTF-8 is not mentioned.</summary>
    public override string ToString()
    {
        string name = Kind switch
        {
            TextFormat.Csv => Separator switch { ';' => "CSV with semicolons", ',' => "CSV with commas", '\t' => "CSV with tabs", '|' => "CSV with bars", _ => $"CSV with '{Separator}'" },
            TextFormat.JsonLines => "JSON Lines",
            TextFormat.Lines => "one text a line",
            _ => "TSV",
        };
        return name + (HasHeader ? ", header" : "") + (Encoding == TextEncodingName.Utf8 ? "" : ", " + Encoding) + (IsCompressed ? ", gzip" : "");
    }
}
