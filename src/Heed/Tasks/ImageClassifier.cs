using System.Security.Cryptography;
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
public sealed class ImageClassifier
{
    private readonly PictureBatchOptions reading;

    internal ImageClassifier(PictureNetwork network, IReadOnlyList<string> labels, PictureBatchOptions reading, TrainingRecord record) => (Network, Labels, this.reading, Record) = (network, labels, reading, record);

    /// <summary>The network.</summary>
    public PictureNetwork Network { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    internal PictureBatchOptions Reading => reading;

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
        options.Validate();
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("ImageClassifier.Train: training and dev pictures must have the same classes in the same order; read the dev pictures with LabelNames of the training pictures.", nameof(dev));
        if (train.Count == 0 || dev.Count == 0 || train.LabelNames.Count < 2)
            throw new InputException(FormattableString.Invariant($"there are {train.Count} training and {dev.Count} dev pictures of {train.LabelNames.Count} classes; at least one of each and two classes are required."));
        PictureBatchOptions look = Look(train, options);
        PictureNetwork network = (options.Network with { Channels = look.Channels, ClassCount = train.LabelNames.Count }).For(look.Height, look.Width).Create();
        network.Initialize(options.Training.Seed);
        string[] notes = options.Start is { } start ? [Begin(network, start)] : [];
        ImageClassifier classifier = new(network, train.LabelNames, look, TrainingRecord.Create(options.Training, new TrainingReport([], 0, false, default), Hash(train), Hash(dev)));
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, classifier.RunHash()) : null;
        TrainingReport report = new Trainer(network, options.Training, observer is null ? [] : [observer], checkpoint).Run(new ImageClassifierTask(network, train, dev, look, options) { Notes = notes }, cancellation);
        classifier.Record = TrainingRecord.Create(options.Training, report, Hash(train), Hash(dev));
        return classifier;
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
    public ImagePrediction Predict(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        PictureBatch batch = new PictureBatches(PictureData.FromPictures([(picture, Labels[0])], Labels), reading).InOrder().Single();
        float[] probabilities = Step.Evaluate(pass => Network.Forward(batch.ToTensor(), pass).Softmax()).Values.ToArray();
        return new ImagePrediction(Labels, probabilities);
    }

    /// <summary>How well pictures are classified.</summary>
    /// <param name="pictures">With the classifier's classes (<see cref="PictureDataOptions.LabelNames"/>).</param>
    /// <exception cref="ArgumentException">The classes differ.</exception>
    public ImageReport Evaluate(PictureData pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (!pictures.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"ImageClassifier.Evaluate: the pictures' classes are {string.Join(", ", pictures.LabelNames)}; those of the model are {string.Join(", ", Labels)}. Read the pictures with LabelNames of the model.", nameof(pictures));
        return ImageClassifierTask.Measure(Network, new PictureBatches(pictures, reading));
    }

    // Takes all weights but those of a head for other classes.
    private static string Begin(PictureNetwork network, string path)
    {
        WeightReport report = network.Load(path);
        string head = network.HeadName + ".";
        bool IsOther(string name) => !name.TrimStart('\'').StartsWith(head, StringComparison.Ordinal);
        if (report.Missing.FirstOrDefault(IsOther) is { } missing)
            throw new InputException($"'{missing}' is missing; the weights belong to another network than this {network.Config.Describe()}.", path);
        if (report.MisShaped.FirstOrDefault(IsOther) is { } other)
            throw new InputException($"{other}; the weights belong to another network than this {network.Config.Describe()}, or to pictures of other channels or size.", path);
        bool isNew = report.Missing.Count + report.MisShaped.Count > 0;
        return FormattableString.Invariant($"{path}: {report.Loaded.Count} tensors taken{(report.Unexpected.Count > 0 ? $", {report.Unexpected.Count} of no use here, the first is '{report.Unexpected[0]}'" : "")}")
            + (isNew ? FormattableString.Invariant($"; the head '{network.HeadName}' is new: it has {network.Config.ClassCount} classes, the file's has others") : "");
    }

    private static PictureBatchOptions Look(PictureData train, ImageClassifierOptions options) => PictureLook.Of(train, train.Select, options.Size, options.Size);

    private static string Hash(PictureData data) => PictureLook.Hash(Enumerable.Range(0, data.Count).Select(i => $"{data.LabelNames[data.Labels[i]]}\t{data.NameOf(i)}"));

    private string RunHash() => Convert.ToHexStringLower(SHA256.HashData(
        [.. JsonSerializer.SerializeToUtf8Bytes(Record, HeedJson.Default.TrainingRecord), .. JsonSerializer.SerializeToUtf8Bytes(ImageClassifierFiles.ConfigOf(this), HeedJson.Default.ImageClassifierConfig)]));
}

/// <summary>What an <see cref="ImageClassifier"/> says of a picture.</summary>
/// <param name="Labels">The classes' names.</param>
/// <param name="Probabilities">Of each class.</param>
public sealed record ImagePrediction(IReadOnlyList<string> Labels, IReadOnlyList<float> Probabilities)
{
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
public sealed record ImageReport(int Count, double Loss, double Accuracy, double TopFive, double MacroF1);
