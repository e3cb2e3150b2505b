using Heed.Kernels;

namespace Heed;

/// <summary>One of several classes: softmax.</summary>
internal sealed class SingleHead(IReadOnlyList<string> labels) : TextHead(TargetKind.Single, labels)
{
    public override int OutputCount => Labels.Count;

    public override string NaturalMonitor => "accuracy";

    public override Func<Tensor, int[], Tensor> Loss(TextData train, TrainingOptions options)
    {
        int[] targets = train.ToLabels();
        float[]? weights = Weights(train, options);
        return (logits, rows) => Tensor.CrossEntropy(logits, Array.ConvertAll(rows, row => targets[row]), weights, (float)options.LabelSmoothing);
    }

    public override LinearLoss LinearLoss(TextData train, TrainingOptions options) => new LinearLoss.Classes(train.ToLabels(), OutputCount, Weights(train, options));

    public override double MeanLoss(float[] logits, TextData data) => CrossEntropyKernel.Forward(logits, data.ToLabels(), OutputCount, new float[logits.Length]);

    public override DevScore Score(float[] logits, TextData data)
    {
        int[] counts = ConfusionCounts.Of(data.ToLabels(), Predictions(logits, OutputCount), OutputCount);
        return new DevScore(MeanLoss(logits, data), (double)ConfusionCounts.Right(counts, OutputCount) / data.Count, ConfusionCounts.MacroF1(counts, OutputCount));
    }

    public override AnswerRule FitAnswers(float[] logits, TextData dev) => new(TemperatureScaling.Fit(logits, dev.Count, scaled => MeanLoss(scaled, dev)), []);

    public override TextPrediction Answer(ReadOnlySpan<float> logits, AnswerRule rule, TextPrediction prediction)
    {
        float[] probabilities = Probabilities(logits, rule, OutputCount);
        int best = Largest.IndexOf(logits);
        return prediction with { Label = Labels[best], LabelIndex = best, Probability = probabilities[best], Probabilities = [.. probabilities.Select((p, c) => (Labels[c], p))] };
    }

    public override ExplainedScalar Explained(string? label, ReadOnlySpan<float> logits, AnswerRule rule)
    {
        int target = label is null ? Largest.IndexOf(logits) : PlaceOf(label);
        return ExplainedScalar.OfClass(Labels[target], target, rule.Temperature);
    }

    public override EvaluationReport Report(float[] logits, AnswerRule rule, TextData data, (float[] Logits, AnswerRule Rule)? simple)
    {
        float[] probabilities = Probabilities(logits, rule, OutputCount), scaled = new float[logits.Length];
        TemperatureScaling.Divide(logits, rule.Temperature, scaled);
        return ClassificationReport.FromProbabilities(data.ToLabels(), probabilities, Labels, MeanLoss(scaled, data),
            Baselines(data, Labels, Predictions(probabilities, OutputCount), simple is { } s ? Predictions(s.Logits, OutputCount) : null));
    }

    /// <summary>softmax(x/T), row by row.</summary>
    private static float[] Probabilities(ReadOnlySpan<float> logits, AnswerRule rule, int columns)
    {
        float[] probabilities = new float[logits.Length];
        TemperatureScaling.Divide(logits, rule.Temperature, probabilities);
        SoftmaxKernel.Forward(probabilities, columns, probabilities);
        return probabilities;
    }

    /// <summary>The largest of each row.</summary>
    public static int[] Predictions(float[] values, int columns) =>
        [.. Enumerable.Range(0, values.Length / columns).Select(i => Largest.IndexOf(values.AsSpan(i * columns, columns)))];

    /// <summary>The most frequent label, and the simple model with a paired test.</summary>
    public static BaselineScore[] Baselines(TextData data, IReadOnlyList<string> labels, int[] predictions, int[]? simple)
    {
        int[] targets = data.ToLabels(), counts = data.CountLabels();
        int most = Array.IndexOf(counts, counts.Max());
        BaselineScore Score(string name, int[] answers, PairedTest? test)
        {
            ClassificationReport report = new(targets, answers, labels);
            return new BaselineScore(name, report.Accuracy, report.MacroF1, test);
        }
        BaselineScore majority = Score($"always the most frequent label ('{labels[most]}')", Array.ConvertAll(targets, _ => most), null);
        return simple is null ? [majority] : [majority, Score(BaselineName, simple, PairedTest.Compare(targets, predictions, simple, labels.Count))];
    }

    private static float[]? Weights(TextData train, TrainingOptions options) => options.ClassWeights == "balanced" ? Imbalance.Balanced(train.CountLabels()) : null;
}
