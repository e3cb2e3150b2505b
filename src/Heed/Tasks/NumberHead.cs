using System.Globalization;

namespace Heed;

/// <summary>A number: one output, the number standardised by mean and deviation of the training rows; squared error.</summary>
internal sealed class NumberHead() : TextHead(TargetKind.Number, [])
{
    public double Mean { get; set; }

    public double Deviation { get; set; } = 1;

    public override int OutputCount => 1;

    public override string NaturalMonitor => "loss";

    public override void Prepare(TextData train)
    {
        double[] numbers = train.ToNumbers();
        Mean = numbers.Average();
        double deviation = Math.Sqrt(numbers.Average(n => (n - Mean) * (n - Mean)));
        Deviation = deviation > 0 && double.IsFinite(deviation) ? deviation : 1;
    }

    public override Func<Tensor, int[], Tensor> Loss(TextData train, TrainingOptions options)
    {
        float[] targets = Targets(train);
        return (logits, rows) =>
        {
            Tensor off = logits - new Pass(logits.Step!, null, Capture.None).Input(Array.ConvertAll(rows, row => targets[row]), new Shape(rows.Length, 1));
            return (off * off).Mean();
        };
    }

    public override LinearLoss LinearLoss(TextData train, TrainingOptions options) => new LinearLoss.Numbers(Targets(train));

    public override double MeanLoss(float[] logits, TextData data)
    {
        float[] targets = Targets(data);
        double sum = 0;
        for (int i = 0; i < targets.Length; i++)
            sum += (logits[i] - (double)targets[i]) * (logits[i] - (double)targets[i]);
        return sum / targets.Length;
    }

    public override DevScore Score(float[] logits, TextData data) => new(MeanLoss(logits, data), double.NaN, double.NaN);

    public override TextPrediction Answer(ReadOnlySpan<float> logits, AnswerRule rule, TextPrediction prediction)
    {
        double value = Mean + (Deviation * logits[0]);
        return prediction with { Label = value.ToString("G7", CultureInfo.InvariantCulture), LabelIndex = -1, Probability = float.NaN, Probabilities = [], Value = value };
    }

    public override ExplainedScalar Explained(string? label, ReadOnlySpan<float> logits, AnswerRule rule) => label is null ? ExplainedScalar.OfOutput("the number", null, 0, Deviation, Mean)
        : throw new ArgumentException($"the model gives numbers and has no label '{NearestName.Shown(label)}'; leave the target out.", nameof(label));

    public override EvaluationReport Report(float[] logits, AnswerRule rule, TextData data, (float[] Logits, AnswerRule Rule)? simple) =>
        new RegressionReport(data.ToNumbers(), Values(logits), simple is { } s ? Values(s.Logits) : null, Mean);

    public double[] Values(float[] logits) => Array.ConvertAll(logits, x => Mean + (Deviation * x));

    private float[] Targets(TextData data) => Array.ConvertAll(data.ToNumbers(), n => (float)((n - Mean) / Deviation));
}
