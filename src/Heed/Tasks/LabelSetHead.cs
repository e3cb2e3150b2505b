using Heed.Kernels;

namespace Heed;

/// <summary>A set of labels: a sigmoid for each, and a threshold for each that is tuned on the dev rows.</summary>
internal sealed class LabelSetHead(IReadOnlyList<string> labels) : TextHead(TargetKind.Multi, labels)
{
    public override int OutputCount => Labels.Count;

    public override string NaturalMonitor => "macro-f1";

    public override Func<Tensor, int[], Tensor> Loss(TextData train, TrainingOptions options) =>
        AnswerTargets.Loss(Targets(train), OutputCount, options.LabelSmoothing, Weights(train, options));

    public override LinearLoss LinearLoss(TextData train, TrainingOptions options) => new LinearLoss.Answers(Targets(train), OutputCount, Weights(train, options));

    public override double MeanLoss(float[] logits, TextData data) => SigmoidCrossEntropyKernel.Forward(logits, Targets(data));

    // With thresholds tuned on the same rows, as they will be: at ½ a rare label would have an F1 of 0 for many epochs.
    public override DevScore Score(float[] logits, TextData data)
    {
        float[] probabilities = Probabilities(logits, 1);
        LabelSetReport report = new(data.ToLabelSets(), Choose(probabilities, Tune(probabilities, data)), Labels);
        return new DevScore(MeanLoss(logits, data), report.ExactMatch.Value, report.MacroF1);
    }

    public override AnswerRule FitAnswers(float[] logits, TextData dev)
    {
        double temperature = TemperatureScaling.Fit(logits, dev.Count, scaled => MeanLoss(scaled, dev));
        return new AnswerRule(temperature, Tune(Probabilities(logits, temperature), dev));
    }

    public override TextPrediction Answer(ReadOnlySpan<float> logits, AnswerRule rule, TextPrediction prediction)
    {
        float[] probabilities = Probabilities(logits, rule.Temperature);
        double exact = 1;
        LabelEvidence[] evidence = new LabelEvidence[probabilities.Length];
        bool hasOwn = prediction.Views.Count == probabilities.Length && probabilities.Length > 1;
        for (int c = 0; c < evidence.Length; c++)
        {
            bool isChosen = probabilities[c] >= rule.Thresholds[c];
            exact *= isChosen ? probabilities[c] : 1 - probabilities[c];
            evidence[c] = new LabelEvidence(Labels[c], probabilities[c], rule.Thresholds[c], isChosen, hasOwn ? prediction.Views[c] : prediction.Weights);
        }
        LabelEvidence[] chosen = [.. evidence.Where(e => e.IsChosen)];
        return prediction with
        {
            Label = string.Join('|', chosen.Select(e => e.Label)),
            LabelIndex = -1,
            Probability = (float)exact,
            Probabilities = [.. probabilities.Select((p, c) => (Labels[c], p))],
            Weights = hasOwn && chosen.Length > 0 ? TokenWeight.Mean([.. chosen.Select(e => e.Weights)]) : prediction.Weights,
            Evidence = evidence,
        };
    }

    public override ExplainedScalar Explained(string? label, ReadOnlySpan<float> logits, AnswerRule rule)
    {
        int target = label is null ? Largest.IndexOf(logits) : PlaceOf(label);
        return ExplainedScalar.OfOutput($"log odds of '{Labels[target]}'", Labels[target], target, 1 / rule.Temperature);
    }

    public override EvaluationReport Report(float[] logits, AnswerRule rule, TextData data, (float[] Logits, AnswerRule Rule)? simple)
    {
        float[] probabilities = Probabilities(logits, rule.Temperature), scaled = new float[logits.Length];
        TemperatureScaling.Divide(logits, rule.Temperature, scaled);
        int[][] targets = data.ToLabelSets(), predictions = Choose(probabilities, rule.Thresholds);
        LabelSetReport? other = simple is { } s ? new LabelSetReport(targets, Choose(Probabilities(s.Logits, s.Rule.Temperature), s.Rule.Thresholds), Labels) : null;
        return new LabelSetReport(targets, predictions, Labels, probabilities, MeanLoss(scaled, data)) { BaselineName = other is null ? null : BaselineName, Baseline = other };
    }

    private float[] Targets(TextData data)
    {
        float[] targets = new float[data.Count * OutputCount];
        int row = 0;
        foreach (int[] set in data.ToLabelSets())
        {
            foreach (int label in set)
                targets[row + label] = 1;
            row += OutputCount;
        }
        return targets;
    }

    // A label's rows count together as much as the rows without it.
    private float[]? Weights(TextData train, TrainingOptions options)
    {
        if (options.ClassWeights != "balanced")
            return null;
        float[] weights = Targets(train);
        int[] counts = train.CountLabels();
        for (int i = 0; i < weights.Length; i++)
            weights[i] = weights[i] == 0 ? 1 : (float)Math.Max(1, train.Count - counts[i % OutputCount]) / counts[i % OutputCount];
        return weights;
    }

    private static float[] Probabilities(ReadOnlySpan<float> logits, double temperature)
    {
        float[] probabilities = new float[logits.Length];
        TemperatureScaling.Divide(logits, temperature, probabilities);
        Elementwise.Sigmoid(probabilities, probabilities);
        return probabilities;
    }

    public int[][] Choose(float[] probabilities, float[] thresholds) => [.. Enumerable.Range(0, probabilities.Length / OutputCount).Select(row =>
        Enumerable.Range(0, OutputCount).Where(c => probabilities[(row * OutputCount) + c] >= thresholds[c]).ToArray())];

    // For each label the threshold with the best F1, halfway between two neighbouring probabilities; ½ where the rows have none of it.
    private float[] Tune(float[] probabilities, TextData dev)
    {
        float[] targets = Targets(dev), thresholds = new float[OutputCount];
        for (int c = 0; c < OutputCount; c++)
        {
            float[] p = [.. Enumerable.Range(0, dev.Count).Select(i => probabilities[(i * OutputCount) + c])];
            bool[] truth = [.. Enumerable.Range(0, dev.Count).Select(i => targets[(i * OutputCount) + c] != 0)];
            thresholds[c] = BestThreshold(p, truth);
        }
        return thresholds;
    }

    private static float BestThreshold(float[] p, bool[] truth)
    {
        int support = truth.Count(t => t), hits = 0;
        if (support == 0)
            return 0.5f;
        int[] order = [.. Enumerable.Range(0, p.Length)];
        Array.Sort(Array.ConvertAll(p, v => -v), order);
        (double bestF1, float best) = (-1, 0.5f);
        for (int i = 0; i < order.Length; i++)
        {
            hits += truth[order[i]] ? 1 : 0;
            float here = p[order[i]], next = i + 1 < order.Length ? p[order[i + 1]] : 0;
            double f1 = 2.0 * hits / (i + 1 + support);
            if (here != next && f1 > bestF1)
                (bestF1, best) = (f1, (here + next) / 2);
        }
        return best;
    }
}
