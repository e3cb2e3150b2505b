using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of an image classifier.</summary>
internal sealed record ImageClassifierConfig : PictureModelConfig
{
    public const string TaskName = "image-classification";

    [JsonConverter(typeof(PictureNetworkJson))]
    public required PictureNetworkConfig Network { get; init; }

    // What was put into the network after it was made.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<InsertedBlock>? Insertions { get; init; }

    // The network says it.
    [JsonIgnore]
    public override int Channels { get => Network.Channels; init => throw new NotSupportedException(); }

    /// <summary>The network's shape, checked.</summary>
    public PictureNetworkConfig Shape()
    {
        if (Network is null || Height < 1 || Width < 1)
            throw new ArgumentException("'network' is null, or 'height' or 'width' below 1; copy the whole folder again.");
        if (Model != Network.Model)
            throw new ArgumentException($"'model' is '{Model}', but the network is a '{Network.Model}'; copy the whole folder again.");
        if (Labels.Count != Network.ClassCount)
            throw new ArgumentException(FormattableString.Invariant($"there are {Labels.Count} labels for {Network.ClassCount} classes; copy the whole folder again."));
        Network.Validate();
        return Network;
    }
}

/// <summary>An image classifier as a folder.</summary>
internal static class ImageClassifierFiles
{
    public static ImageClassifierConfig ConfigOf(ImageClassifier model) => new()
    {
        Task = ImageClassifierConfig.TaskName, Model = model.Network.Config.Model, Labels = model.Labels, Network = model.Network.Config, Insertions = model.Network.InsertedBlocks(), Height = model.Reading.Height, Width = model.Reading.Width,
        Mean = model.Reading.Mean, Deviation = model.Reading.Deviation,
    };

    public static void Save(ImageClassifier model, string path) => PictureModelFiles.Save(path, ConfigOf(model), HeedJson.Default.ImageClassifierConfig, model.Network, model.Record);

    /// <summary>The file of a model's weights; blocks that were inserted into it are inserted into the network too.</summary>
    public static string WeightsOf(string path, PictureNetwork network)
    {
        ModelFolder folder = ModelFolder.Open(path);
        if (folder.TaskOf() != ImageClassifierConfig.TaskName)
            throw new InputException($"the model is for '{folder.TaskOf()}'; first weights come from an image classifier ('{ImageClassifierConfig.TaskName}').", folder.PathOf(PictureModelFiles.Config));
        try
        {
            network.InsertAgain(folder.ReadJson(PictureModelFiles.Config, HeedJson.Default.ImageClassifierConfig).Insertions ?? []);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message, folder.PathOf(PictureModelFiles.Config), innerException: e);
        }
        return folder.PathOf(PictureModelFiles.Weights);
    }

    public static ImageClassifier Load(string path)
    {
        (ImageClassifierConfig config, PictureNetwork network, TrainingRecord record) = PictureModelFiles.Load(
            path, HeedJson.Default.ImageClassifierConfig, ImageClassifierConfig.TaskName, "image classifiers", config => config.Shape().LeastWeights, Made);
        return new ImageClassifier(network, config.Labels, config.Reading(), record);
    }

    private static PictureNetwork Made(ImageClassifierConfig config)
    {
        PictureNetwork network = config.Network.Create();
        network.InsertAgain(config.Insertions ?? []);
        return network;
    }
}
