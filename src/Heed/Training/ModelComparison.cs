using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>What became of the rows of one class from an old model to a new one.</summary>
/// <param name="Label">The class.</param>
/// <param name="Support">Its rows.</param>
/// <param name="OldF1">F1 of the old model.</param>
/// <param name="NewF1">F1 of the new model.</param>
/// <param name="Lost">Rows of the class that only the old model has right.</param>
/// <param name="Won">Rows of the class that only the new model has right.</param>
/// <param name="PValue">McNemar's exact test on the rows of the class.</param>
public sealed record ClassChange(string Label, int Support, double OldF1, double NewF1, int Lost, int Won, double PValue)
{
    /// <summary>Whether more rows of the class were lost than won, beyond chance.</summary>
    public bool IsRegression => Lost > Won && PValue < PairedTest.Level;
}

/// <summary>A new model beside an old one on the same rows: is it safe to replace it?</summary>
/// <remarks>The new model is worse if it loses more rows than it wins beyond chance, if the 95 % interval of its macro F1's difference lies below 0, or
/// if a class regresses beyond chance. Classes are tested without a correction for their number: a false alarm costs a look.</remarks>
public sealed class ModelComparison
{
    /// <summary>Compares predictions.</summary>
    /// <param name="targets">The true classes.</param>
    /// <param name="old">The old model's predictions.</param>
    /// <param name="updated">The new model's.</param>
    /// <param name="labels">The class names; a prediction may also be <c>labels.Count</c>, a class that the data do not have.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public ModelComparison(IReadOnlyList<int> targets, IReadOnlyList<int> old, IReadOnlyList<int> updated, IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        // New first, so that differences read as what the new one brings.
        Test = PairedTest.Compare(targets, updated, old, labels.Count + 1);
        string[] names = [.. labels, "(another)"];
        Old = new ClassificationReport([.. targets], [.. old], names);
        New = new ClassificationReport([.. targets], [.. updated], names);
        Changes = [.. Enumerable.Range(0, labels.Count).Select(c =>
        {
            int[] rows = [.. Enumerable.Range(0, targets.Count).Where(i => targets[i] == c)];
            int lost = rows.Count(i => old[i] == c && updated[i] != c), won = rows.Count(i => updated[i] == c && old[i] != c);
            return new ClassChange(labels[c], rows.Length, Old.Classes[c].F1, New.Classes[c].F1, lost, won, PairedTest.McNemar(lost, won));
        })];
    }

    /// <summary>The new model (first) against the old one (second).</summary>
    public PairedTest Test { get; }

    /// <summary>The old model's report.</summary>
    public ClassificationReport Old { get; }

    /// <summary>The new model's report.</summary>
    public ClassificationReport New { get; }

    /// <summary>Each class.</summary>
    public IReadOnlyList<ClassChange> Changes { get; }

    /// <summary>Whether the new model is worse, overall or in a class.</summary>
    public bool IsWorse => Test.IsSecondBetter || Test.MacroF1Difference.High < 0 || Changes.Any(c => c.IsRegression);

    /// <summary>What to think of it, in a sentence.</summary>
    public string Verdict
    {
        get
        {
            string[] regressions = [.. Changes.Where(c => c.IsRegression).Select(c => $"'{c.Label}'")];
            if (Test.IsSecondBetter || Test.MacroF1Difference.High < 0)
                return "the new model is worse than the old one";
            if (regressions.Length > 0)
                return $"the new model is worse on {string.Join(", ", regressions)}";
            return Test.IsFirstBetter || Test.MacroF1Difference.Low > 0 ? "the new model is better" : "no difference beyond chance";
        }
    }

    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        text.Append(culture, $"rows      {Old.RowCount}\n\n           old                    new\naccuracy   {Old.Accuracy}   {New.Accuracy}\nmacro F1   {Old.MacroF1}   {New.MacroF1}\n");
        text.Append(culture, $"new − old  {Test}\n\n");
        int width = Math.Clamp(Changes.Max(c => c.Label.Length), 5, 30);
        text.Append(culture, $"{"class".PadRight(width)}  old F1  new F1   lost    won       p   rows\n");
        foreach (ClassChange c in Changes)
        {
            string label = c.Label.Length > 30 ? c.Label[..29] + "…" : c.Label;
            text.Append(culture, $"{label.PadRight(width)}  {c.OldF1,6:F3}  {c.NewF1,6:F3}  {c.Lost,5}  {c.Won,5}  {c.PValue,6:F3}  {c.Support,5}{(c.IsRegression ? "  worse" : "")}\n");
        }
        return text.Append(culture, $"\n{Verdict}").ToString();
    }
}
