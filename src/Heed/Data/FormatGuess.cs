namespace Heed;

/// <summary>The format and separator of a file whose options leave them open.</summary>
internal static class FormatGuess
{
    private static readonly char[] separators = [',', ';', '\t', '|'];

    public static (TextFormat Kind, char? Separator) Of(string firstLine, string name, TextReadOptions options, RowPlan plan)
    {
        TextFormat kind = options.Format != TextFormat.Guess ? options.Format
            : options.Separator is not null ? TextFormat.Csv : FromName(name) ?? FromFirstLine(firstLine, options, plan);
        // Many programs write tables with commas under any name, and the name of the column shows it.
        if (kind == TextFormat.Tsv && options.Format == TextFormat.Guess && !firstLine.Contains('\t') && Best(firstLine, plan) is { } other
            && Wanted(firstLine, other, plan) > 0)
            kind = TextFormat.Csv;
        return kind switch
        {
            TextFormat.Tsv => (kind, options.Separator ?? '\t'),
            TextFormat.Csv => (kind, options.Separator ?? Best(firstLine, plan) ?? ','),
            _ => (kind, null),
        };
    }

    private static TextFormat? FromName(string name)
    {
        string plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        return Path.GetExtension(plain).ToLowerInvariant() switch
        {
            ".tsv" or ".tab" => TextFormat.Tsv,
            ".csv" => TextFormat.Csv,
            ".jsonl" or ".ndjson" => TextFormat.JsonLines,
            _ => null,
        };
    }

    private static TextFormat FromFirstLine(string firstLine, TextReadOptions options, RowPlan plan)
    {
        if (firstLine.StartsWith('{') && firstLine.Contains($"\"{options.Text}\"", StringComparison.Ordinal))
            return TextFormat.JsonLines;
        if (firstLine.Split('\t').Contains(options.Text, StringComparer.Ordinal))
            return TextFormat.Tsv;
        if (firstLine.Split(',', ';', '|').Any(field => field.Trim('"') == options.Text))
            return TextFormat.Csv;
        if (!plan.Wanted.Skip(1).Any(column => column.IsRequired))
            return TextColumns.IsNumber(options.Text) && firstLine.Contains('\t') ? TextFormat.Tsv : TextFormat.Lines;
        return firstLine.Contains('\t') || !firstLine.AsSpan().ContainsAny(',', ';') ? TextFormat.Tsv : TextFormat.Csv;
    }

    // The separator that sets most of the wanted names free; then the one that is there most often. None where there is none of them.
    private static char? Best(string firstLine, RowPlan plan)
    {
        char best = separators.MaxBy(separator => (Wanted(firstLine, separator, plan), Unquoted(firstLine, separator)));
        return Unquoted(firstLine, best) > 0 ? best : null;
    }

    private static int Wanted(string firstLine, char separator, RowPlan plan) => Unquoted(firstLine, separator) == 0 ? 0
        : firstLine.Split(separator).Count(field => plan.Wanted.Any(column => column.Name == field.Trim('"')));

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
