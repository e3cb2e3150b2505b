namespace Heed;

/// <summary>How good a model's answers are on labelled rows, as text by <see cref="object.ToString"/>: a <see cref="ClassificationReport"/>, a
/// <see cref="LabelSetReport"/> or a <see cref="RegressionReport"/>.</summary>
public abstract class EvaluationReport
{
    private protected EvaluationReport(int rowCount) => RowCount = rowCount;

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>The main figure for comparing runs (folds, settings), higher is better: accuracy, mean F1 of the labels of sets, R² of numbers.</summary>
    public abstract (string Name, double Value) Headline { get; }
}
