namespace Heed;

/// <summary>What a user gains by leaving out the answers that the model is unsure of.</summary>
/// <param name="Threshold">Answers with a lower probability are left out.</param>
/// <param name="Coverage">Share of rows that are answered.</param>
/// <param name="Accuracy">Share of the answered rows that are right; NaN if none is.</param>
public readonly record struct CoveragePoint(double Threshold, double Coverage, double Accuracy);

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
        ExpectedError = Expected();
        MeanConfidence = this.confidence.Average(c => (double)c);
        Curve = [.. new[] { 0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99 }.Select(At)];
    }

    /// <summary>The expected calibration error, from 0 (means what it says) to 1.</summary>
    public double ExpectedError { get; }

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

    private double Expected()
    {
        double[] sums = new double[BinCount];
        for (int i = 0; i < right.Length; i++)
            sums[Math.Clamp((int)(confidence[i] * BinCount), 0, BinCount - 1)] += (right[i] ? 1 : 0) - (double)confidence[i];
        return sums.Sum(Math.Abs) / right.Length;
    }
}
