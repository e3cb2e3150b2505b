using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The file <c>config.json</c> of a detector.</summary>
internal sealed record DetectorConfig : PictureModelConfig
{
    public const string TaskName = "detection", ModelName = "fcos";

    // Without its backbone, which stands beside it.
    public required FcosConfig Network { get; init; }

    [JsonConverter(typeof(PictureNetworkJson))]
    public required PictureNetworkConfig Backbone { get; init; }

    public double Overlap { get; init; }

    /// <summary>The network's shape, checked.</summary>
    public FcosConfig Shape()
    {
        if (Network is null || Backbone is null || Height < 1 || Width < 1 || !(Overlap is > 0 and <= 1))
            throw new ArgumentException("'network' or 'backbone' is null, or 'height', 'width' or 'overlap' out of range; copy the whole folder again.");
        FcosConfig shape = Network with { Backbone = Backbone };
        shape.Validate();
        if (shape.ClassCount != Labels.Count || shape.Channels != Channels)
            throw new ArgumentException(FormattableString.Invariant($"there are {Labels.Count} labels and {Channels} channels for a network of {shape.ClassCount} classes and {shape.Channels} channels; copy the whole folder again."));
        return shape;
    }
}

/// <summary>A detector as a folder.</summary>
internal static class DetectorFiles
{
    public static DetectorConfig ConfigOf(Detector model) => new()
    {
        Task = DetectorConfig.TaskName, Model = DetectorConfig.ModelName, Labels = model.Labels, Channels = model.Reading.Channels, Height = model.Reading.Height, Width = model.Reading.Width, Mean = model.Reading.Mean,
        Deviation = model.Reading.Deviation, Insertions = model.Network.InsertedBlocks(), Network = model.Network.Config, Backbone = model.Network.Config.Backbone, Overlap = model.Overlap,
    };

    public static void Save(Detector model, string path) => PictureModelFiles.Save(path, ConfigOf(model), HeedJson.Default.DetectorConfig, model.Network, model.Record);

    public static Detector Load(string path)
    {
        (DetectorConfig config, Fcos network, TrainingRecord record) = PictureModelFiles.Load(
            path, HeedJson.Default.DetectorConfig, DetectorConfig.TaskName, "detectors", config => config.Shape().LeastWeights, config => new Fcos(config.Shape()));
        return new Detector(network, config.Labels, config.Reading(), config.Overlap, record);
    }
}
