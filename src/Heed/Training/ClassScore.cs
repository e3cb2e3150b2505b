namespace Heed;

/// <summary>How well one class (or one of several labels) was found.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Precision">Share of the rows predicted as it that are right; 0 if none was predicted.</param>
/// <param name="Recall">Share of its rows that were found; 0 if it has none.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Support">Its rows.</param>
public sealed record ClassScore(string Label, double Precision, double Recall, double F1, int Support)
{
    /// <summary>Area under the precision–recall curve as average precision, Σ (R_i − R_{i−1})·P_i over all thresholds; NaN where there are no
    /// probabilities or no rows of the class.</summary>
    public double AveragePrecision { get; init; } = double.NaN;

    internal static ClassScore Of(string label, int hit, int predicted, int support) => new(
        label, predicted == 0 ? 0 : (double)hit / predicted, support == 0 ? 0 : (double)hit / support, support + predicted == 0 ? 0 : 2.0 * hit / (support + predicted), support);
}
