using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of a segmenter.</summary>
internal sealed record SegmenterConfig : PictureModelConfig
{
    public const string TaskName = "segmentation", ModelName = "unet";

    // Without its backbone, which stands beside it.
    public required UNetConfig Network { get; init; }

    [JsonConverter(typeof(PictureNetworkJson))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PictureNetworkConfig? Backbone { get; init; }

    /// <summary>The network's shape, checked.</summary>
    public UNetConfig Shape()
    {
        if (Network?.Widths is null || Network.Upsampling is null || Network.Attention is null)
            throw new ArgumentException("'network' is null, or a part of it; copy the whole folder again.");
        UNetConfig shape = Network with { Backbone = Backbone };
        shape.Validate();
        if (shape.ClassCount != Labels.Count || shape.Channels != Channels)
            throw new ArgumentException(FormattableString.Invariant($"there are {Labels.Count} labels and {Channels} channels for a network of {shape.ClassCount} classes and {shape.Channels} channels; copy the whole folder again."));
        return shape;
    }
}

/// <summary>A segmenter as a folder.</summary>
internal static class SegmenterFiles
{
    public static SegmenterConfig ConfigOf(Segmenter model) => new()
    {
        Task = SegmenterConfig.TaskName, Model = SegmenterConfig.ModelName, Labels = model.Labels, Channels = model.Reading.Channels, Height = model.Size.Height, Width = model.Size.Width, Mean = model.Reading.Mean,
        Deviation = model.Reading.Deviation, Insertions = model.Network.InsertedBlocks(), Network = model.Network.Config with { Backbone = null }, Backbone = model.Network.Config.Backbone,
    };

    public static void Save(Segmenter model, string path) => PictureModelFiles.Save(path, ConfigOf(model), HeedJson.Default.SegmenterConfig, model.Network, model.Record);

    public static Segmenter Load(string path)
    {
        (SegmenterConfig config, UNet network, TrainingRecord record) = PictureModelFiles.Load(
            path, HeedJson.Default.SegmenterConfig, SegmenterConfig.TaskName, "segmenters", config => config.Shape().LeastWeights, config => new UNet(config.Shape()));
        return new Segmenter(network, config.Labels, config.Reading(), (config.Height, config.Width), record);
    }
}
