using System.Globalization;

namespace Heed;

/// <summary>Where the wanted columns of a table stand (−1: nowhere).</summary>
internal sealed record TextColumns(IReadOnlyList<string> Names, IReadOnlyList<int> Places, bool HasHeader)
{
    public static TextColumns Choose(IReadOnlyList<string> first, RowPlan plan, TextReadOptions options, string name, long line)
    {
        bool header = options.Header ?? !plan.Wanted.All(column => IsNumber(column.Name));
        // A file of nothing but texts, for prediction, needs no header.
        if (options.Header is null && first.Count == 1 && first[0] != options.Text && !plan.Wanted.Skip(1).Any(column => column.IsRequired))
            return new TextColumns(first, [0, .. plan.Wanted.Skip(1).Select(_ => -1)], HasHeader: false);
        int[] places = new int[plan.Wanted.Count];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = Find(plan.Wanted[i].Name, first, header);
            if (places[i] < 0 && plan.Wanted[i].IsRequired)
                throw Missing(plan.Wanted[i], first, header, name, line);
        }
        return new TextColumns(first, places, header);
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

    private static InputException Missing(WantedColumn wanted, IReadOnlyList<string> first, bool header, string name, long line)
    {
        (string column, string role) = (wanted.Name, wanted.Role);
        string there = first.Count == 1 ? "one column" : string.Create(CultureInfo.InvariantCulture, $"{first.Count} columns");
        string message = !header && IsNumber(column) ? $"there is no column {column} for the {role}; the first line has {there}."
            : !header ? $"the {role} column '{column}' is no number, but the file was said to have no header and has {there}; give a number from 1."
            : $"there is no column '{column}' for the {role}; the first line has {NearestName.List(first)}.{NearestName.Hint(column, first)}"
                + " If the file has no header line, give the columns by number, from 1.";
        return new InputException(message, name, line);
    }
}
