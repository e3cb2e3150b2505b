using System.Text.Json;

namespace Heed;

/// <summary>Finds things in pictures: a <see cref="Fcos"/> over any picture network, and how pictures are read for it.</summary>
/// <remarks>
/// <para>Every picture is scaled to the size that the network was trained with, and boxes are scaled back.</para>
/// <para>Immutable once trained or loaded: one instance serves all threads.</para>
/// <example><code>
/// BoxData train = BoxData.ReadTable("pictures.tar", "boxes.tsv", rows: ("split", "train"));
/// BoxData dev = BoxData.ReadTable("pictures.tar", "boxes.tsv", new() { LabelNames = train.LabelNames }, ("split", "dev"));
/// Detector detector = Detector.Train(train, dev, new() { Height = 240, Width = 320 }, new ConsoleProgress());
/// Picture picture = Picture.Read("blood.jpg");
/// detector.Predict(picture).Draw(picture).WritePng("seen.png");
/// </code></example>
/// </remarks>
public sealed partial class Detector
{
    internal Detector(Fcos network, IReadOnlyList<string> labels, PictureBatchOptions reading, double overlap, TrainingRecord record) => (Network, Labels, Reading, Overlap, Record) = (network, labels, reading, overlap, record);

    /// <summary>The network.</summary>
    public Fcos Network { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Of boxes of a class that overlap more than this the surest stays.</summary>
    public double Overlap { get; }

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    internal PictureBatchOptions Reading { get; }

    /// <summary>Trains a detector.</summary>
    /// <param name="train">Pictures to learn from.</param>
    /// <param name="dev">Pictures that choose the best epoch; with the same classes in the same order.</param>
    /// <param name="options">Network, pictures, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense, or the classes differ; says which and why.</exception>
    /// <exception cref="InputException">There are too few pictures, classes or boxes, or a picture cannot be decoded.</exception>
    public static Detector Train(BoxData train, BoxData dev, DetectorOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new DetectorOptions();
        options.Validate();
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("Detector.Train: training and dev pictures must have the same classes in the same order; read the dev pictures with LabelNames of the training pictures.", nameof(dev));
        if (train.Count == 0 || dev.Count == 0 || train.LabelNames.Count < 1)
            throw new InputException(FormattableString.Invariant($"there are {train.Count} training and {dev.Count} dev pictures of {train.LabelNames.Count} classes; at least one of each is required."));
        foreach ((string part, BoxData data) in new[] { ("training", train), ("dev", dev) })
        {
            if (!Enumerable.Range(0, data.Count).Any(i => data.Boxes(i).Any(box => box.Kind == BoxKind.Thing)))
                throw new InputException($"there is no box in the {part} pictures, so there is nothing to find.");
        }
        PictureBatchOptions look = PictureLook.Of(train, train.Select, options.Height, options.Width);
        Fcos network = new(options.Network with { Channels = look.Channels, ClassCount = train.LabelNames.Count, Backbone = options.Network.Backbone.For(look.Height, look.Width) });
        string[] notes = InitialWeights.Start(network, options.InitialWeights, options.Insertions, options.Training.Seed, look);
        network.Freeze(options.Freeze);
        string trainHash = Hash(train), devHash = Hash(dev);
        Detector detector = new(network, train.LabelNames, look, options.Overlap, TrainingRecord.Create(options.Training, new TrainingReport([], 0, false, default), trainHash, devHash));
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, detector.RunHash(options)) : null;
        TrainingReport report = new Trainer(network, options.Training, observer is null ? [] : [observer], checkpoint).Run(new DetectorTask(network, train, dev, look, options) { Notes = [.. notes, .. TrainedShare.Of(network)] }, cancellation);
        detector.Record = TrainingRecord.Create(options.Training, report, trainHash, devHash);
        return detector;
    }

    /// <summary>Loads a detector.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static Detector Load(string path) => DetectorFiles.Load(path);

    /// <summary>Whether a folder holds a detector.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == DetectorConfig.TaskName;

    /// <summary>Saves the detector as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => DetectorFiles.Save(this, path);

    /// <summary>Finds things.</summary>
    /// <param name="picture">Of any size.</param>
    /// <param name="leastScore">Boxes below this score are left out; from 0 to 1.</param>
    public DetectionPrediction Predict(Picture picture, double leastScore = 0.3)
    {
        ArgumentNullException.ThrowIfNull(picture);
        PictureBatch batch = PictureLook.Batch(picture, Reading);
        IReadOnlyList<ScoredBox> boxes = Step.Evaluate(pass => FcosAnswers.Boxes(Network.Forward(batch.ToTensor(), pass), Reading.Height, Reading.Width, leastScore, Overlap, DetectorTask.MostBoxes))[0];
        (float across, float down) = (picture.Width / (float)Reading.Width, picture.Height / (float)Reading.Height);
        return new DetectionPrediction(Labels, [.. boxes.Select(b => b with { Box = new PictureBox(b.Box.Label, b.Box.Left * across, b.Box.Top * down, b.Box.Right * across, b.Box.Bottom * down) })]);
    }

    /// <summary>How well things are found.</summary>
    /// <param name="pictures">With the detector's classes (<see cref="PictureDataOptions.LabelNames"/>).</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public DetectionReport Evaluate(BoxData pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "Detector.Evaluate");
        return new DetectionReport(
            Labels, [.. Enumerable.Range(0, pictures.Count).Select(pictures.Boxes)], [.. Enumerable.Range(0, pictures.Count).Select(i => Predict(pictures.Read(i).Picture, DetectorTask.LeastScore).Boxes)]);
    }

    /// <summary>What a picture costs, and what the attention blocks have of it.</summary>
    /// <remarks>Runs the network once, with hooks: not while other threads use it.</remarks>
    public PictureCosts Costs() => PictureCosts.Measure(Network, Reading.Height, Reading.Width, Network.Look(Reading.Height, Reading.Width));

    /// <summary>A report as one HTML file: the training by epochs, figures, classes, and pictures with the true and the found boxes drawn over them.</summary>
    /// <param name="pictures">With the detector's classes; null for the training alone.</param>
    /// <param name="options">Which pictures it holds, at most <see cref="ReportLimits.Drawn"/>; if null those with a missed or a wrong box, those with the most of them first.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <exception cref="ArgumentException">The classes differ, or an option is out of range.</exception>
    public HtmlReport Report(BoxData? pictures, ReportOptions? options = null)
    {
        if (pictures is not null)
            CheckLabels(pictures, "Detector.Report");
        return PlaceReports.Of(this, pictures, options ?? new ReportOptions()).Page;
    }

    /// <summary>The same, and the figures of <see cref="Evaluate"/>, which are measured once for both.</summary>
    /// <param name="pictures">With the detector's classes.</param>
    /// <param name="measured">The figures.</param>
    /// <param name="options">As above.</param>
    /// <exception cref="ArgumentException">As above.</exception>
    public HtmlReport Report(BoxData pictures, out DetectionReport measured, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "Detector.Report");
        (HtmlReport page, DetectionReport? found) = PlaceReports.Of(this, pictures, options ?? new ReportOptions());
        measured = found!;
        return page;
    }

    private void CheckLabels(BoxData pictures, string operation)
    {
        if (!pictures.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"{operation}: the pictures' classes are {string.Join(", ", pictures.LabelNames)}; those of the model are {string.Join(", ", Labels)}. Read the pictures with LabelNames of the model.", nameof(pictures));
    }

    private static string Hash(BoxData data) => PictureLook.Hash(Enumerable.Range(0, data.Count).Select(i => FormattableString.Invariant(
        $"{data.NameOf(i)}\t{string.Join('\t', data.Boxes(i).Select(b => FormattableString.Invariant($"{data.LabelNames[b.Label]} {b.Left} {b.Top} {b.Right} {b.Bottom}{(b.Kind == BoxKind.Thing ? "" : $" {b.Kind}")}")))}")));

    private string RunHash(DetectorOptions options) => Heed.RunHash.Of(Record, Network,
        JsonSerializer.SerializeToUtf8Bytes(DetectorFiles.ConfigOf(this), HeedJson.Default.DetectorConfig), new PictureChanges(options.Augmentation, options.Freeze).ToBytes());
}

/// <summary>What a <see cref="Detector"/> finds in a picture.</summary>
/// <param name="Labels">The classes' names.</param>
/// <param name="Boxes">The boxes, the surest first, in pixels of the picture.</param>
public sealed record DetectionPrediction(IReadOnlyList<string> Labels, IReadOnlyList<ScoredBox> Boxes)
{
    /// <summary>The picture with the boxes, their classes and scores.</summary>
    /// <param name="picture">The picture that was looked at.</param>
    public Picture Draw(Picture picture)
    {
        PictureCanvas canvas = new(picture);
        // The surest are drawn last, over the others.
        foreach ((PictureBox box, float score) in Boxes.Reverse())
            canvas.Box(box.Left, box.Top, box.Right, box.Bottom, PictureColour.OfClass(box.Label), FormattableString.Invariant($"{Labels[box.Label]} {score:F2}"));
        return canvas.ToPicture();
    }
}
