namespace Heed;

/// <summary>A text classifier as the trainer sees it.</summary>
internal sealed class TextTrainingTask : ITrainingTask<TextBatch>
{
    private readonly TextClassifier classifier;
    private readonly TextData dev;
    private readonly int[][] ids;
    private readonly int[] targets;
    private readonly BatchPlan plan;

    public TextTrainingTask(TextClassifier classifier, TextData train, TextData dev, TrainingOptions options)
    {
        this.classifier = classifier;
        this.dev = dev;
        ids = [.. train.Texts.Select(classifier.Encoder.EncodeIds)];
        targets = train.ToLabels();
        ClassWeights = options.ClassWeights == "balanced" ? Imbalance.Balanced(train.CountLabels()) : null;
        plan = BatchPlan.Training(ids.Select(i => i.Length).ToArray(), options.BatchSize, options.Seed);
        Description = FormattableString.Invariant($"{classifier.Network.Config.Pooling} pooling over a bidirectional {classifier.Network.Config.Cell}, {train.Count} training and {dev.Count} dev texts, {classifier.Labels.Count} labels, {classifier.Encoder.Vocabulary.Count} tokens in the vocabulary");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Weights of the classes in the loss; null for 1.</summary>
    public float[]? ClassWeights { get; }

    public int StepsPerEpoch => plan.BatchCount;

    public IEnumerable<TextBatch> Batches(int epoch, CancellationToken cancellation) =>
        new ReadAhead<TextBatch>(plan.Epoch(epoch).Select(rows => TextBatch.Create(ids, rows.Span, targets)), cancellation: CancellationToken.None);

    public int RowsOf(TextBatch batch) => batch.BatchSize;

    public Tensor Loss(TextBatch batch, in Pass pass)
    {
        (Tensor logits, PoolingResult pooling) = classifier.Network.Forward(batch.Ids, new SequenceRanges(batch.Lengths, batch.Starts), pass);
        Tensor loss = Tensor.CrossEntropy(logits, batch.Targets, ClassWeights);
        return pooling.Penalty is { } penalty ? loss + penalty : loss;
    }

    public DevScore Evaluate(CancellationToken cancellation)
    {
        float[] logits = classifier.Logits(dev);
        int[] truth = dev.ToLabels();
        int classes = classifier.Labels.Count;
        int[] predictions = [.. truth.Select((_, i) => Largest.IndexOf(logits.AsSpan(i * classes, classes)))];
        int right = predictions.Zip(truth).Count(p => p.First == p.Second);
        return new DevScore(TextClassifier.MeanLoss(logits, truth, classes), (double)right / truth.Length, ClassificationReport.MacroF1Of(truth, predictions, classes));
    }
}
