namespace Heed;

/// <summary>The coarser levels of one head's weights, made while its rows come in: each level halves rows and keys. In memory are one row of sums and of maxima a level.</summary>
/// <remarks>A cell at the end of an odd side covers fewer weights, and its mean is over those. Sums are kept in double precision, so a mean is that of the weights rounded once.</remarks>
internal sealed class TracePyramid
{
    /// <summary>Sides of the coarsest level at most.</summary>
    public const int CoarsestSide = 64;

    private readonly Level[] levels;
    private readonly int keys;
    private readonly Action<int, int, float[], float[]> emit;

    /// <summary>Starts with no rows.</summary>
    /// <param name="rows">Rows that will come.</param>
    /// <param name="keys">Weights of a row.</param>
    /// <param name="emit">Takes a level (from 1), the row in it, its means and its maxima.</param>
    public TracePyramid(int rows, int keys, Action<int, int, float[], float[]> emit)
    {
        (this.keys, this.emit) = (keys, emit);
        levels = [.. Enumerable.Range(1, CountOf(rows, keys)).Select(level => new Level(Side(keys, level)))];
    }

    /// <summary>Coarser levels, until both sides are short.</summary>
    public static int CountOf(int rows, int keys)
    {
        int count = 0;
        while (Math.Max(Side(rows, count), Side(keys, count)) > CoarsestSide)
            count++;
        return count;
    }

    /// <summary>How long a side is at a level.</summary>
    public static int Side(int length, int level) => (int)(((long)length + (1L << level) - 1) >> level);

    /// <summary>Takes the next row.</summary>
    public void Add(ReadOnlySpan<float> row)
    {
        if (levels.Length == 0)
            return;
        Level to = levels[0];
        for (int k = 0; k < row.Length; k++)
        {
            to.Sums[k >> 1] += row[k];
            to.Maxima[k >> 1] = Math.Max(to.Maxima[k >> 1], row[k]);
        }
        to.Rows++;
        if (++to.Parts == 2)
            Pass(1);
    }

    /// <summary>Gives out what an odd number of rows left.</summary>
    public void Finish()
    {
        for (int level = 1; level <= levels.Length; level++)
        {
            if (levels[level - 1].Parts > 0)
                Pass(level);
        }
    }

    private void Pass(int level)
    {
        Level from = levels[level - 1];
        float[] means = new float[from.Sums.Length];
        for (int k = 0; k < means.Length; k++)
            means[k] = (float)(from.Sums[k] / ((double)from.Rows * (Math.Min(keys, (long)(k + 1) << level) - ((long)k << level))));
        emit(level, from.Emitted++, means, from.Maxima);
        if (level < levels.Length)
        {
            Level to = levels[level];
            for (int k = 0; k < means.Length; k++)
            {
                to.Sums[k >> 1] += from.Sums[k];
                to.Maxima[k >> 1] = Math.Max(to.Maxima[k >> 1], from.Maxima[k]);
            }
            to.Rows += from.Rows;
            to.Parts++;
        }
        from.Clear();
        if (level < levels.Length && levels[level].Parts == 2)
            Pass(level + 1);
    }

    private sealed class Level(int keys)
    {
        public double[] Sums { get; } = new double[keys];

        public float[] Maxima { get; } = new float[keys];

        /// <summary>Rows of the weights themselves in it.</summary>
        public long Rows { get; set; }

        /// <summary>Rows of the level before in it.</summary>
        public int Parts { get; set; }

        public int Emitted { get; set; }

        public void Clear()
        {
            Array.Clear(Sums);
            Array.Clear(Maxima);
            (Rows, Parts) = (0, 0);
        }
    }
}
