namespace Heed;

/// <summary>The format and separator of a file whose options leave them open.</summary>
internal static class FormatGuess
{
    public static TextFormat Kind(string firstLine, string name, TextReadOptions options)
    {
        if (options.Format != TextFormat.Guess)
            return options.Format;
        string plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        return Path.GetExtension(plain).ToLowerInvariant() switch
        {
            ".tsv" or ".tab" => TextFormat.Tsv,
            ".csv" => TextFormat.Csv,
            ".jsonl" or ".ndjson" => TextFormat.JsonLines,
            _ => FromFirstLine(firstLine, options),
        };
    }

    public static char? Separator(TextFormat kind, string firstLine, TextReadOptions options) => kind switch
    {
        TextFormat.Tsv => '\t',
        TextFormat.Csv => options.Separator ?? (Unquoted(firstLine, ';') > Unquoted(firstLine, ',') ? ';' : ','),
        _ => null,
    };

    private static TextFormat FromFirstLine(string firstLine, TextReadOptions options)
    {
        if (firstLine.StartsWith('{') && firstLine.Contains($"\"{options.Text}\"", StringComparison.Ordinal))
            return TextFormat.JsonLines;
        if (firstLine.Split('\t').Contains(options.Text, StringComparer.Ordinal))
            return TextFormat.Tsv;
        if (firstLine.Split(',', ';').Any(field => field.Trim('"') == options.Text))
            return TextFormat.Csv;
        if (options.Label is null || !options.LabelRequired)
            return TextColumns.IsNumber(options.Text) && firstLine.Contains('\t') ? TextFormat.Tsv : TextFormat.Lines;
        return firstLine.Contains('\t') || !firstLine.AsSpan().ContainsAny(',', ';') ? TextFormat.Tsv : TextFormat.Csv;
    }

    private static int Unquoted(string line, char separator)
    {
        int count = 0;
        bool quoted = false;
        foreach (char c in line)
        {
            quoted ^= c == '"';
            count += c == separator && !quoted ? 1 : 0;
        }
        return count;
    }
}
