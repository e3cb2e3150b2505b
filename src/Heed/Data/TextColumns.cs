using System.Globalization;

namespace Heed;

/// <summary>Which columns of a table hold text and label (−1: none).</summary>
internal sealed record TextColumns(IReadOnlyList<string> Names, int Text, int Label, bool HasHeader)
{
    public static TextColumns Choose(IReadOnlyList<string> first, TextReadOptions options, string name, long line)
    {
        bool header = options.Header ?? !(IsNumber(options.Text) && (options.Label is null || IsNumber(options.Label)));
        // A file of nothing but texts, for prediction, needs no header.
        if (options.Header is null && first.Count == 1 && first[0] != options.Text && (options.Label is null || !options.LabelRequired))
            return new TextColumns(first, 0, -1, HasHeader: false);
        int text = Find(options.Text, first, header) is >= 0 and var found ? found : throw Missing("text", options.Text, first, header, name, line);
        int label = options.Label is null ? -1 : Find(options.Label, first, header);
        if (label < 0 && options.Label is not null && options.LabelRequired)
            throw Missing("label", options.Label, first, header, name, line);
        return new TextColumns(first, text, label, header);
    }

    public static bool IsNumber(string column) => int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0;

    private static int Find(string column, IReadOnlyList<string> first, bool header)
    {
        for (int i = 0; header && i < first.Count; i++)
        {
            if (first[i] == column)
                return i;
        }
        return IsNumber(column) && int.Parse(column, CultureInfo.InvariantCulture) is var number && number <= first.Count ? number - 1 : -1;
    }

    private static InputException Missing(string role, string column, IReadOnlyList<string> first, bool header, string name, long line)
    {
        string there = first.Count == 1 ? "one column" : string.Create(CultureInfo.InvariantCulture, $"{first.Count} columns");
        string message = !header && IsNumber(column) ? $"there is no column {column} for the {role}; the first line has {there}."
            : !header ? $"the {role} column '{column}' is no number, but the file was said to have no header and has {there}; give a number from 1."
            : $"there is no column '{column}' for the {role}; the first line has {NearestName.List(first)}.{NearestName.Hint(column, first)}"
                + " If the file has no header line, give the columns by number, from 1.";
        return new InputException(message, name, line);
    }
}
