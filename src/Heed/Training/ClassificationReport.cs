namespace Heed;

/// <summary>How well labels were predicted: accuracy and macro F1 with 95 % intervals, each class, the confusion matrix; with probabilities also
/// their calibration and what leaving unsure answers out would bring.</summary>
/// <remarks>Accuracy's interval is Wilson's; that of macro F1 is a bootstrap over rows (1,000 draws, fixed seed). Classes without rows and
/// without predictions do not count in macro F1.</remarks>
public sealed partial class ClassificationReport : EvaluationReport
{
    private readonly int[] confusion;

    /// <summary>Compares predictions with targets.</summary>
    /// <param name="targets">The true classes, 0 … labels − 1.</param>
    /// <param name="predictions">The predicted ones, as many.</param>
    /// <param name="labels">The class names.</param>
    /// <param name="loss">The mean loss, if known.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public ClassificationReport(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, IReadOnlyList<string> labels, double loss = double.NaN)
        : base(targets.Length)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (targets.Length != predictions.Length || targets.Length == 0)
            throw new ArgumentException(FormattableString.Invariant($"ClassificationReport: {targets.Length} targets and {predictions.Length} predictions; the same number is required, at least one."), nameof(predictions));
        Labels = labels;
        Loss = loss;
        confusion = ConfusionCounts.Of(targets, predictions, labels.Count);
        Classes = [.. Enumerable.Range(0, labels.Count).Select(c => ConfusionCounts.Score(confusion, labels.Count, c, labels[c]))];
        Accuracy = Interval.Wilson(ConfusionCounts.Right(confusion, labels.Count), RowCount);
        MacroF1 = MacroF1Interval(targets.ToArray(), predictions.ToArray(), labels.Count);
    }

    /// <summary>The class names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Mean loss; NaN if not known.</summary>
    public double Loss { get; }

    /// <inheritdoc/>
    public override (string Name, double Value) Headline => ("accuracy", Accuracy.Value);

    /// <summary>Share of rows that are right.</summary>
    public Interval Accuracy { get; }

    /// <summary>Mean F1 of the classes.</summary>
    public Interval MacroF1 { get; }

    /// <summary>Each class.</summary>
    public IReadOnlyList<ClassScore> Classes { get; private set; }

    /// <summary>Whether probabilities mean what they say, and what leaving unsure answers out would bring; null without probabilities.</summary>
    public Calibration? Calibration { get; private init; }

    /// <summary>Whether the classes have an order, so that a near miss is better than a far one.</summary>
    public bool IsOrdered { get; init; }

    /// <summary>Mean distance between true and predicted class, in classes; of use where they have an order.</summary>
    public double MeanAbsoluteError => Weighted((target, prediction) => Math.Abs(target - prediction)) / RowCount;

    /// <summary>Agreement beyond chance where far misses count by the square of their distance (quadratic weighted kappa, Cohen 1968): 1 perfect,
    /// 0 chance; NaN where all rows and predictions are of one class.</summary>
    public double QuadraticKappa
    {
        get
        {
            double expected = 0;
            for (int t = 0; t < Labels.Count; t++)
            {
                for (int p = 0; p < Labels.Count; p++)
                    expected += (double)Classes[t].Support * Enumerable.Range(0, Labels.Count).Sum(c => Confusion(c, p)) * (t - p) * (t - p) / RowCount;
            }
            return 1 - (Weighted((target, prediction) => (target - prediction) * (target - prediction)) / expected);
        }
    }

    /// <summary>What simpler models reach on the same rows. Filled by the task that knows them.</summary>
    public IReadOnlyList<BaselineScore> Baselines { get; init; } = [];

    /// <summary>Compares probabilities with targets; the most probable class is the prediction.</summary>
    /// <param name="targets">The true classes, 0 … labels − 1.</param>
    /// <param name="probabilities">(rows, labels), row-major.</param>
    /// <param name="labels">The class names.</param>
    /// <param name="loss">The mean loss, if known.</param>
    /// <param name="baselines">What simpler models reach on the same rows.</param>
    /// <param name="isOrdered">Whether the classes have an order.</param>
    /// <param name="predictions">The predicted classes, where they are not the most probable ones.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ, or there are none.</exception>
    public static ClassificationReport FromProbabilities(ReadOnlySpan<int> targets, ReadOnlySpan<float> probabilities, IReadOnlyList<string> labels, double loss = double.NaN, IReadOnlyList<BaselineScore>? baselines = null, bool isOrdered = false, IReadOnlyList<int>? predictions = null)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (probabilities.Length != (long)targets.Length * labels.Count)
            throw new ArgumentException(FormattableString.Invariant($"ClassificationReport: {targets.Length} targets and {labels.Count} labels need {(long)targets.Length * labels.Count} probabilities, got {probabilities.Length}."), nameof(probabilities));
        int[] answers = new int[targets.Length];
        float[] confidence = new float[targets.Length], all = probabilities.ToArray();
        bool[] right = new bool[targets.Length];
        for (int i = 0; i < answers.Length; i++)
        {
            ReadOnlySpan<float> row = probabilities.Slice(i * labels.Count, labels.Count);
            answers[i] = predictions?[i] ?? Largest.IndexOf(row);
            (confidence[i], right[i]) = (row[answers[i]], answers[i] == targets[i]);
        }
        int[] truth = targets.ToArray();
        return new ClassificationReport(targets, answers, labels, loss)
        {
            Calibration = new Calibration(confidence, right),
            Areas = [.. Enumerable.Range(0, labels.Count).Select(c =>
                AveragePrecision.Of([.. Enumerable.Range(0, truth.Length).Select(i => all[(i * labels.Count) + c])], Array.ConvertAll(truth, t => t == c)))],
            Baselines = baselines ?? [],
            IsOrdered = isOrdered,
        };
    }

    /// <summary>Number of rows of a class that were predicted as another (or itself).</summary>
    /// <param name="target">The true class.</param>
    /// <param name="prediction">The predicted class.</param>
    public int Confusion(int target, int prediction) => confusion[(target * Labels.Count) + prediction];

    /// <summary>Mean F1 of predictions, without an interval.</summary>
    /// <param name="targets">The true classes.</param>
    /// <param name="predictions">The predicted ones.</param>
    /// <param name="classCount">Number of classes.</param>
    public static double MacroF1Of(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, int classCount) =>
        ConfusionCounts.MacroF1(ConfusionCounts.Of(targets, predictions, classCount), classCount);

    private static Interval MacroF1Interval(int[] targets, int[] predictions, int classCount)
    {
        int[] counts = new int[classCount * classCount];
        return Interval.Bootstrap(targets.Length, rows =>
        {
            Array.Clear(counts);
            foreach (int row in rows)
                counts[(targets[row] * classCount) + predictions[row]]++;
            return ConfusionCounts.MacroF1(counts, classCount);
        });
    }

    private double[] Areas
    {
        init => Classes = [.. Classes.Select((score, c) => score with { AveragePrecision = value[c] })];
    }

    private double Weighted(Func<int, int, double> distance)
    {
        double sum = 0;
        for (int t = 0; t < Labels.Count; t++)
        {
            for (int p = 0; p < Labels.Count; p++)
                sum += distance(t, p) * Confusion(t, p);
        }
        return sum;
    }
}
