using System.Globalization;

namespace Heed;

/// <summary>A number as people write it into a table.</summary>
internal static class NumberField
{
    private static readonly HashSet<string> missing = new(["", "NA", "N/A", "NaN", "null", "none", "?"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the field stands for no value.</summary>
    public static bool IsMissing(string field) => missing.Contains(field);

    /// <summary>The number; NaN for a missing one.</summary>
    /// <returns>Whether it is a finite number or a missing one.</returns>
    public static bool TryRead(string field, out double number)
    {
        if (IsMissing(field))
        {
            number = double.NaN;
            return true;
        }
        return double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }

    /// <summary>What is wrong with a field, and the likely fix.</summary>
    public static string Complaint(string field, string column) => $"'{NearestName.Shown(field)}' in {column} is no number; "
        + (field.Contains(',', StringComparison.Ordinal) ? "write a decimal point, and nothing between thousands." : "write it as 3 or 3.5 or 1e-3.");
}
