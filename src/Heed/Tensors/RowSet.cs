using System.Collections;

namespace Heed;

/// <summary>A set of row numbers that remembers the order of first insertion; clearing costs only what it holds.</summary>
internal sealed class RowSet(int capacity) : IReadOnlyList<int>
{
    private readonly bool[] marked = new bool[capacity];
    private readonly List<int> rows = [];

    public int Count => rows.Count;

    public int this[int index] => rows[index];

    /// <summary>For each row of the matrix, whether it is in the set.</summary>
    public ReadOnlySpan<bool> Marked => marked;

    public void Add(int row)
    {
        if (marked[row])
            return;
        marked[row] = true;
        rows.Add(row);
    }

    public void Clear()
    {
        foreach (int row in rows)
            marked[row] = false;
        rows.Clear();
    }

    /// <summary>Sets the rows of a matrix to 0.</summary>
    public void ClearRowsOf(Span<float> matrix, int rowLength)
    {
        foreach (int row in rows)
            matrix.Slice(row * rowLength, rowLength).Clear();
    }

    public IEnumerator<int> GetEnumerator() => rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
