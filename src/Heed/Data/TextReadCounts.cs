using System.Globalization;

namespace Heed;

/// <summary>What became of the rows of a file.</summary>
/// <param name="Read">Rows read, with those that were dropped, without the header.</param>
/// <param name="Kept">Rows kept.</param>
/// <param name="Dropped">How many were dropped for which reason; only reasons that occurred.</param>
public sealed record TextReadCounts(long Read, long Kept, IReadOnlyList<DroppedRows> Dropped)
{
    /// <summary>For people: <c>5,574 rows read, 5,160 kept (duplicates: 414)</c>.</summary>
    public override string ToString()
    {
        string kept = string.Create(CultureInfo.InvariantCulture, $"{Read:N0} rows read, {Kept:N0} kept");
        IEnumerable<string> reasons = Dropped.Select(rows => string.Create(CultureInfo.InvariantCulture, $"{rows.Reason}: {rows.Count:N0}"));
        return Dropped.Count == 0 ? kept : $"{kept} ({string.Join(", ", reasons)})";
    }
}

/// <summary>Rows dropped for one reason.</summary>
/// <param name="Reason">The reason: <c>empty lines</c>, <c>empty texts</c> or <c>duplicates</c>.</param>
/// <param name="Count">How many.</param>
public sealed record DroppedRows(string Reason, long Count);
