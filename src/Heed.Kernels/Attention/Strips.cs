namespace Heed.Kernels;

/// <summary>How the rows of a task are cut into strips, each at most a register tile high.</summary>
internal static unsafe class Strips
{
    /// <summary>Rows at whose multiples strips end: <see cref="IAttentionMask.QueryBlock"/> of all heads of a group.</summary>
    /// <param name="queryBlock">What the mask says.</param>
    /// <param name="group">Query heads for each key head.</param>
    public static int Period(int queryBlock, int group) => (int)Math.Min(int.MaxValue, (long)queryBlock * group);

    /// <summary>No cut has more strips.</summary>
    /// <param name="rows">Rows of the task.</param>
    /// <param name="height">Rows of a register tile.</param>
    public static int Most(int rows, int height) => (2 * rows / height) + 3;

    /// <summary>Where strips start, and behind them where the last one ends; how many there are.</summary>
    /// <remarks>No strip reaches across a multiple of the period, counted from the sequence's first row: there a mask says something else, and a strip would look at the keys of both its sides.
    /// Between two lines strips are equal, since a lower tile is as fast a row.</remarks>
    /// <param name="firstRow">The task's first row in the sequence.</param>
    /// <param name="rows">Rows of the task.</param>
    /// <param name="period">Rows from line to line; one below the height is not kept, nor by rows that make one strip; 0 is none.</param>
    /// <param name="height">Rows of a register tile.</param>
    /// <param name="starts">Room for <see cref="Most"/> + 1 rows of the task.</param>
    public static int Cut(int firstRow, int rows, int period, int height, int* starts)
    {
        int n = 0;
        bool isFree = period < height || rows <= height;
        for (int row = 0, end; row < rows; row = end)
        {
            end = isFree ? rows : (int)Math.Min(rows, (long)row + period - ((firstRow + row) % period));
            int pieces = (end - row + height - 1) / height, length = end - row;
            for (int i = 0; i < pieces; i++)
                starts[n++] = row + (isFree ? i * height : (int)((long)length * i / pieces));
        }
        starts[n] = rows;
        return n;
    }
}
