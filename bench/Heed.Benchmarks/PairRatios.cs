using System.Diagnostics;

namespace Heed.Benchmarks;

/// <summary>What a second thing takes of a first one: the ratios of their times, pair by pair.</summary>
/// <param name="times">Times of the first and of the second.</param>
internal sealed class PairRatios(IEnumerable<(double One, double Other)> times)
{
    private const double Beyond = 0.025;
    private readonly double[] ratios = [.. times.Select(t => t.Other / t.One).Order()];

    /// <summary>Pairs below which there is no interval: of five the smallest and the largest hold the median with 94 % only.</summary>
    public const int Least = 6;

    /// <summary>A quarter of the ratios lies below the first, a quarter above the second.</summary>
    public (double First, double Third) Quartiles => (ratios[ratios.Length / 4], ratios[^(1 + (ratios.Length / 4))]);

    /// <summary>The median, and where it lies with at least 95 %, whatever the distribution.</summary>
    /// <remarks>Of n ratios the median lies below the one of rank r (from 0) with P(X ≤ r), X binomial (n, ½): r is the largest for which this is at most 2.5 %, and likewise from above.</remarks>
    public Interval Median
    {
        get
        {
            int n = ratios.Length, rank = 0;
            double chances = 0, log = -n * Math.Log(2);
            for (int r = 0; (chances += Math.Exp(log)) <= Beyond; r++)
            {
                rank = r;
                log += Math.Log((n - r) / (r + 1.0));
            }
            return new Interval((ratios[(n - 1) / 2] + ratios[n / 2]) / 2, ratios[rank], ratios[^(1 + rank)]);
        }
    }

    /// <summary>Calls both and measures them, in milliseconds; every second pair the other way round, so that what a call leaves behind burdens both alike.</summary>
    /// <param name="one">The first.</param>
    /// <param name="other">The second.</param>
    /// <param name="pair">Which pair, from 0.</param>
    public static (double One, double Other) Time(Action one, Action other, int pair)
    {
        if (pair % 2 == 0)
            return (Time(one), Time(other));
        double second = Time(other);
        return (Time(one), second);
    }

    private static double Time(Action once)
    {
        long start = Stopwatch.GetTimestamp();
        once();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
