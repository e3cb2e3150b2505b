namespace Heed;

/// <summary>The training of an image classifier: pictures in random order, changed at random; cross-entropy; the accuracy of the dev pictures.</summary>
internal sealed class ImageClassifierTask : ITrainingTask<PictureBatch>
{
    private readonly PictureNetwork network;
    private readonly PictureBatches dev;
    private readonly PictureGrowth train;
    private readonly float smoothing;

    public ImageClassifierTask(PictureNetwork network, PictureData train, PictureData dev, PictureBatchOptions reading, ImageClassifierOptions options)
    {
        this.network = network;
        PictureBatchOptions whole = reading with { Augmentation = options.Augmentation, BatchSize = options.Training.BatchSize, Seed = options.Training.Seed };
        this.train = new PictureGrowth(train, whole, options.FirstScale, options.Training.EpochCount);
        this.dev = new PictureBatches(dev, reading);
        smoothing = (float)options.Training.LabelSmoothing;
        Description = FormattableString.Invariant(
            $"{network.Config.Describe()}; {train.Count:N0} training and {dev.Count:N0} dev pictures of {reading.Height} x {reading.Width} x {reading.Channels}, {network.Config.ClassCount} classes");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public int StepsPerEpoch => train[1].BatchCount;

    public double StepCost(int epoch) => train.CostOf(epoch);

    public IEnumerable<PictureBatch> Batches(int epoch, int first, CancellationToken cancellation) => train[epoch].Epoch(epoch, cancellation).Skip(first);

    public int RowsOf(PictureBatch batch) => batch.BatchSize;

    public Tensor Loss(PictureBatch batch, in Pass pass)
    {
        Tensor logits = network.Forward(batch.ToTensor(), pass), loss = Tensor.CrossEntropy(logits, batch.Targets, null, smoothing);
        return batch.MixedTargets.Length == 0 ? loss : loss.Scale(batch.MixWeight) + Tensor.CrossEntropy(logits, batch.MixedTargets, null, smoothing).Scale(1 - batch.MixWeight);
    }

    public DevScore Evaluate(CancellationToken cancellation)
    {
        ImageReport report = Measure(network, dev);
        return new DevScore(report.Loss, report.Accuracy, report.MacroF1);
    }

    /// <summary>How well pictures are classified.</summary>
    /// <param name="network">The network.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="averagesMirrored">Whether the probabilities are means over each picture and its mirrored form.</param>
    /// <param name="take">Gets the log-probabilities of each picture, in order.</param>
    public static ImageReport Measure(PictureNetwork network, PictureBatches pictures, bool averagesMirrored = false, Action<ReadOnlySpan<float>>? take = null)
    {
        int classes = network.Config.ClassCount, count = 0, top = 0, topFive = 0, plainTop = 0;
        double loss = 0;
        int[] right = new int[classes], said = new int[classes], are = new int[classes];
        foreach (PictureBatch batch in pictures.InOrder())
        {
            (float[] logs, float[] plain) = Step.Evaluate(pass => (ImageAnswers.Scores(network, batch, averagesMirrored, pass, out Tensor alone).LogSoftmax().ToArray(), averagesMirrored ? alone.ToArray() : []));
            for (int i = 0; i < batch.BatchSize; i++)
            {
                ReadOnlySpan<float> row = logs.AsSpan(i * classes, classes);
                take?.Invoke(row);
                int target = batch.Targets[i], answer = 0, above = 0;
                for (int c = 0; c < classes; c++)
                {
                    answer = row[c] > row[answer] ? c : answer;
                    above += row[c] > row[target] ? 1 : 0;
                }
                count++;
                loss -= row[target];
                top += answer == target ? 1 : 0;
                plainTop += averagesMirrored && Largest.IndexOf(plain.AsSpan(i * classes, classes)) == target ? 1 : 0;
                topFive += above < 5 ? 1 : 0;
                right[target] += answer == target ? 1 : 0;
                said[answer]++;
                are[target]++;
            }
        }
        double f1 = Enumerable.Range(0, classes).Average(c => said[c] + are[c] == 0 ? 0 : 2.0 * right[c] / (said[c] + are[c]));
        return new ImageReport(count, loss / Math.Max(1, count), top / (double)Math.Max(1, count), topFive / (double)Math.Max(1, count), f1)
        {
            PlainAccuracy = averagesMirrored ? plainTop / (double)Math.Max(1, count) : null,
        };
    }
}
