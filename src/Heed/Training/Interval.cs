using System.Globalization;

namespace Heed;

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct Interval(double Value, double Low, double High)
{
    private const double Z = 1.959964;

    /// <summary>As <c>0.815 [0.797, 0.832]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:F3} [{Low:F3}, {High:F3}]");

    /// <summary>Wilson's 95 % interval of a share.</summary>
    /// <param name="right">Rows that are right.</param>
    /// <param name="count">All rows.</param>
    public static Interval Wilson(int right, int count)
    {
        double p = (double)right / count, z2 = Z * Z / count;
        double centre = (p + (z2 / 2)) / (1 + z2), half = Z / (1 + z2) * Math.Sqrt((p * (1 - p) / count) + (z2 / (4 * count)));
        return new Interval(p, centre - half, centre + half);
    }

    /// <summary>The mean of a few runs with Student's 95 % interval; the ends are NaN for a single run.</summary>
    /// <param name="values">One figure a run.</param>
    /// <exception cref="ArgumentException">There are no runs.</exception>
    public static Interval Mean(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
            throw new ArgumentException("Interval.Mean: there are no values.", nameof(values));
        double mean = values.Average(), squares = values.Sum(v => (v - mean) * (v - mean));
        double half = values.Count == 1 ? double.NaN : StudentQuantile(values.Count - 1) * Math.Sqrt(squares / (values.Count - 1) / values.Count);
        return new Interval(mean, mean - half, mean + half);
    }

    /// <summary>The 95 % percentile interval of a bootstrap: rows are drawn with replacement a thousand times, from a fixed seed.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="figure">The figure of a draw: gets as many row indices as there are rows.</param>
    internal static Interval Bootstrap(int rows, Func<int[], double> figure)
    {
        const int Draws = 1000;
        RandomStream random = new(0, "bootstrap");
        int[] drawn = [.. Enumerable.Range(0, rows)];
        double value = figure(drawn);
        double[] draws = new double[Draws];
        for (int d = 0; d < Draws; d++)
        {
            for (int i = 0; i < rows; i++)
                drawn[i] = random.Next(rows);
            draws[d] = figure(drawn);
        }
        Array.Sort(draws);
        return new Interval(value, draws[(int)(0.025 * Draws)], draws[(int)(0.975 * Draws)]);
    }

    // The 0.975 quantile of Student's t; from 30 degrees of freedom on by the expansion of Abramowitz and Stegun, 26.7.5.
    private static double StudentQuantile(int degrees)
    {
        ReadOnlySpan<double> table =
        [
            12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314,
            2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452,
        ];
        return degrees <= table.Length ? table[degrees - 1] : Z + (((Z * Z * Z) + Z) / (4 * degrees));
    }
}
