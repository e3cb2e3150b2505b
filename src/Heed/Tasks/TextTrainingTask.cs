namespace Heed;

/// <summary>A text classifier as the trainer sees it.</summary>
internal sealed class TextTrainingTask : ITrainingTask<TextTrainingTask.Rows>
{
    private readonly TextClassifier classifier;
    private readonly TextData dev;
    private readonly EvidenceRows? evidence;
    private readonly int[][] ids;
    private readonly int[][]? sentences, segments;
    private readonly Func<Tensor, int[], Tensor> loss;
    private readonly FeatureTable features;
    private readonly TrainingOptions options;
    private readonly BatchPlan plan;

    public TextTrainingTask(TextClassifier classifier, TextData train, TextData dev, TrainingOptions options, EvidenceRows? evidence = null)
    {
        (this.classifier, this.dev, this.options, this.evidence) = (classifier, dev, options, evidence);
        (ids, segments) = Encode(classifier.Tokens, train.Texts);
        sentences = classifier.IsHierarchical ? [.. train.Texts.Select(text => TextInference.Sentences(text, classifier.Tokens.Encode(text).Tokens))] : null;
        features = classifier.Features.Encode(train);
        loss = classifier.Head.Loss(train, options);
        plan = BatchPlan.Training(ids.Select(i => i.Length).ToArray(), options.BatchSize, options.Seed);
        string what = classifier.Target switch
        {
            TargetKind.Number => "a number",
            TargetKind.Multi => FormattableString.Invariant($"sets of {classifier.Labels.Count} labels"),
            TargetKind.Ordinal => FormattableString.Invariant($"{classifier.Labels.Count} ordered labels"),
            _ => FormattableString.Invariant($"{classifier.Labels.Count} labels"),
        };
        string further = features.Count > 0 && classifier.Features.FieldCount > 0 ? FormattableString.Invariant($", {classifier.Features.FieldCount} further columns") : "";
        Description = FormattableString.Invariant($"{How(classifier.Network.Config)}{(evidence is null ? "" : " with evidence of the bag of words")}, {train.Count} training and {dev.Count} dev texts, {what}{further}, {classifier.Tokens.VocabularySize} tokens in the vocabulary");
    }

    public string Description { get; }

    private static string How(TextNetworkConfig network) => network switch
    {
        BlstmConfig blstm => (blstm.PairForm is "joined" or "towers" ? $"{(blstm.Structure == "flat" ? "" : blstm.Structure + " ")}{blstm.Pooling} pooling" : $"{blstm.PairForm} co-attention{(blstm.PairForm == "fine" ? $", {blstm.Pooling} pooling" : "")},") + $" over a bidirectional {blstm.Cell}",
        TransformerClassifierConfig { Encoder: var e } transformer => FormattableString.Invariant($"{transformer.Pooling} pooling over a Transformer of {e.LayerCount} layers, {e.HeadCount} heads, {e.Size} wide"),
        _ => network.GetType().Name,
    };

    private static (int[][] Ids, int[][]? Segments) Encode(TokenEncoder tokens, IEnumerable<string> texts)
    {
        if (tokens is TextEncoder)
            return ([.. texts.Select(tokens.EncodeIds)], null);
        EncodedText[] encoded = TextInference.Encode(tokens, [.. texts]);
        return ([.. encoded.Select(e => e.Ids)], TextInference.Segments(encoded));
    }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public int StepsPerEpoch => plan.BatchCount;

    public IEnumerable<Rows> Batches(int epoch, int first, CancellationToken cancellation) =>
        new ReadAhead<Rows>(plan.Epoch(epoch).Skip(first).Select(rows => Batch(rows.Span, epoch)), cancellation: CancellationToken.None);

    public int RowsOf(Rows rows) => rows.Batch.BatchSize;

    public Tensor Loss(Rows rows, in Pass pass)
    {
        TextBatch batch = rows.Batch;
        float[] vectors = TextInference.Vectors(features, classifier.Features.VectorSize, batch.RowIndices);
        (Tensor logits, PoolingResult pooling) = classifier.Network.Forward(batch.Ids, new SequenceRanges(batch.Lengths, batch.Starts), pass, vectors, rows.Evidence, batch.Sentences, batch.Segments);
        Tensor error = loss(logits, batch.RowIndices);
        return pooling.Penalty is { } penalty ? error + penalty : error;
    }

    public DevScore Evaluate(CancellationToken cancellation) => classifier.Head.Score(TextInference.Logits(classifier, dev), dev);

    private Rows Batch(ReadOnlySpan<int> rows, int epoch)
    {
        TextBatch batch = TextBatch.Create(ids, rows, sentences: sentences, segments: segments);
        if (options.WordDropout > 0)
            DropWords(batch, epoch);
        return new Rows(batch, evidence?.Of(batch));
    }

    /// <summary>A batch with the evidence for its tokens, if the network takes any.</summary>
    internal sealed record Rows(TextBatch Batch, float[]? Evidence);

    // A function of seed, epoch and row alone, so that a run that is resumed drops the same words.
    private void DropWords(TextBatch batch, int epoch)
    {
        RandomStream stream = new RandomStream(options.Seed, "word dropout").Fork((ulong)epoch);
        for (int i = 0; i < batch.BatchSize; i++)
        {
            RandomStream row = stream.Fork((ulong)batch.RowIndices[i]);
            foreach (ref int id in batch.Ids.AsSpan((i * batch.MaximumLength) + batch.Starts[i], batch.Lengths[i]))
            {
                if (row.NextSingle() < options.WordDropout && !classifier.Tokens.IsStructure(id))
                    id = classifier.Tokens.DroppedId;
            }
        }
    }
}
