using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of an image classifier.</summary>
internal sealed record ImageClassifierConfig : PictureModelConfig
{
    public const string TaskName = "image-classification";

    [JsonConverter(typeof(PictureNetworkJson))]
    public required PictureNetworkConfig Network { get; init; }

    // Folders before there was a choice do without.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AveragesMirrored { get; init; }

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
        Mean = model.Reading.Mean, Deviation = model.Reading.Deviation, AveragesMirrored = model.AveragesMirrored,
    };

    public static void Save(ImageClassifier model, string path) => PictureModelFiles.Save(path, ConfigOf(model), HeedJson.Default.ImageClassifierConfig, model.Network, model.Record);

    public static ImageClassifier Load(string path)
    {
        (ImageClassifierConfig config, PictureNetwork network, TrainingRecord record) = PictureModelFiles.Load(
            path, HeedJson.Default.ImageClassifierConfig, ImageClassifierConfig.TaskName, "image classifiers", config => config.Shape().LeastWeights, config => config.Network.Create());
        return new ImageClassifier(network, config.Labels, config.Reading(), record, config.AveragesMirrored);
    }
}
