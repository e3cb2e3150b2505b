using System.Text.Json;

namespace Heed;

/// <summary>Says the class of every pixel: a <see cref="UNet"/>, and how pictures are read for it.</summary>
/// <remarks>
/// <para>Pictures of any size: each is read at its own size, or scaled to that of <see cref="SegmenterOptions.Height"/> and back.</para>
/// <para>Immutable once trained or loaded: one instance serves all threads.</para>
/// <example><code>
/// MaskData train = MaskData.Read("train.tar", ["sky", "road", "car"], voidLabel: 255), dev = MaskData.Read("dev.tar", ["sky", "road", "car"], voidLabel: 255);
/// Segmenter segmenter = Segmenter.Train(train, dev, new() { Network = new UNetConfig { Attention = "se" } }, new ConsoleProgress());
/// Picture picture = Picture.Read("street.png");
/// segmenter.Predict(picture).Draw(picture).WritePng("seen.png");
/// </code></example>
/// </remarks>
public sealed partial class Segmenter
{
    internal Segmenter(UNet network, IReadOnlyList<string> labels, PictureBatchOptions reading, (int Height, int Width) size, TrainingRecord record) =>
        (Network, Labels, Reading, Size, Record) = (network, labels, reading, size, record);

    /// <summary>The network.</summary>
    public UNet Network { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    internal PictureBatchOptions Reading { get; }

    // To which pictures are scaled; (0, 0) for not at all.
    internal (int Height, int Width) Size { get; }

    /// <summary>Trains a segmenter.</summary>
    /// <param name="train">Pictures to learn from.</param>
    /// <param name="dev">Pictures that choose the best epoch; with the same classes in the same order.</param>
    /// <param name="options">Network, pictures, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense, or the classes differ; says which and why.</exception>
    /// <exception cref="InputException">There are too few pictures or classes, or one cannot be decoded.</exception>
    public static Segmenter Train(MaskData train, MaskData dev, SegmenterOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new SegmenterOptions();
        options.Validate();
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("Segmenter.Train: training and dev pictures must have the same classes in the same order; read both with the same names.", nameof(dev));
        if (train.Count == 0 || dev.Count == 0 || train.LabelNames.Count < 2)
            throw new InputException(FormattableString.Invariant($"there are {train.Count} training and {dev.Count} dev pictures of {train.LabelNames.Count} classes; at least one of each and two classes are required."));
        PictureBatchOptions look = PictureLook.Of(train, train.Select, options.Height, options.Width);
        UNet network = new(options.Network with { Channels = look.Channels, ClassCount = train.LabelNames.Count, Backbone = options.Network.Backbone?.For(look.Height, look.Width) });
        string[] notes = InitialWeights.Start(network, options.InitialWeights, options.Insertions, options.Training.Seed, look);
        network.Freeze(options.Freeze);
        string trainHash = Hash(train), devHash = Hash(dev);
        Segmenter segmenter = new(network, train.LabelNames, look, options.Network.Backbone is { ReadsAnySize: false } ? (look.Height, look.Width) : (options.Height, options.Width), TrainingRecord.Create(options.Training, new TrainingReport([], 0, false, default), trainHash, devHash));
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, segmenter.RunHash(options)) : null;
        TrainingReport report = new Trainer(network, options.Training, observer is null ? [] : [observer], checkpoint).Run(new SegmenterTask(network, train, dev, look, options) { Notes = [.. notes, .. TrainedShare.Of(network)] }, cancellation);
        segmenter.Record = TrainingRecord.Create(options.Training, report, trainHash, devHash);
        return segmenter;
    }

    /// <summary>Loads a segmenter.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static Segmenter Load(string path) => SegmenterFiles.Load(path);

    /// <summary>Whether a folder holds a segmenter.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == SegmenterConfig.TaskName;

    /// <summary>Saves the segmenter as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => SegmenterFiles.Save(this, path);

    /// <summary>Says the class of every pixel.</summary>
    /// <param name="picture">Of any size.</param>
    public SegmentationPrediction Predict(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        float[] logits = Logits(picture);
        byte[] mask = new byte[picture.Width * picture.Height];
        for (int i = 0; i < mask.Length; i++)
            mask[i] = (byte)Largest.IndexOf(logits.AsSpan(i * Labels.Count, Labels.Count));
        return new SegmentationPrediction(Labels, new Picture(picture.Width, picture.Height, 1, mask));
    }

    /// <summary>How well pixels are classified, each picture at its own size.</summary>
    /// <param name="pictures">With the segmenter's classes.</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public SegmentationReport Evaluate(MaskData pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "Segmenter.Evaluate");
        SegmenterTask.Tally tally = new(Labels);
        for (int i = 0; i < pictures.Count; i++)
        {
            PictureSample sample = pictures.Read(i);
            tally.Add(Logits(sample.Picture), MaskOf(sample, pictures.VoidLabel), 1);
        }
        return tally.Report();
    }

    /// <summary>A report as one HTML file: the training by epochs, figures, classes, and pictures with their true and their predicted classes drawn over them.</summary>
    /// <param name="pictures">With the segmenter's classes; null for the training alone.</param>
    /// <param name="options">Which pictures it holds, at most <see cref="ReportLimits.Drawn"/>; if null those that are not better than all together, the worst first.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <exception cref="ArgumentException">The classes differ, or an option is out of range.</exception>
    public HtmlReport Report(MaskData? pictures, ReportOptions? options = null)
    {
        if (pictures is not null)
            CheckLabels(pictures, "Segmenter.Report");
        return PlaceReports.Of(this, pictures, options ?? new ReportOptions()).Page;
    }

    /// <summary>The same, and the figures of <see cref="Evaluate"/>, which are measured once for both.</summary>
    /// <param name="pictures">With the segmenter's classes.</param>
    /// <param name="measured">The figures.</param>
    /// <param name="options">As above.</param>
    /// <exception cref="ArgumentException">As above.</exception>
    public HtmlReport Report(MaskData pictures, out SegmentationReport measured, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "Segmenter.Report");
        (HtmlReport page, SegmentationReport? found) = PlaceReports.Of(this, pictures, options ?? new ReportOptions());
        measured = found!;
        return page;
    }

    /// <summary>The true class of each pixel; below 0 for none.</summary>
    internal static int[] MaskOf(PictureSample sample, int? none) => Array.ConvertAll(sample.Mask!.Samples.ToArray(), label => label == none ? -1 : label);

    private void CheckLabels(MaskData pictures, string operation)
    {
        if (!pictures.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"{operation}: the pictures' classes are {string.Join(", ", pictures.LabelNames)}; those of the model are {string.Join(", ", Labels)}. Read the pictures with the model's names.", nameof(pictures));
    }

    // (height, width, classes) of the picture's own pixels.
    internal float[] Logits(Picture picture)
    {
        PictureBatch batch = PictureLook.Batch(picture, ReadingOf(picture));
        return Step.Evaluate(pass =>
        {
            Tensor logits = Network.Forward(batch.ToTensor(), pass);
            return (batch.Height, batch.Width) == (picture.Height, picture.Width) ? logits : logits.Resize(picture.Height, picture.Width);
        }).ToArray();
    }

    /// <summary>What a picture costs, and what the attention blocks have of it.</summary>
    /// <remarks>Runs the network once, with hooks: not while other threads use it.</remarks>
    /// <param name="height">Rows; default 0: those to which pictures are scaled, or 256 where they are not.</param>
    /// <param name="width">Columns; likewise.</param>
    public PictureCosts Costs(int height = 0, int width = 0)
    {
        int Of(int asked, int own) => asked > 0 ? asked : own > 0 ? own : 256;
        (height, width) = (Of(height, Size.Height), Of(width, Size.Width));
        return PictureCosts.Measure(Network, height, width, Network.Look(height, width));
    }

    /// <summary>How a picture is read: at its own size, or scaled.</summary>
    internal PictureBatchOptions ReadingOf(Picture picture)
    {
        (int height, int width) = Size.Height > 0 ? Size : (picture.Height, picture.Width);
        return Reading with { Height = height, Width = width };
    }

    private static string Hash(MaskData data) => PictureLook.Hash(Enumerable.Range(0, data.Count).Select(data.NameOf).Prepend(string.Join('\t', data.LabelNames)));

    private string RunHash(SegmenterOptions options) => Heed.RunHash.Of(Record, Network,
        JsonSerializer.SerializeToUtf8Bytes(SegmenterFiles.ConfigOf(this), HeedJson.Default.SegmenterConfig), new PictureChanges(options.Augmentation, options.Freeze, Dice: options.Dice).ToBytes());
}

/// <summary>What a <see cref="Segmenter"/> says of a picture.</summary>
/// <param name="Labels">The classes' names.</param>
/// <param name="Mask">The number of the most probable class of each pixel; one channel, as large as the picture.</param>
public sealed record SegmentationPrediction(IReadOnlyList<string> Labels, Picture Mask)
{
    /// <summary>The share of the pixels that each class has.</summary>
    public IReadOnlyList<double> Shares
    {
        get
        {
            double[] shares = new double[Labels.Count];
            foreach (byte label in Mask.Samples.Span)
                shares[label] += 1.0 / Mask.Samples.Length;
            return shares;
        }
    }

    /// <summary>The picture with the classes' colours over it, and a strip below that names those that are there.</summary>
    /// <param name="picture">The picture that was looked at.</param>
    /// <param name="opacity">0 (nothing seen) to 1 (the colours alone).</param>
    /// <exception cref="ArgumentException">It has another size.</exception>
    public Picture Draw(Picture picture, double opacity = 0.5)
    {
        PictureCanvas canvas = new(picture);
        canvas.Mask(Mask, opacity);
        IReadOnlyList<double> shares = Shares;
        return PictureLegend.Below(canvas.ToPicture(), [.. Enumerable.Range(0, Labels.Count).Where(c => shares[c] > 0).Select(c => (Labels[c], PictureColour.OfClass(c)))]);
    }
}
