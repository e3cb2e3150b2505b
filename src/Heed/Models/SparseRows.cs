using Heed.Kernels;

namespace Heed;

/// <summary>Rows of few values each, readable by row and by column, so that both products are made without a shared sum.</summary>
internal sealed class SparseRows
{
    private const int RowsPerTask = 256, ColumnsPerTask = 2048;
    private readonly long[] rowStarts, columnStarts;
    private readonly int[] columns, rows;
    private readonly float[] values, columnValues;

    /// <summary>Takes rows.</summary>
    /// <param name="source">Column and value of each entry, row by row.</param>
    /// <param name="columnCount">Number of columns.</param>
    public SparseRows(IReadOnlyList<(int Column, float Value)[]> source, int columnCount)
    {
        RowCount = source.Count;
        ColumnCount = columnCount;
        rowStarts = new long[RowCount + 1];
        for (int r = 0; r < RowCount; r++)
            rowStarts[r + 1] = rowStarts[r] + source[r].Length;
        columns = new int[rowStarts[^1]];
        values = new float[columns.Length];
        columnStarts = new long[columnCount + 1];
        for (int r = 0; r < RowCount; r++)
        {
            for (int i = 0; i < source[r].Length; i++)
            {
                (columns[rowStarts[r] + i], values[rowStarts[r] + i]) = source[r][i];
                columnStarts[source[r][i].Column + 1]++;
            }
        }
        for (int c = 0; c < columnCount; c++)
            columnStarts[c + 1] += columnStarts[c];
        rows = new int[columns.Length];
        columnValues = new float[columns.Length];
        long[] next = [.. columnStarts];
        for (int r = 0; r < RowCount; r++)
        {
            for (long i = rowStarts[r]; i < rowStarts[r + 1]; i++)
            {
                long at = next[columns[i]]++;
                (rows[at], columnValues[at]) = (r, values[i]);
            }
        }
    }

    public int RowCount { get; }

    public int ColumnCount { get; }

    /// <summary>y (rows, outputs) = x·w + bias, w (columns, outputs).</summary>
    public void Multiply(float[] w, float[] bias, float[] y)
    {
        int outputs = bias.Length;
        Share(RowCount, RowsPerTask, r =>
        {
            Span<float> result = y.AsSpan(r * outputs, outputs);
            bias.CopyTo(result);
            for (long i = rowStarts[r]; i < rowStarts[r + 1]; i++)
                AddScaled(w.AsSpan(columns[i] * outputs, outputs), values[i], result);
        });
    }

    /// <summary>g (columns, outputs) = xᵀ·dy, dy (rows, outputs).</summary>
    public void MultiplyTransposed(float[] dy, int outputs, float[] g) => Share(ColumnCount, ColumnsPerTask, c =>
    {
        Span<float> result = g.AsSpan(c * outputs, outputs);
        result.Clear();
        for (long i = columnStarts[c]; i < columnStarts[c + 1]; i++)
            AddScaled(dy.AsSpan(rows[i] * outputs, outputs), columnValues[i], result);
    });

    private static void AddScaled(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        for (int k = 0; k < y.Length; k++)
            y[k] += factor * x[k];
    }

    // Each index is one thread's alone, so results do not depend on how they are shared.
    private static void Share(int count, int perTask, Action<int> one) => Parallel.For(
        0, (count + perTask - 1) / perTask, new ParallelOptions { MaxDegreeOfParallelism = Workers.Degree }, task =>
        {
            for (int i = task * perTask, end = Math.Min(count, i + perTask); i < end; i++)
                one(i);
        });
}
