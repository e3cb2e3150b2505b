using System.Numerics;

namespace Heed;

/// <summary>The five row filters of PNG (ISO/IEC 15948, section 9): none, left, up, average, Paeth.</summary>
internal static class PngFilter
{
    public const int Left = 1, Up = 2, Average = 3, Paeth = 4;

    /// <summary>Undoes a filter in place.</summary>
    /// <param name="filter">0 to 4.</param>
    /// <param name="row">The filtered row.</param>
    /// <param name="previous">The row above, not filtered; zeros for the first.</param>
    /// <param name="step">Bytes of a pixel, at least 1.</param>
    public static void Undo(int filter, Span<byte> row, ReadOnlySpan<byte> previous, int step)
    {
        previous = previous[..row.Length];
        switch (filter)
        {
            case Left:
                for (int i = step; i < row.Length; i++)
                    row[i] += row[i - step];
                break;
            case Up:
                int at = 0;
                for (; at <= row.Length - Vector<byte>.Count; at += Vector<byte>.Count)
                    (new Vector<byte>(row[at..]) + new Vector<byte>(previous[at..])).CopyTo(row[at..]);
                for (; at < row.Length; at++)
                    row[at] += previous[at];
                break;
            case Average:
                for (int i = 0; i < Math.Min(step, row.Length); i++)
                    row[i] += (byte)(previous[i] >> 1);
                for (int i = step; i < row.Length; i++)
                    row[i] += (byte)((row[i - step] + previous[i]) >> 1);
                break;
            case Paeth:
                for (int i = 0; i < Math.Min(step, row.Length); i++)
                    row[i] += previous[i];
                for (int i = step; i < row.Length; i++)
                    row[i] += Predict(row[i - step], previous[i], previous[i - step]);
                break;
        }
    }

    /// <summary>Writes the differences of a row under a filter.</summary>
    public static void Apply(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> previous, int step, Span<byte> result)
    {
        for (int i = 0; i < row.Length; i++)
        {
            byte left = i < step ? (byte)0 : row[i - step], up = previous[i], corner = i < step ? (byte)0 : previous[i - step];
            result[i] = (byte)(row[i] - filter switch
            {
                Left => left,
                Up => up,
                Average => (left + up) >> 1,
                Paeth => Predict(left, up, corner),
                _ => 0,
            });
        }
    }

    /// <summary>Whichever neighbour is nearest to left + up − corner; in doubt the left, then the upper one.</summary>
    private static byte Predict(int left, int up, int corner)
    {
        int toLeft = Math.Abs(up - corner), toUp = Math.Abs(left - corner), toCorner = Math.Abs(left + up - 2 * corner);
        return (byte)(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
    }
}
