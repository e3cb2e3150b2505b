using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Heed;

/// <summary>What the file <c>config.json</c> of every model for pictures says.</summary>
internal abstract record PictureModelConfig
{
    public string Format { get; init; } = TextClassifierConfig.FormatName;

    public int Version { get; init; } = 1;

    public required string Task { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }

    public virtual int Channels { get; init; }

    // To which pictures are scaled; 0 for not at all.
    public int Height { get; init; }

    public int Width { get; init; }

    // What was put into the network after it was made.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InsertedBlock>? Insertions { get; init; }

    public required IReadOnlyList<float> Mean { get; init; }

    public required IReadOnlyList<float> Deviation { get; init; }

    /// <summary>How pictures are read.</summary>
    public PictureBatchOptions Reading()
    {
        PictureBatchOptions reading = new() { Height = Math.Max(1, Height), Width = Math.Max(1, Width), Channels = Channels, BatchSize = 64, Mean = Mean, Deviation = Deviation };
        reading.Validate();
        return reading;
    }
}

/// <summary>Reads and writes the folders of models for pictures.</summary>
internal static class PictureModelFiles
{
    public const string Config = "config.json", Weights = "model.safetensors", Training = "training.json";

    /// <summary>Writes a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="json">Its type.</param>
    /// <param name="network">The network.</param>
    /// <param name="record">How it came to be.</param>
    public static void Save<TConfig>(string path, TConfig config, JsonTypeInfo<TConfig> json, Module network, TrainingRecord record)
        where TConfig : PictureModelConfig => ModelFolder.Write(path, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
        {
            [Config] = stream => JsonSerializer.Serialize(stream, config, json),
            [Weights] = network.SaveWeights,
            [Training] = stream => JsonSerializer.Serialize(stream, record, HeedJson.Default.TrainingRecord),
        });

    /// <summary>The file of a model's weights; blocks that were inserted into it are inserted into the network too.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="json">The type of its configuration.</param>
    /// <param name="network">The network.</param>
    /// <param name="part">The name of the part of it that the folder is about, with a dot behind it; "" for the whole.</param>
    /// <exception cref="InputException">The folder is damaged, or the network has not what the blocks follow.</exception>
    public static string WeightsOf<TConfig>(string path, JsonTypeInfo<TConfig> json, Module network, string part = "")
        where TConfig : PictureModelConfig
    {
        ModelFolder folder = ModelFolder.Open(path);
        try
        {
            network.InsertAgain(folder.ReadJson(Config, json).Insertions ?? [], part);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, folder.PathOf(Config), innerException: e);
        }
        return folder.PathOf(Weights);
    }

    /// <summary>Reads and checks a folder, and makes its network.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="json">The type of its configuration.</param>
    /// <param name="task">The task that it must have.</param>
    /// <param name="readers">Who reads such models, in the plural, for the message.</param>
    /// <param name="leastWeights">Weights that the network has at least; checks the network's configuration, which may be null.</param>
    /// <param name="create">Makes the network.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static (TConfig Config, TNetwork Network, TrainingRecord Record) Load<TConfig, TNetwork>(
        string path, JsonTypeInfo<TConfig> json, string task, string readers, Func<TConfig, double> leastWeights, Func<TConfig, TNetwork> create)
        where TConfig : PictureModelConfig
        where TNetwork : Module
    {
        ModelFolder folder = ModelFolder.Open(path);
        string place = folder.PathOf(Config);
        if (folder.TaskOf() is var found && found != task)
            throw new InputException($"the model is for '{found}'; this command reads {readers} ('{task}').", place);
        TConfig config = folder.ReadJson(Config, json);
        if (config.Format != TextClassifierConfig.FormatName || config.Version > 1)
            throw new InputException(FormattableString.Invariant($"the model has the format '{config.Format}', version {config.Version}; this library reads '{TextClassifierConfig.FormatName}' up to version 1; update it."), place);
        if (config.Labels is null || config.Mean is null || config.Deviation is null)
            throw new InputException("'labels', 'mean' or 'deviation' is null; copy the whole folder again.", place);
        TNetwork network;
        try
        {
            // Before memory is taken: a weight takes at least two bytes of the file.
            if (leastWeights(config) > folder.Files[Weights].Length / 2.0)
                throw new InputException($"the network that it describes has more weights than {Weights} holds; copy the whole folder again.", place);
            _ = config.Reading();
            network = create(config);
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
        return (config, network, record);
    }
}
