using System.Runtime.InteropServices;

namespace Heed.Kernels.Tests;

/// <summary>What the tests of row kernels share: numbers, comparison, differences, degrees.</summary>
internal static class Rows
{
    /// <summary>Every length around the vectors' widths, and around 256.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(0, 71).Concat(Enumerable.Range(250, 13));

    public static float[] Numbers(int count, int seed, float low = -2, float high = 2)
    {
        System.Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => low + ((high - low) * random.NextSingle()))];
    }

    public static double[] Wide(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }

    /// <summary>|got − expected| ≤ relative·(|expected| + scale), element by element.</summary>
    public static void ShouldBeNear(this float[] got, double[] expected, double relative = 1e-6, double scale = 0.1, string what = "")
    {
        got.Length.ShouldBe(expected.Length);
        for (int i = 0; i < got.Length; i++)
        {
            if (double.IsNaN(expected[i]) ? float.IsNaN(got[i]) : got[i] == (float)expected[i])
                continue;
            double error = Math.Abs(got[i] - expected[i]);
            (error <= relative * (Math.Abs(expected[i]) + scale)).ShouldBeTrue($"{what} [{i}] of {got.Length}: got {got[i]:R}, expected {expected[i]:R}");
        }
    }

    public static void ShouldHaveBitsOf(this float[] got, float[] expected, string what = "")
    {
        ReadOnlySpan<int> a = MemoryMarshal.Cast<float, int>(got.AsSpan()), b = MemoryMarshal.Cast<float, int>(expected.AsSpan());
        int at = a.CommonPrefixLength(b);
        (a.Length == b.Length && at == a.Length).ShouldBeTrue($"{what}: differs at {at} of {a.Length}");
    }

    /// <summary>Runs the same at 1, 2, 3 and 8 threads; all results must have the same bits.</summary>
    public static void SameAtEveryDegree(Func<float[]> run)
    {
        int before = Workers.Degree;
        try
        {
            Workers.Degree = 1;
            float[] expected = run();
            foreach (int degree in (int[])[2, 3, 8])
            {
                Workers.Degree = degree;
                run().ShouldHaveBitsOf(expected, $"{degree} threads");
            }
        }
        finally
        {
            Workers.Degree = before;
        }
    }

    /// <summary>Central differences of a scalar function of x, in double.</summary>
    public static double[] Differences(double[] x, Func<double[], double> f, double step = 1e-5)
    {
        double[] slopes = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double at = x[i];
            x[i] = at + step;
            double above = f(x);
            x[i] = at - step;
            slopes[i] = (above - f(x)) / (2 * step);
            x[i] = at;
        }
        return slopes;
    }

    /// <summary>Σ a·b: makes a scalar out of a result, with b as the gradient that comes from above.</summary>
    public static double Dot(double[] a, float[] b) => ReferenceElementwise.Dot(a, Wide(b));
}
