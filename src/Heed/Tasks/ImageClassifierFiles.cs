using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of an image classifier.</summary>
internal sealed record ImageClassifierConfig
{
    public const string TaskName = "image-classification";
    public const int LatestVersion = 1;

    public string Format { get; init; } = TextClassifierConfig.FormatName;

    public int Version { get; init; } = LatestVersion;

    public string Task { get; init; } = TaskName;

    public string Model { get; init; } = ResNetConfig.ModelName;

    public required IReadOnlyList<string> Labels { get; init; }

    [JsonConverter(typeof(PictureNetworkJson))]
    public required PictureNetworkConfig Network { get; init; }

    // What was put into the network after it was made.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InsertedBlock>? Insertions { get; init; }

    public int Height { get; init; }

    public int Width { get; init; }

    public required IReadOnlyList<float> Mean { get; init; }

    public required IReadOnlyList<float> Deviation { get; init; }
}

/// <summary>An image classifier as a folder.</summary>
internal static class ImageClassifierFiles
{
    private const string Config = "config.json", Weights = "model.safetensors", Training = "training.json";

    public static ImageClassifierConfig ConfigOf(ImageClassifier model) => new()
    {
        Model = model.Network.Config.Model, Labels = model.Labels, Network = model.Network.Config, Insertions = model.Network.InsertedBlocks(), Height = model.Reading.Height, Width = model.Reading.Width, Mean = model.Reading.Mean, Deviation = model.Reading.Deviation,
    };

    public static void Save(ImageClassifier model, string path) => ModelFolder.Write(path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
    {
        [Config] = stream => JsonSerializer.Serialize(stream, ConfigOf(model), HeedJson.Default.ImageClassifierConfig),
        [Weights] = model.Network.SaveWeights,
        [Training] = stream => JsonSerializer.Serialize(stream, model.Record, HeedJson.Default.TrainingRecord),
    });

    /// <summary>The file of a model's weights; blocks that were inserted into it are inserted into the network too.</summary>
    public static string WeightsOf(string path, PictureNetwork network)
    {
        ModelFolder folder = ModelFolder.Open(path);
        if (folder.TaskOf() != ImageClassifierConfig.TaskName)
            throw new InputException($"the model is for '{folder.TaskOf()}'; first weights come from an image classifier ('{ImageClassifierConfig.TaskName}').", folder.PathOf(Config));
        try
        {
            network.InsertAgain(folder.ReadJson(Config, HeedJson.Default.ImageClassifierConfig).Insertions ?? []);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, folder.PathOf(Config), innerException: e);
        }
        return folder.PathOf(Weights);
    }

    public static ImageClassifier Load(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        string place = folder.PathOf(Config);
        if (folder.TaskOf() is not ("" or ImageClassifierConfig.TaskName) and string task)
            throw new InputException($"the model is for '{task}'; this command reads image classifiers ('{ImageClassifierConfig.TaskName}').", place);
        ImageClassifierConfig config = folder.ReadJson(Config, HeedJson.Default.ImageClassifierConfig);
        if (config.Format != TextClassifierConfig.FormatName || config.Task != ImageClassifierConfig.TaskName)
            throw new InputException($"the model is a '{config.Model}' for '{config.Task}'; this command reads image classifiers ('{ImageClassifierConfig.TaskName}').", place);
        if (config.Version > ImageClassifierConfig.LatestVersion)
            throw new InputException(FormattableString.Invariant($"the model has format version {config.Version}, this library reads up to {ImageClassifierConfig.LatestVersion}; update it."), place);
        if (config.Network is null || config.Labels is null || config.Mean is null || config.Deviation is null)
            throw new InputException("'network', 'labels', 'mean' or 'deviation' is null; copy the whole folder again.", place);
        if (config.Model != config.Network.Model)
            throw new InputException($"'model' is '{config.Model}', but the network is a '{config.Network.Model}'; copy the whole folder again.", place);
        if (config.Labels.Count != config.Network.ClassCount)
            throw new InputException(FormattableString.Invariant($"there are {config.Labels.Count} labels for {config.Network.ClassCount} classes; copy the whole folder again."), place);
        PictureNetwork network;
        PictureBatchOptions reading;
        try
        {
            config.Network.Validate();
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (config.Network.LeastWeights > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            reading = new() { Height = config.Height, Width = config.Width, Channels = config.Network.Channels, BatchSize = 64, Mean = config.Mean, Deviation = config.Deviation };
            reading.Validate();
            network = config.Network.Create();
            network.InsertAgain(config.Insertions ?? []);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, place, innerException: e);
        }
        network.LoadWeights(folder.PathOf(Weights)).ThrowIfIncomplete();
        TrainingRecord record = folder.ReadJson(Training, HeedJson.Default.TrainingRecord);
        if (record.Options is null || record.Epochs is null || record.Epochs.Any(e => e is null))
            throw new InputException("'options' or 'epochs' is null; copy the whole folder again.", folder.PathOf(Training));
        return new ImageClassifier(network, config.Labels, reading, record);
    }
}
