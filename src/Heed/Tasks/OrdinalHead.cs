using Heed.Kernels;

namespace Heed;

/// <summary>One of several classes with an order: an answer for each step between neighbours, "is it above?".</summary>
/// <remarks>Output k of K − 1 is the logit of P(class &gt; k); the loss is the mean sigmoid cross-entropy over the steps, so a far miss costs more than a
/// near one. P(class &gt; k) is made non-increasing in k by a running minimum; the class is the number of steps with a probability above ½.
/// Source: Frank and Hall, "A simple approach to ordinal classification", 2001; in networks Niu et al., CVPR 2016.</remarks>
internal sealed class OrdinalHead(IReadOnlyList<string> labels) : TextHead(TargetKind.Ordinal, labels)
{
    public override int OutputCount => Labels.Count - 1;

    public override string NaturalMonitor => "loss";

    public override Func<Tensor, int[], Tensor> Loss(TextData train, TrainingOptions options) =>
        AnswerTargets.Loss(Targets(train), OutputCount, options.LabelSmoothing);

    public override LinearLoss LinearLoss(TextData train, TrainingOptions options) => new LinearLoss.Answers(Targets(train), OutputCount);

    public override double MeanLoss(float[] logits, TextData data) => SigmoidCrossEntropyKernel.Forward(logits, Targets(data));

    public override DevScore Score(float[] logits, TextData data)
    {
        int[] counts = ConfusionCounts.Of(data.ToLabels(), Predictions(logits), Labels.Count);
        return new DevScore(MeanLoss(logits, data), (double)ConfusionCounts.Right(counts, Labels.Count) / data.Count, ConfusionCounts.MacroF1(counts, Labels.Count));
    }

    public override AnswerRule FitAnswers(float[] logits, TextData dev) => new(TemperatureScaling.Fit(logits, dev.Count, scaled => MeanLoss(scaled, dev)), []);

    public override TextPrediction Answer(ReadOnlySpan<float> logits, AnswerRule rule, TextPrediction prediction)
    {
        float[] probabilities = Probabilities(logits, rule.Temperature);
        int rank = Rank(logits);
        double mean = probabilities.Select((p, c) => (double)p * c).Sum();
        return prediction with
        {
            Label = Labels[rank],
            LabelIndex = rank,
            Probability = probabilities[rank],
            Probabilities = [.. probabilities.Select((p, c) => (Labels[c], p))],
            Value = mean,
        };
    }

    // Each output is one step of the ladder: the step up to the label, or for the lowest the one that leads away from it.
    public override ExplainedScalar Explained(string? label, ReadOnlySpan<float> logits, AnswerRule rule)
    {
        int rank = label is null ? Rank(logits) : PlaceOf(label);
        return rank == 0 ? ExplainedScalar.OfOutput($"log odds of '{Labels[0]}'", Labels[0], 0, -1 / rule.Temperature)
            : ExplainedScalar.OfOutput($"log odds of '{Labels[rank]}' or above", Labels[rank], rank - 1, 1 / rule.Temperature);
    }

    public override EvaluationReport Report(float[] logits, AnswerRule rule, TextData data, (float[] Logits, AnswerRule Rule)? simple)
    {
        int classes = Labels.Count;
        int[] predictions = Predictions(logits);
        float[] probabilities = [.. Enumerable.Range(0, data.Count).SelectMany(i => Probabilities(logits.AsSpan(i * OutputCount, OutputCount), rule.Temperature))], scaled = new float[logits.Length];
        TemperatureScaling.Divide(logits, rule.Temperature, scaled);
        return ClassificationReport.FromProbabilities(data.ToLabels(), probabilities, Labels, MeanLoss(scaled, data),
            SingleHead.Baselines(data, Labels, predictions, simple is { } s ? Predictions(s.Logits) : null), isOrdered: true, predictions);
    }

    private float[] Targets(TextData data) => [.. data.ToLabels().SelectMany(label => Enumerable.Range(0, OutputCount).Select(k => label > k ? 1f : 0))];

    public int[] Predictions(float[] logits) => [.. Enumerable.Range(0, logits.Length / OutputCount).Select(i => Rank(logits.AsSpan(i * OutputCount, OutputCount)))];

    // The steps up to the first that is not taken: the same as counting after the running minimum.
    private static int Rank(ReadOnlySpan<float> logits)
    {
        int rank = 0;
        while (rank < logits.Length && logits[rank] > 0)
            rank++;
        return rank;
    }

    private static float[] Probabilities(ReadOnlySpan<float> logits, double temperature)
    {
        float[] above = new float[logits.Length], probabilities = new float[logits.Length + 1];
        TemperatureScaling.Divide(logits, temperature, above);
        Elementwise.Sigmoid(above, above);
        float before = 1;
        for (int k = 0; k < above.Length; k++)
        {
            float next = Math.Min(before, above[k]);
            (probabilities[k], before) = (before - next, next);
        }
        probabilities[^1] = before;
        return probabilities;
    }
}
