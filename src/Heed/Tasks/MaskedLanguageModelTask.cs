using System.Numerics.Tensors;
using Heed.Kernels;

namespace Heed;

/// <summary>The training of a masked language model: pieces at random places of the training tokens with other tokens hidden each time; the loss of all dev pieces, with the same tokens hidden each time.</summary>
internal sealed class MaskedLanguageModelTask : ITrainingTask<MaskedPieces>
{
    private const int EvaluationBatch = 16;
    // The same tokens are hidden whatever a run's seed is, so that figures can be compared.
    private const ulong EvaluationSeed = 0;

    private readonly TransformerMaskedLanguageModel network;
    private readonly PretrainedTokenizer tokenizer;
    private readonly int[] train, dev;
    private readonly MaskedLanguageModelOptions options;
    private readonly MaskedTokens tokens;
    private readonly int room;

    public MaskedLanguageModelTask(TransformerMaskedLanguageModel network, PretrainedTokenizer tokenizer, int[] train, int[] dev, MaskedLanguageModelOptions options)
    {
        (this.network, this.tokenizer, this.train, this.dev, this.options) = (network, tokenizer, train, dev, options);
        tokens = new MaskedTokens(tokenizer, options.MaskedShare, options.Training.Seed);
        TransformerConfig c = network.Transformer.Config;
        room = Math.Min(tokens.Room(c.MaximumLength), train.Length);
        Description = FormattableString.Invariant(
            $"encoder of {c.LayerCount} layers, {c.HeadCount} heads, {c.Size} wide, {c.Position} positions, {100 * options.MaskedShare:0.##} % of the tokens hidden; {train.Length:N0} training and {dev.Length:N0} dev tokens, {tokenizer.VocabularySize:N0} in the vocabulary, pieces of {room}; an epoch here is {options.EvaluationInterval} steps");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes => [];

    // In batches, of which a step may take several.
    public int StepsPerEpoch => StepsIn(1);

    public int StepsIn(int epoch) => options.AsLanguageModel.StepsIn(epoch) * options.Training.AccumulationSteps;

    // A function of seed and step alone, so that a run that is resumed reads the same pieces with the same tokens hidden.
    public IEnumerable<MaskedPieces> Batches(int epoch, int first, CancellationToken cancellation)
    {
        int before = (epoch - 1) * options.EvaluationInterval * options.Training.AccumulationSteps, rows = options.Training.BatchSize;
        for (int batch = before + first; batch < before + StepsIn(epoch); batch++)
        {
            RandomStream random = new RandomStream(options.Training.Seed, "pieces").Fork((ulong)batch);
            int[] starts = [.. Enumerable.Range(0, rows).Select(_ => random.Next(train.Length - room + 1))];
            yield return tokens.Hide(train, starts, room, "masks", (ulong)batch * (ulong)rows);
        }
    }

    public int RowsOf(MaskedPieces batch) => batch.Lengths.Length;

    public long LossCountOf(MaskedPieces batch) => batch.Targets.Length;

    public Tensor Loss(MaskedPieces batch, in Pass pass) =>
        Tensor.CrossEntropy(network.Forward(batch.Ids, batch.Lengths, batch.Places, pass), batch.Targets, null, (float)options.Training.LabelSmoothing);

    public DevScore Evaluate(CancellationToken cancellation)
    {
        MaskedLanguageModelReport report = Measure(network, tokenizer, dev, options.MaskedShare);
        return new DevScore(report.Loss, report.Accuracy, double.NaN);
    }

    /// <summary>How well hidden tokens of a text are guessed: pieces side by side, the same tokens hidden for everybody.</summary>
    /// <param name="network">The network.</param>
    /// <param name="tokenizer">The tokens.</param>
    /// <param name="text">The text.</param>
    /// <param name="share">Share of hidden tokens.</param>
    /// <param name="take">Told of each hidden token's loss, from several threads; null for nobody.</param>
    public static MaskedLanguageModelReport Measure(TransformerMaskedLanguageModel network, PretrainedTokenizer tokenizer, int[] text, double share, Action<int, float>? take = null)
    {
        MaskedTokens hiding = new(tokenizer, share, EvaluationSeed);
        int width = hiding.Room(network.Transformer.Config.MaximumLength), pieces = (text.Length + width - 1) / width, batches = (pieces + EvaluationBatch - 1) / EvaluationBatch;
        (double Loss, long Right, long Count)[] parts = new (double, long, long)[batches];
        Workers.Share(batches, n =>
        {
            int first = n * EvaluationBatch;
            int[] starts = [.. Enumerable.Range(first, Math.Min(EvaluationBatch, pieces - first)).Select(piece => piece * width)];
            MaskedPieces batch = hiding.Hide(text, starts, width, "evaluation masks", (ulong)first);
            parts[n] = Step.Evaluate(pass =>
            {
                Tensor logits = network.Forward(batch.Ids, batch.Lengths, batch.Places, pass), logs = logits.LogSoftmax().Pick(batch.Targets);
                int size = logits.Shape[1];
                double loss = 0;
                long right = 0;
                for (int i = 0; i < batch.Targets.Length; i++)
                {
                    loss -= logs.Values[i];
                    take?.Invoke(hiding.TokenAt(batch, i, starts), -logs.Values[i]);
                    right += TensorPrimitives.IndexOfMax(logits.Values.Slice(i * size, size)) == batch.Targets[i] ? 1 : 0;
                }
                return (loss, right, batch.Targets.LongLength);
            });
        });
        long count = parts.Sum(p => p.Count);
        return new MaskedLanguageModelReport(count, count == 0 ? double.NaN : parts.Sum(p => p.Loss) / count, count == 0 ? double.NaN : parts.Sum(p => p.Right) / (double)count);
    }
}
