using Heed.Kernels;

namespace Heed;

/// <summary>A batch of windows of a text: tokens, and the token behind each.</summary>
internal sealed record TokenWindows(int[] Ids, int[] Targets, int Batch, int Time);

/// <summary>The training of a language model: windows at random places of the training tokens; the loss of all dev tokens.</summary>
internal sealed class LanguageModelTask : ITrainingTask<TokenWindows>
{
    private const int EvaluationBatch = 16;

    // Logits of a window that are in memory at once, and of a batch of several: 1 GiB and 256 MiB.
    private const int MostLogits = 1 << 28, MostLogitsOfBatch = 1 << 26;

    private readonly TransformerLanguageModel network;
    private readonly int[] train, dev;
    private readonly LanguageModelOptions options;
    private readonly int time;

    public LanguageModelTask(TransformerLanguageModel network, int[] train, int[] dev, LanguageModelOptions options)
    {
        (this.network, this.train, this.dev, this.options) = (network, train, dev, options);
        time = Math.Min(network.Transformer.Config.MaximumLength, train.Length - 1);
        TransformerConfig c = network.Transformer.Config;
        Description = FormattableString.Invariant(
            $"decoder of {c.LayerCount} layers, {c.HeadCount} heads, {c.Size} wide, {c.Position} positions; {train.Length:N0} training and {dev.Length:N0} dev tokens, {network.Transformer.VocabularySize:N0} in the vocabulary, windows of {time}; an epoch here is {options.EvaluationInterval} steps");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes => [];

    // In batches, of which a step may take several.
    public int StepsPerEpoch => StepsIn(1);

    public int StepsIn(int epoch) => options.StepsIn(epoch) * options.Training.AccumulationSteps;

    public IEnumerable<TokenWindows> Batches(int epoch, int first, CancellationToken cancellation)
    {
        int before = (epoch - 1) * options.EvaluationInterval, parts = options.Training.AccumulationSteps;
        for (int i = first; i < StepsIn(epoch); i++)
            yield return Window(before + (i / parts), i % parts);
    }

    public int RowsOf(TokenWindows batch) => batch.Batch;

    public long LossCountOf(TokenWindows batch) => batch.Targets.Length;

    public Tensor Loss(TokenWindows batch, in Pass pass) =>
        network.Loss(batch.Ids, batch.Targets, SequenceRanges.Full(batch.Batch, batch.Time), pass, (float)options.Training.LabelSmoothing);

    public DevScore Evaluate(CancellationToken cancellation)
    {
        (double loss, long right, long count) = Measure(network, dev, []);
        return new DevScore(loss / Math.Max(1, count), right / (double)Math.Max(1, count), double.NaN);
    }

    /// <summary>The sum of the tokens' losses, how many were foretold, and how many there are: windows side by side, each token but the first of all foretold once, from those before it in its window.</summary>
    /// <param name="network">The network.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="beginning">Tokens that each window begins with, as the model always saw them; behind them the first token of the text is foretold, too.</param>
    /// <param name="take">Told of each token's loss, from several threads; null for nobody.</param>
    public static (double Loss, long Right, long Count) Measure(TransformerLanguageModel network, int[] tokens, int[] beginning, Action<int, float>? take = null)
    {
        int vocabulary = network.Transformer.VocabularySize, before = beginning.Length, inputs = tokens.Length - 1;
        int most = Math.Max(before + 1, Math.Min(network.Transformer.Config.MaximumLength, MostLogits / vocabulary)), stride = most - before;
        int windows = inputs < 0 ? 0 : Math.Max(before > 0 ? 1 : 0, (inputs + stride - 1) / stride), width = Math.Min(most, before + Math.Max(0, inputs));
        int batch = (int)Math.Clamp(MostLogitsOfBatch / Math.Max(1, (long)width * vocabulary), 1, EvaluationBatch), batches = (windows + batch - 1) / batch;
        (double Loss, long Right, long Count)[] parts = new (double, long, long)[batches];
        Workers.Share(batches, n =>
        {
            int first = n * batch, rows = Math.Min(batch, windows - first);
            int[] ids = new int[rows * width], targets = new int[ids.Length], lengths = new int[rows];
            targets.AsSpan().Fill(-1);
            for (int row = 0; row < rows; row++)
            {
                int start = (first + row) * stride, count = Math.Min(stride, inputs - start), at = row * width;
                lengths[row] = before + count;
                beginning.CopyTo(ids, at);
                tokens.AsSpan(start, count).CopyTo(ids.AsSpan(at + before));
                tokens.AsSpan(start + 1, count).CopyTo(targets.AsSpan(at + before));
                if (before > 0 && start == 0)
                    targets[at + before - 1] = tokens[0];
            }
            Action<int, float>? told = take is null ? null : (i, loss) => take(((first + (i / width)) * stride) + (i % width) - before + 1, loss);
            parts[n] = Step.Evaluate(pass => Sum(network.Forward(ids, new SequenceRanges(lengths), pass), targets, told));
        });
        return (parts.Sum(p => p.Loss), parts.Sum(p => p.Right), parts.Sum(p => p.Count));
    }

    private static (double Loss, long Right, long Count) Sum(Tensor logits, int[] targets, Action<int, float>? take)
    {
        int size = logits.Shape[2];
        Tensor flat = logits.Reshape(new Shape(targets.Length, size)), logs = flat.LogSoftmax().Pick(targets);
        double loss = 0;
        long right = 0, count = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] < 0)
                continue;
            loss -= logs.Values[i];
            take?.Invoke(i, -logs.Values[i]);
            right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(flat.Values.Slice(i * size, size)) == targets[i] ? 1 : 0;
            count++;
        }
        return (loss, right, count);
    }

    // A function of seed, step and part alone, so that a run that is resumed reads the same windows, and parts of a step those of one large batch.
    private TokenWindows Window(int step, int part)
    {
        RandomStream random = new RandomStream(options.Training.Seed, "windows").Fork((ulong)step);
        int batch = options.Training.BatchSize;
        int[] ids = new int[batch * time], targets = new int[ids.Length];
        for (int skipped = 0; skipped < part * batch; skipped++)
            random.Next(train.Length - time);
        for (int row = 0; row < batch; row++)
        {
            int start = random.Next(train.Length - time);
            train.AsSpan(start, time).CopyTo(ids.AsSpan(row * time));
            train.AsSpan(start + 1, time).CopyTo(targets.AsSpan(row * time));
        }
        return new TokenWindows(ids, targets, batch, time);
    }
}
