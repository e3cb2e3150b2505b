using System.Text.Json;

namespace Heed;

/// <summary>Classifies pictures: a network of any family, with the attention that its configuration names, and how pictures are read for it.</summary>
/// <remarks>
/// <para>Immutable once trained or loaded: one instance serves all threads.</para>
/// <example><code>
/// PictureData pictures = PictureData.Read("pictures/");      // a folder for each class
/// (PictureData train, PictureData dev, PictureData test) = pictures.Split(seed: 1);
/// ImageClassifier classifier = ImageClassifier.Train(train, dev, new() { Network = ResNetConfig.Named("se-resnet20") }, new ConsoleProgress());
/// ImagePrediction answer = classifier.Predict(Picture.Read("cat.png"));
/// </code></example>
/// </remarks>
public sealed partial class ImageClassifier
{
    private readonly PictureBatchOptions reading;

    internal ImageClassifier(PictureNetwork network, IReadOnlyList<string> labels, PictureBatchOptions reading, TrainingRecord record, bool averagesMirrored) =>
        (Network, Labels, this.reading, Record, AveragesMirrored) = (network, labels, reading, record, averagesMirrored);

    /// <summary>The network.</summary>
    public PictureNetwork Network { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    /// <summary>Whether answers are means over a picture and its mirrored form (<see cref="ImageClassifierOptions.AveragesMirrored"/>). Gates and explanations are of the picture as it is.</summary>
    public bool AveragesMirrored { get; }

    internal PictureBatchOptions Reading => reading;

    /// <summary>The same network, whose answers are means over each picture and its mirrored form: two forward passes for one. Shares all memory.</summary>
    public ImageClassifier AveragingMirrored() => AveragesMirrored ? this : new ImageClassifier(Network, Labels, reading, Record, averagesMirrored: true);

    /// <summary>Trains a classifier.</summary>
    /// <param name="train">Pictures to learn from.</param>
    /// <param name="dev">Pictures that choose the best epoch; with the same classes in the same order.</param>
    /// <param name="options">Network, pictures, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense, or the classes differ; says which and why.</exception>
    /// <exception cref="InputException">There are too few pictures or classes, or one cannot be decoded.</exception>
    public static ImageClassifier Train(PictureData train, PictureData dev, ImageClassifierOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new ImageClassifierOptions();
        PictureBatchOptions look = Check(train, dev, options);
        PictureNetwork network = (options.Network with { Channels = look.Channels, ClassCount = train.LabelNames.Count }).For(look.Height, look.Width).Create();
        string[] notes = InitialWeights.Start(network, options.InitialWeights, options.Insertions, options.Training.Seed, look);
        return Train(network, (train, dev), options, look, notes, observer, cancellation);
    }

    /// <summary>Trains a network that exists: one that was loaded, into which blocks were inserted, of which parts are frozen.</summary>
    /// <param name="network">The network, trained in place; with the channels of the pictures and as many classes.</param>
    /// <param name="train">Pictures to learn from.</param>
    /// <param name="dev">Pictures that choose the best epoch; with the same classes in the same order.</param>
    /// <param name="options">Pictures and training, of which the network, its first weights and insertions are not used; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense, the classes differ, or the network reads other channels or has other classes; says which and why.</exception>
    /// <exception cref="InputException">There are too few pictures or classes, or one cannot be decoded.</exception>
    public static ImageClassifier Train(PictureNetwork network, PictureData train, PictureData dev, ImageClassifierOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new ImageClassifierOptions();
        PictureBatchOptions look = Check(train, dev, options);
        if (network.Config.Channels != look.Channels || network.Config.ClassCount != train.LabelNames.Count)
            throw new ArgumentException(FormattableString.Invariant($"ImageClassifier.Train: the network is for {network.Config.Channels} channels and {network.Config.ClassCount} classes; the pictures have {look.Channels} and {train.LabelNames.Count}."), nameof(network));
        return Train(network, (train, dev), options, look, [], observer, cancellation);
    }

    private static ImageClassifier Train(
        PictureNetwork network, (PictureData Train, PictureData Dev) data, ImageClassifierOptions options, PictureBatchOptions look, IReadOnlyList<string> notes, ITrainingObserver? observer, CancellationToken cancellation)
    {
        options.RequireGrowing(network.Config);
        network.Freeze(options.Freeze);
        (string train, string dev) = (Hash(data.Train), Hash(data.Dev));
        ImageClassifier classifier = new(network, data.Train.LabelNames, look, TrainingRecord.Create(options.Training, new TrainingReport([], 0, false, default), train, dev), options.AveragesMirrored);
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, classifier.RunHash(options)) : null;
        ImageClassifierTask task = new(network, data.Train, data.Dev, look, options) { Notes = [.. notes, .. PictureGrowth.Notes(look, options), .. TrainedShare.Of(network)] };
        TrainingReport report = new Trainer(network, options.Training, observer is null ? [] : [observer], checkpoint).Run(task, cancellation);
        classifier.Record = TrainingRecord.Create(options.Training, report, train, dev);
        return classifier;
    }

    // Options and pictures go together; how the pictures will be read.
    private static PictureBatchOptions Check(PictureData train, PictureData dev, ImageClassifierOptions options)
    {
        options.Validate();
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("ImageClassifier.Train: training and dev pictures must have the same classes in the same order; read the dev pictures with LabelNames of the training pictures.", nameof(dev));
        if (train.LabelNames.Count < 2)
            throw new InputException(FormattableString.Invariant($"the {train.Count} training pictures are of {(train.LabelNames.Count == 1 ? $"one class only, '{NearestName.Shown(train.LabelNames[0])}'" : "no class")}; at least two are required, a folder or another name in the table for each."));
        if (train.Count == 0 || dev.Count == 0)
            throw new InputException(FormattableString.Invariant($"there are {train.Count} training and {dev.Count} dev pictures of {train.LabelNames.Count} classes; at least one of each is required. Give more pictures."));
        return Look(train, options);
    }

    /// <summary>Loads a classifier.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static ImageClassifier Load(string path) => ImageClassifierFiles.Load(path);

    /// <summary>Whether a folder holds an image classifier.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == ImageClassifierConfig.TaskName;

    /// <summary>Saves the classifier as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => ImageClassifierFiles.Save(this, path);

    /// <summary>Classifies a picture.</summary>
    /// <param name="picture">Of any size; scaled to that of the training pictures.</param>
    /// <param name="capture">With <see cref="Capture.Gates"/>, the gates of attention blocks come too; default nothing.</param>
    public ImagePrediction Predict(Picture picture, Capture capture = Capture.None)
    {
        ArgumentNullException.ThrowIfNull(picture);
        PictureBatch seen = PictureLook.Batch(picture, reading);
        GateCapture? gates = capture.HasFlag(Capture.Gates) ? new GateCapture(Network) : null;
        float[] probabilities = Step.Evaluate(pass => ImageAnswers.Scores(Network, seen, AveragesMirrored, pass, out _).Softmax(), request: gates).Values.ToArray();
        return new ImagePrediction(Labels, probabilities) { Gates = gates?.Results ?? [] };
    }

    /// <summary>How well pictures are classified.</summary>
    /// <param name="pictures">With the classifier's classes (<see cref="PictureDataOptions.LabelNames"/>).</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public ImageReport Evaluate(PictureData pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "ImageClassifier.Evaluate");
        return ImageClassifierTask.Measure(Network, new PictureBatches(pictures, reading), AveragesMirrored);
    }

    private void CheckLabels(PictureData pictures, string operation)
    {
        if (!pictures.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"{operation}: the pictures' classes are {string.Join(", ", pictures.LabelNames)}; those of the model are {string.Join(", ", Labels)}. Read the pictures with LabelNames of the model.", nameof(pictures));
    }

    /// <summary>A report as one HTML file: the training by epochs, figures with intervals, confusions, calibration, and pictures that were answered wrong.</summary>
    /// <param name="pictures">With the classifier's classes; null for the training alone.</param>
    /// <param name="options">Which pictures it holds; the wrong answers if null.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <exception cref="ArgumentException">The classes differ, or an option is out of range.</exception>
    public HtmlReport Report(PictureData? pictures, ReportOptions? options = null)
    {
        if (pictures is not null)
            CheckLabels(pictures, "ImageClassifier.Report");
        return ImageReports.Of(this, pictures, options ?? new ReportOptions()).Page;
    }

    /// <summary>The same, and the figures of <see cref="Evaluate"/>, which are measured once for both.</summary>
    /// <param name="pictures">With the classifier's classes.</param>
    /// <param name="measured">The figures.</param>
    /// <param name="options">As above.</param>
    /// <exception cref="ArgumentException">As above.</exception>
    public HtmlReport Report(PictureData pictures, out ImageReport measured, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        CheckLabels(pictures, "ImageClassifier.Report");
        (HtmlReport page, ImageReport? found) = ImageReports.Of(this, pictures, options ?? new ReportOptions());
        measured = found!;
        return page;
    }

    /// <summary>What a picture costs, and what the attention blocks have of it.</summary>
    /// <remarks>Runs the network once, with hooks: not while other threads use it.</remarks>
    public PictureCosts Costs() => PictureCosts.Measure(Network, reading.Height, reading.Width, Network.Look(reading.Height, reading.Width));

    private static PictureBatchOptions Look(PictureData train, ImageClassifierOptions options) => PictureLook.Of(train, train.Select, options.Size, options.Size);

    private static string Hash(PictureData data) => PictureLook.Hash(Enumerable.Range(0, data.Count).Select(i => $"{data.LabelNames[data.Labels[i]]}\t{data.NameOf(i)}"));

    private string RunHash(ImageClassifierOptions options) => Heed.RunHash.Of(Record, Network,
        JsonSerializer.SerializeToUtf8Bytes(ImageClassifierFiles.ConfigOf(this), HeedJson.Default.ImageClassifierConfig), new PictureChanges(options.Augmentation, options.Freeze, FirstScale: options.FirstScale).ToBytes());
}

/// <summary>What an <see cref="ImageClassifier"/> says of a picture.</summary>
/// <param name="Labels">The classes' names.</param>
/// <param name="Probabilities">Of each class.</param>
public sealed record ImagePrediction(IReadOnlyList<string> Labels, IReadOnlyList<float> Probabilities)
{
    /// <summary>The gates of attention blocks, in the order of the pass; empty if nobody asked.</summary>
    public IReadOnlyList<CapturedGates> Gates { get; init; } = [];

    /// <summary>The most probable class; of equal ones the first.</summary>
    public string Label => Labels[Best];

    /// <summary>Its probability.</summary>
    public float Probability => Probabilities[Best];

    private int Best => Enumerable.Range(0, Probabilities.Count).MaxBy(c => Probabilities[c]);
}

/// <summary>How well an <see cref="ImageClassifier"/> does.</summary>
/// <param name="Count">Pictures.</param>
/// <param name="Loss">Mean of −ln P of the right class, in nats.</param>
/// <param name="Accuracy">Share of pictures whose most probable class is right.</param>
/// <param name="TopFive">Share of pictures whose right class is among the five most probable.</param>
/// <param name="MacroF1">Mean of the classes' F1.</param>
public sealed record ImageReport(int Count, double Loss, double Accuracy, double TopFive, double MacroF1)
{
    /// <summary>The accuracy without mirrored forms, where the model averages over them; else null.</summary>
    public double? PlainAccuracy { get; init; }
}
