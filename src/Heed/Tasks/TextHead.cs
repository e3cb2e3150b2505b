namespace Heed;

/// <summary>What the outputs of a text network mean: how targets become a loss, and logits an answer. One for each <see cref="TargetKind"/>.</summary>
/// <remarks>What it learns from training and dev rows (thresholds, mean) is set while training and fixed afterwards.</remarks>
internal abstract class TextHead(TargetKind kind, IReadOnlyList<string> labels)
{
    public TargetKind Kind => kind;

    /// <summary>The labels; none for a number.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <summary>Outputs of the network.</summary>
    public abstract int OutputCount { get; }

    /// <summary>What the monitor <c>auto</c> means.</summary>
    public abstract string NaturalMonitor { get; }

    /// <summary>The head of a kind of target.</summary>
    public static TextHead Create(TargetKind kind, IReadOnlyList<string> labels) => kind switch
    {
        TargetKind.Single => new SingleHead(labels),
        TargetKind.Multi => new LabelSetHead(labels),
        TargetKind.Ordinal => new OrdinalHead(labels),
        TargetKind.Number => new NumberHead(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "TextHead: there is no such target."),
    };

    /// <summary>Learns what the loss needs from the training rows.</summary>
    public virtual void Prepare(TextData train)
    {
    }

    /// <summary>The training loss of a batch, given its rows of the training data.</summary>
    public abstract Func<Tensor, int[], Tensor> Loss(TextData train, TrainingOptions options);

    /// <summary>The same targets for the linear baseline.</summary>
    public abstract LinearLoss LinearLoss(TextData train, TrainingOptions options);

    /// <summary>The mean loss of logits (rows, outputs) on rows, without weights and smoothing.</summary>
    public abstract double MeanLoss(float[] logits, TextData data);

    /// <summary>How good logits are on dev rows.</summary>
    public abstract DevScore Score(float[] logits, TextData data);

    /// <summary>Learns from the dev rows how logits become answers, best for the model that they come from.</summary>
    public virtual AnswerRule FitAnswers(float[] logits, TextData dev) => new(1, []);

    /// <summary>Fills what logits say into a prediction that has text and weights.</summary>
    /// <param name="logits">(outputs).</param>
    /// <param name="rule">Temperature and thresholds.</param>
    /// <param name="prediction">Text, weights and views.</param>
    public abstract TextPrediction Answer(ReadOnlySpan<float> logits, AnswerRule rule, TextPrediction prediction);

    /// <summary>What of the outputs an explanation is about.</summary>
    /// <param name="label">The label; null: the one that the model answers, of a set the most probable.</param>
    /// <param name="logits">(outputs) of the input.</param>
    /// <param name="rule">Temperature and thresholds.</param>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public abstract ExplainedScalar Explained(string? label, ReadOnlySpan<float> logits, AnswerRule rule);

    /// <summary>Compares logits with the targets of rows.</summary>
    /// <param name="logits">(rows, outputs).</param>
    /// <param name="rule">Temperature and thresholds.</param>
    /// <param name="data">The rows.</param>
    /// <param name="simple">The baseline's logits and rule, if there is one.</param>
    public abstract EvaluationReport Report(float[] logits, AnswerRule rule, TextData data, (float[] Logits, AnswerRule Rule)? simple);

    /// <summary>The place of a label.</summary>
    private protected int PlaceOf(string label) => LabelNumber.Of(label, Labels);

    private protected const string BaselineName = "bag of words (TF-IDF, logistic regression)";
}

/// <summary>How logits become answers.</summary>
/// <param name="Temperature">Logits are divided by it.</param>
/// <param name="Thresholds">For each label of a set, from which probability on it is chosen; empty for other targets.</param>
internal sealed record AnswerRule(double Temperature, float[] Thresholds);
