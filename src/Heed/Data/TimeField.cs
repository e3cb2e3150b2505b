using System.Globalization;

namespace Heed;

/// <summary>A time as people write it into a table: a number (a year, seconds since some day) or a date of ISO 8601, without time zone in UTC.</summary>
internal static class TimeField
{
    private static readonly string[] forms =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
        "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
        "yyyy/MM/dd", "yyyy/MM/dd HH:mm", "yyyy/MM/dd HH:mm:ss", "yyyy-MM", "yyyyMMddTHHmmss", "yyyyMMddTHHmmssK",
    ];

    /// <summary>The place in time, comparable among dates and among numbers.</summary>
    public static bool TryRead(string field, out double time, out bool isNumber)
    {
        isNumber = double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out time) && double.IsFinite(time);
        if (isNumber)
            return true;
        bool isDate = DateTimeOffset.TryParseExact(field, forms, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset date);
        time = date.UtcTicks;
        return isDate;
    }

    /// <summary>What is wrong with a field, and the fix.</summary>
    public static string Complaint(string field) => field.Length == 0 ? "the time is empty; fill it in or remove the row."
        : $"'{NearestName.Shown(field)}' is no time; write a number, or a date such as 2026-11-25 or 2026-11-25T14:30:00Z.";
}
