using System.Globalization;
using System.Text;

namespace Heed.Testing;

/// <summary>The error rule of the numeric contract: a fast path may be at most twice as far from the double-precision reference as the plain
/// float32 path is on the same data, plus a stated floor.</summary>
/// <remarks>No magic epsilon: how hard the data is shows in the plain path's own error. Errors are the largest absolute difference over the
/// tensor; the floor, in the unit of the data, allows for a plain path that happens to be exact.</remarks>
public static class Tolerance
{
    /// <summary>Fails unless max|fast − reference| ≤ 2·max|plain − reference| + floor. NaN and infinity must stand at the same places.</summary>
    /// <param name="fast">The result under test.</param>
    /// <param name="plainFloat32">The same computation written plainly in float32.</param>
    /// <param name="reference">The same computation in double.</param>
    /// <param name="floor">What is allowed in any case, at least 0; small against the data.</param>
    /// <param name="name">What is compared, for the message.</param>
    public static void AssertWithinTwice(
        ReadOnlySpan<float> fast, ReadOnlySpan<float> plainFloat32, ReadOnlySpan<double> reference, double floor, string name = "result")
    {
        if (fast.Length != reference.Length || plainFloat32.Length != reference.Length)
            throw new ToleranceException($"{name}: lengths differ: fast {fast.Length}, plain {plainFloat32.Length}, reference {reference.Length}.");
        double plainError = LargestError(plainFloat32, reference).Error;
        if (!double.IsFinite(plainError))
            throw new ToleranceException($"{name}: the plain path is not finite where the reference is; the test's data does not suit float32.");
        AssertWithin(fast, reference, (2 * plainError) + floor, FormattableString.Invariant($"{name} (plain float32 error {plainError:G3}, floor {floor:G3})"));
    }

    /// <summary>Fails unless max|actual − reference| ≤ limit, for results that have no plain path.</summary>
    public static void AssertWithin(ReadOnlySpan<float> actual, ReadOnlySpan<double> reference, double limit, string name = "result")
    {
        if (actual.Length != reference.Length)
            throw new ToleranceException($"{name}: lengths differ: actual {actual.Length}, reference {reference.Length}.");
        (double error, int index) = LargestError(actual, reference);
        if (error > limit)
            throw new ToleranceException(Message(actual, reference, limit, error, index, name));
    }

    // Equal infinities and two NaN count as no error, NaN against a number as an infinite one.
    private static double Error(float actual, double reference) =>
        actual == reference || (float.IsNaN(actual) && double.IsNaN(reference)) ? 0
        : Math.Abs(actual - reference) is double difference && double.IsNaN(difference) ? double.PositiveInfinity : difference;

    private static (double Error, int Index) LargestError(ReadOnlySpan<float> actual, ReadOnlySpan<double> reference)
    {
        (double Error, int Index) largest = (0, 0);
        for (int i = 0; i < actual.Length; i++)
        {
            double error = Error(actual[i], reference[i]);
            if (error > largest.Error)
                largest = (error, i);
        }
        return largest;
    }

    private static string Message(ReadOnlySpan<float> actual, ReadOnlySpan<double> reference, double limit, double error, int index, string name)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        int above = 0;
        for (int i = 0; i < actual.Length; i++)
            above += Error(actual[i], reference[i]) > limit ? 1 : 0;
        var text = new StringBuilder();
        text.AppendLine(culture, $"{name}: largest difference {error:G6} at {index} of {actual.Length}, allowed {limit:G6}; {above} are above it.");
        text.AppendLine(culture, $"  [{index}] {actual[index]:G9} expected {reference[index]:G9}");
        text.AppendLine("first pairs:");
        for (int i = 0; i < Math.Min(5, actual.Length); i++)
            text.AppendLine(culture, $"  [{i}] {actual[i]:G9} expected {reference[i]:G9} difference {Error(actual[i], reference[i]):G3}");
        return text.ToString();
    }
}
