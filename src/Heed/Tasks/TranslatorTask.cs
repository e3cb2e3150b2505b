using Heed.Kernels;

namespace Heed;

/// <summary>A translator as the trainer sees it.</summary>
internal sealed class TranslatorTask : ITrainingTask<PairBatch>
{
    private const int EvaluationBatch = 64;
    private readonly SequenceToSequence network;
    private readonly EncodedPairs train, dev;
    private readonly TrainingOptions options;
    private readonly BatchPlan plan;

    public TranslatorTask(SequenceToSequence network, PairEncoding encoding, EncodedPairs train, EncodedPairs dev, TrainingOptions options, IEnumerable<string> first)
    {
        (this.network, this.train, this.dev, this.options) = (network, train, dev, options);
        // By both lengths: padding on either side costs. Of a recurrent network the target's most, whose steps wait for each other; of a Transformer both alike.
        bool isRecurrent = network is EncoderDecoder;
        plan = BatchPlan.Training(
            [.. train.Sources.Zip(train.Targets, (s, t) => isRecurrent ? Math.Min(1 << 12, s.Length) + (Math.Min(1 << 12, t.Length) << 13) : Math.Max(s.Length, t.Length))], options.BatchSize, options.Seed);
        (int sources, int targets) = (encoding.Source.Vocabulary.Count, encoding.Target.Vocabulary.Count);
        string tokens = network.Config.SharesTokens ? FormattableString.Invariant($"{targets:N0} tokens of both sides") : FormattableString.Invariant($"{sources:N0} source and {targets:N0} target tokens");
        Description = FormattableString.Invariant($"{network.Config.Description}; {train.Sources.Count:N0} training and {dev.Sources.Count:N0} dev pairs, {tokens}");
        List<string> notes = [.. first];
        if (train.LongCount + dev.LongCount > 0)
        {
            string fate = encoding.LongSentences switch { "drop" => "dropped", "keep" => "kept whole", _ => "truncated" };
            notes.Add(FormattableString.Invariant($"{train.LongCount + dev.LongCount:N0} pairs have a sentence beyond {encoding.MaximumLength} tokens: {fate}"));
        }
        if (train.EmptyCount + dev.EmptyCount > 0)
            notes.Add(FormattableString.Invariant($"{train.EmptyCount + dev.EmptyCount:N0} pairs have a side without a token: dropped"));
        Notes = notes;
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes { get; }

    public int StepsPerEpoch => plan.BatchCount;

    public IEnumerable<PairBatch> Batches(int epoch, int first, CancellationToken cancellation) =>
        new ReadAhead<PairBatch>(plan.Epoch(epoch).Skip(first).Select(rows => Batch(rows.Span, epoch)), cancellation: CancellationToken.None);

    public int RowsOf(PairBatch batch) => batch.BatchSize;

    public long LossCountOf(PairBatch batch) => batch.TargetLengths.Sum();

    public Tensor Loss(PairBatch batch, in Pass pass) => network.Loss(batch, pass, (float)options.LabelSmoothing);

    public DevScore Evaluate(CancellationToken cancellation)
    {
        (double loss, long right, long count) = Measure(network, dev);
        return new DevScore(loss / Math.Max(1, count), right / (double)Math.Max(1, count), double.NaN);
    }

    /// <summary>The sum of the tokens' losses, how many were foretold, and how many there are.</summary>
    public static (double Loss, long Right, long Count) Measure(SequenceToSequence network, EncodedPairs pairs)
    {
        IReadOnlyList<ReadOnlyMemory<int>> batches = BatchPlan.Evaluation(pairs.Sources.Select(s => s.Length).ToArray(), EvaluationBatch).Epoch(0);
        (double Loss, long Right, long Count)[] parts = new (double, long, long)[batches.Count];
        Workers.Share(batches.Count, n =>
        {
            (float[][] logs, int right) = network.Score(pairs.Batch(batches[n].Span));
            parts[n] = (-logs.Sum(pair => pair.Sum(l => (double)l)), right, logs.Sum(pair => (long)pair.Length));
        });
        return (parts.Sum(p => p.Loss), parts.Sum(p => p.Right), parts.Sum(p => p.Count));
    }

    private PairBatch Batch(ReadOnlySpan<int> rows, int epoch)
    {
        PairBatch batch = train.Batch(rows);
        if (options.WordDropout > 0)
            DropTokens(batch, epoch);
        return batch;
    }

    // A function of seed, epoch and row alone, so that a run that is resumed drops the same tokens.
    private void DropTokens(PairBatch batch, int epoch)
    {
        RandomStream stream = new RandomStream(options.Seed, "word dropout").Fork((ulong)epoch);
        for (int i = 0; i < batch.BatchSize; i++)
        {
            RandomStream row = stream.Fork((ulong)batch.RowIndices[i]);
            foreach (ref int id in batch.SourceIds.AsSpan(i * batch.SourceTime, batch.SourceLengths[i]))
            {
                if (row.NextSingle() < options.WordDropout)
                    id = Vocabulary.Unknown;
            }
        }
    }
}
