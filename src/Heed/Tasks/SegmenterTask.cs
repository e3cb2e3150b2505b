using Heed.Kernels;

namespace Heed;

/// <summary>The training of a segmenter: pictures in random order, changed at random; cross-entropy of the pixels, and Dice loss if it is asked for; mean intersection over union of the dev pictures.</summary>
internal sealed class SegmenterTask : ITrainingTask<PictureBatch>
{
    private readonly UNet network;
    private readonly IReadOnlyList<string> labels;
    private readonly PictureBatches train, dev;
    private readonly float[]? weights;
    private readonly float smoothing, dice;

    public SegmenterTask(UNet network, MaskData train, MaskData dev, PictureBatchOptions reading, SegmenterOptions options)
    {
        this.network = network;
        labels = train.LabelNames;
        this.train = new PictureBatches(train, reading with { Augmentation = options.Augmentation, BatchSize = options.Training.BatchSize, Seed = options.Training.Seed });
        this.dev = new PictureBatches(dev, reading with { BatchSize = Math.Min(16, options.Training.BatchSize) });
        (smoothing, dice) = ((float)options.Training.LabelSmoothing, (float)options.Dice);
        weights = options.Training.ClassWeights == "balanced" ? Balanced(train) : null;
        Description = FormattableString.Invariant(
            $"{network.Config.Describe()}; {train.Count:N0} training and {dev.Count:N0} dev pictures of {reading.Height} x {reading.Width} x {reading.Channels}, {labels.Count} classes");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public int StepsPerEpoch => train.BatchCount;

    public string ScoreName => "mean IoU";

    public IEnumerable<PictureBatch> Batches(int epoch, int first, CancellationToken cancellation) => train.Epoch(epoch, cancellation).Skip(first);

    public int RowsOf(PictureBatch batch) => batch.BatchSize;

    public long LossCountOf(PictureBatch batch) => batch.Masks.LongCount(label => label >= 0);

    public Tensor Loss(PictureBatch batch, in Pass pass)
    {
        Tensor logits = Rows(network.Forward(batch.ToTensor(), pass)), loss = Tensor.CrossEntropy(logits, batch.Masks, weights, smoothing);
        return dice == 0 ? loss : loss + DiceLoss(logits, batch.Masks, pass).Scale(dice);
    }

    public DevScore Evaluate(CancellationToken cancellation)
    {
        Tally tally = new(labels);
        foreach (PictureBatch batch in dev.InOrder(cancellation))
            tally.Add(Step.Evaluate(pass => network.Forward(batch.ToTensor(), pass)).Values, batch.Masks, batch.BatchSize);
        SegmentationReport report = tally.Report();
        return new DevScore(report.Loss, report.PixelAccuracy, double.NaN, report.MeanIou);
    }

    /// <summary>1 − the mean over the classes that the masks have of 2·Σ p·t/(Σ p + Σ t).</summary>
    internal static Tensor DiceLoss(Tensor logits, ReadOnlyMemory<int> masks, in Pass pass)
    {
        (int rows, int classes) = (logits.Shape[0], logits.Shape[1]);
        float[] target = new float[rows * classes], known = new float[rows], counts = new float[classes];
        for (int row = 0; row < rows; row++)
        {
            if (masks.Span[row] is >= 0 and int label)
            {
                target[(row * classes) + label] = 1;
                known[row] = 1;
                counts[label]++;
            }
        }
        int seen = Math.Max(1, counts.Count(n => n > 0));
        Tensor p = logits.Softmax(), ones = pass.Input(known, new Shape(1, rows));
        Tensor both = ones.MatMul(p * pass.Input(target, p.Shape)), sum = ones.MatMul(p) + pass.Input(counts, new Shape(1, classes));
        // A class that is not there has no numerator, so its share is 0; the denominator is kept from 0.
        return (both / sum.Scale(1, 1e-6f)).Sum().Scale(-2f / seen, 1);
    }

    private static Tensor Rows(Tensor logits) => logits.Reshape(new Shape(logits.Shape[0] * logits.Shape[1] * logits.Shape[2], logits.Shape[3]));

    private static float[] Balanced(MaskData data)
    {
        long[] counts = new long[data.LabelNames.Count];
        for (int i = 0; i < data.Count; i++)
        {
            foreach (byte label in data.Read(i).Mask!.Samples.Span)
            {
                if (label != data.VoidLabel)
                    counts[label]++;
            }
        }
        double all = counts.Sum();
        return [.. counts.Select(n => n == 0 ? 0 : (float)(all / (counts.Length * (double)n)))];
    }

    /// <summary>Adds up answers.</summary>
    internal sealed class Tally(IReadOnlyList<string> labels)
    {
        private readonly long[] confusion = new long[labels.Count * labels.Count];
        private double loss;
        private long pixels;
        private int pictures;

        /// <summary>Adds the answers to some pictures.</summary>
        /// <param name="logits">(pixels, classes).</param>
        /// <param name="masks">(pixels); below 0 for none.</param>
        /// <param name="pictureCount">How many they are.</param>
        public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> masks, int pictureCount)
        {
            int classes = labels.Count;
            float[] logs = new float[logits.Length];
            LogSoftmaxKernel.Forward(logits, classes, logs);
            for (int i = 0; i < masks.Length; i++)
            {
                if (masks[i] < 0)
                    continue;
                ReadOnlySpan<float> row = logs.AsSpan(i * classes, classes);
                confusion[(masks[i] * classes) + Largest.IndexOf(row)]++;
                loss -= row[masks[i]];
                pixels++;
            }
            pictures += pictureCount;
        }

        public SegmentationReport Report() => new(labels, confusion, pictures, loss / Math.Max(1, pixels));
    }
}
