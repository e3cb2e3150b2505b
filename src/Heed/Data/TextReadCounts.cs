using System.Globalization;

namespace Heed;

/// <summary>What became of the rows of a file.</summary>
/// <param name="Read">Rows read, with those that were dropped, without the header.</param>
/// <param name="Kept">Rows kept.</param>
/// <param name="Dropped">How many were dropped for which reason; only reasons that occurred.</param>
public sealed record TextReadCounts(long Read, long Kept, IReadOnlyList<DroppedRows> Dropped)
{
    /// <summary>How many kept rows have something that is worth knowing; only what occurred.</summary>
    public IReadOnlyList<DroppedRows> Noted { get; init; } = [];

    /// <summary>For people: <c>5,574 rows read, 5,160 kept (duplicates: 414)</c>, with <c>; without price: 12</c> behind it.</summary>
    public override string ToString()
    {
        string kept = string.Create(CultureInfo.InvariantCulture, $"{Read:N0} rows read, {Kept:N0} kept");
        return kept + (Dropped.Count == 0 ? "" : $" ({List(Dropped)})") + (Noted.Count == 0 ? "" : $"; {List(Noted)}");
    }

    private static string List(IReadOnlyList<DroppedRows> reasons) =>
        string.Join(", ", reasons.Select(rows => string.Create(CultureInfo.InvariantCulture, $"{rows.Reason}: {rows.Count:N0}")));
}

/// <summary>Rows that were dropped, or noted, for one reason.</summary>
/// <param name="Reason">The reason: <c>empty lines</c>, <c>empty texts</c>, <c>duplicates</c>, <c>without label</c>, ….</param>
/// <param name="Count">How many.</param>
public sealed record DroppedRows(string Reason, long Count);
