namespace Heed;

/// <summary>The training of a detector: pictures in random order, changed at random; focal loss, boxes' loss and centre-ness; mean average precision of the dev pictures.</summary>
internal sealed class DetectorTask : ITrainingTask<PictureBatch>
{
    // Boxes below this score are left out when average precision is measured, and so many of a picture are kept.
    public const double LeastScore = 0.05;
    public const int MostBoxes = 100;

    private readonly Fcos network;
    private readonly BoxData devData;
    private readonly PictureBatches train, dev;
    private readonly double overlap;

    public DetectorTask(Fcos network, BoxData train, BoxData dev, PictureBatchOptions reading, DetectorOptions options)
    {
        this.network = network;
        (devData, overlap) = (dev, options.Overlap);
        this.train = new PictureBatches(train, reading with { Augmentation = options.Augmentation, BatchSize = options.Training.BatchSize, Seed = options.Training.Seed });
        this.dev = new PictureBatches(dev, reading with { BatchSize = Math.Min(8, options.Training.BatchSize) });
        Description = FormattableString.Invariant(
            $"{network.Config.Describe()}; {train.BoxCounts} in {train.Count:N0} training and {dev.Count:N0} dev pictures of {reading.Height} x {reading.Width} x {reading.Channels}, {train.LabelNames.Count} classes, places every {string.Join(", ", network.Strides)} pixels");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public int StepsPerEpoch => train.BatchCount;

    public string ScoreName => "mAP@0.5";

    public IEnumerable<PictureBatch> Batches(int epoch, int first, CancellationToken cancellation) => train.Epoch(epoch, cancellation).Skip(first);

    public int RowsOf(PictureBatch batch) => batch.BatchSize;

    public Tensor Loss(PictureBatch batch, in Pass pass) => FcosAnswers.Loss(network.Forward(batch.ToTensor(), pass), batch.Boxes, network.Strides);

    public DevScore Evaluate(CancellationToken cancellation)
    {
        List<IReadOnlyList<PictureBox>> truth = [];
        List<IReadOnlyList<ScoredBox>> found = [];
        double loss = 0;
        foreach (PictureBatch batch in dev.InOrder(cancellation))
        {
            (float own, IReadOnlyList<ScoredBox>[] boxes) = Step.Evaluate(pass =>
            {
                IReadOnlyList<FcosLevel> levels = network.Forward(batch.ToTensor(), pass);
                return (FcosAnswers.Loss(levels, batch.Boxes, network.Strides).Item, FcosAnswers.Boxes(levels, batch.Height, batch.Width, LeastScore, overlap, MostBoxes));
            });
            loss += own * batch.BatchSize;
            truth.AddRange(batch.Boxes);
            found.AddRange(boxes);
        }
        return new DevScore(loss / devData.Count, double.NaN, double.NaN, new DetectionReport(devData.LabelNames, truth, found).VocPrecision);
    }
}
