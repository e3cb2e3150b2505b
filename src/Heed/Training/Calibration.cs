namespace Heed;

/// <summary>What a user gains by leaving out the answers that the model is unsure of.</summary>
/// <param name="Threshold">Answers with a lower probability are left out.</param>
/// <param name="Coverage">Share of rows that are answered.</param>
/// <param name="Accuracy">Share of the answered rows that are right; NaN if none is.</param>
public readonly record struct CoveragePoint(double Threshold, double Coverage, double Accuracy);

/// <summary>Answers whose probabilities lie close together.</summary>
/// <param name="Count">How many.</param>
/// <param name="MeanConfidence">The mean of their probabilities.</param>
/// <param name="Accuracy">Share of them that is right.</param>
public readonly record struct CalibrationBin(int Count, double MeanConfidence, double Accuracy);

/// <summary>Whether probabilities mean what they say.</summary>
/// <remarks>
/// <para>Expected calibration error: rows are sorted into 15 bins of equal width by the probability p of their answer, and
/// <c>ECE = Σ_b n_b/n·|accuracy_b − mean p_b|</c>. Source: Guo et al., "On calibration of modern neural networks", 2017.</para>
/// </remarks>
public sealed class Calibration
{
    private const int BinCount = 15;
    private readonly float[] confidence;
    private readonly bool[] right;

    /// <summary>Compares answers' probabilities with what was right.</summary>
    /// <param name="confidence">The probability of each answer.</param>
    /// <param name="right">Whether it is right.</param>
    public Calibration(ReadOnlySpan<float> confidence, ReadOnlySpan<bool> right)
    {
        if (confidence.Length != right.Length || right.Length == 0)
            throw new ArgumentException(FormattableString.Invariant($"Calibration: {confidence.Length} probabilities and {right.Length} answers; the same number is required, at least one."), nameof(right));
        (this.confidence, this.right) = (confidence.ToArray(), right.ToArray());
        Bins = Sorted();
        ExpectedError = Bins.Sum(b => b.Count * Math.Abs(b.Accuracy - b.MeanConfidence)) / right.Length;
        MeanConfidence = this.confidence.Average(c => (double)c);
        Curve = [.. new[] { 0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99 }.Select(At)];
    }

    /// <summary>The expected calibration error, from 0 (means what it says) to 1.</summary>
    public double ExpectedError { get; }

    /// <summary>The bins that hold answers, from the lowest probability to the highest.</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>The mean probability of the answers.</summary>
    public double MeanConfidence { get; }

    /// <summary>Coverage and accuracy at some thresholds.</summary>
    public IReadOnlyList<CoveragePoint> Curve { get; }

    /// <summary>Coverage and accuracy at a threshold.</summary>
    /// <param name="threshold">Answers with a lower probability are left out.</param>
    public CoveragePoint At(double threshold)
    {
        int answered = 0, hits = 0;
        for (int i = 0; i < right.Length; i++)
        {
            if (confidence[i] < threshold)
                continue;
            answered++;
            hits += right[i] ? 1 : 0;
        }
        return new CoveragePoint(threshold, (double)answered / right.Length, answered == 0 ? double.NaN : (double)hits / answered);
    }

    private CalibrationBin[] Sorted()
    {
        int[] counts = new int[BinCount];
        double[] sums = new double[BinCount], hits = new double[BinCount];
        for (int i = 0; i < right.Length; i++)
        {
            int bin = Math.Clamp((int)(confidence[i] * BinCount), 0, BinCount - 1);
            (counts[bin], sums[bin], hits[bin]) = (counts[bin] + 1, sums[bin] + confidence[i], hits[bin] + (right[i] ? 1 : 0));
        }
        return [.. Enumerable.Range(0, BinCount).Where(b => counts[b] > 0).Select(b => new CalibrationBin(counts[b], sums[b] / counts[b], hits[b] / counts[b]))];
    }
}
