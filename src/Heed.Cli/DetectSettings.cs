using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a detector's network, pictures and training; their defaults are the library's.</summary>
internal sealed class DetectSettings
{
    private static readonly DetectorOptions defaults = new();
    private static readonly ResNetConfig residual = (ResNetConfig)defaults.Network.Backbone;
    private readonly OptionList all = new();
    private readonly Option<string> backbone, depths, widths, attention, size;
    private readonly Option<int> reduction, levels, width, headDepth;
    private readonly Option<double> overlap;
    private readonly AugmentationSettings augmentation;
    private readonly StartSettings start;
    private readonly TrainerSettings training = new(defaults.Training, "Pictures", "picture", "classes", "mean-ap or loss");
    private readonly CheckpointSettings checkpoint = new();

    public DetectSettings()
    {
        backbone = all.Add("--backbone", $"The network that sees the pictures: small, a residual one of --depths and --widths with a large stem; or {string.Join(", ", PictureNetworkConfig.Names)}.", "small", "name");
        depths = all.Add("--depths", "Blocks of each stage of the small backbone, with commas between.", string.Join(',', residual.Depths), "list");
        widths = all.Add("--widths", "Filters of each stage of the small backbone.", string.Join(',', residual.Widths), "list");
        attention = all.Add("--attention", $"What weighs in every block of the backbone: none, {string.Join(", ", PictureAttention.Names)}; without it what the network's name says.", "", "name");
        reduction = all.Add("--reduction", "Reduction ratio of the attention block; 0 for its own.", residual.Reduction);
        levels = all.Add("--levels", "Levels of the feature pyramid: the coarsest of the backbone.", defaults.Network.LevelCount);
        width = all.Add("--width", "Values of a place of the pyramid.", defaults.Network.Width);
        headDepth = all.Add("--head-depth", "Convolutions of each branch of the head.", defaults.Network.HeadDepth);
        size = all.Add("--size", "Rows and columns that the network reads, as 240x320, to which pictures are scaled; 0 for those of the first picture.", "0", "HxW");
        overlap = all.AddNumber("--overlap", "Of boxes of a class that overlap more than this the surest stays.", defaults.Overlap);
        augmentation = new AugmentationSettings(all, defaults.Augmentation!);
        start = new StartSettings(all, "this model folder; or, for the backbone, of an image classifier or a safetensors file of torchvision or timm", reduction);
        all.AddRange(training.Options);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => training.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public DetectorOptions Read(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        (int height, int columns) = SegmentSettings.Size("--size", parsed.GetValue(size)!);
        DetectorOptions options = defaults with
        {
            Network = Network(parsed),
            InitialWeights = start.Path(parsed),
            Insertions = start.Insertions(parsed),
            Freeze = start.Freeze(parsed),
            Height = height,
            Width = columns,
            Overlap = parsed.GetValue(overlap),
            Augmentation = augmentation.Read(parsed),
            Training = training.Read(parsed),
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });

    // A model that is gone on from has a network of its own.
    private FcosConfig Network(ParseResult parsed)
    {
        if (start.Folder(parsed, Detector.IsIn) is { } folder && !new Option[] { backbone, depths, widths, attention, levels, width, headDepth }.Any(option => option.IsGiven(parsed)))
            return Detector.Load(folder).Network.Config;
        string name = parsed.GetValue(backbone)!;
        if (name != "small" && (depths.IsGiven(parsed) || widths.IsGiven(parsed)))
            throw new UsageException("--depths and --widths belong to the small backbone.");
        PictureNetworkConfig network = name != "small" ? PictureNetworkConfig.Named(name)
            : residual with { Depths = SegmentSettings.Numbers("--depths", parsed.GetValue(depths)!), Widths = SegmentSettings.Numbers("--widths", parsed.GetValue(widths)!) };
        return new FcosConfig
        {
            Backbone = network with { Attention = attention.Or(parsed, network.Attention), Reduction = parsed.GetValue(reduction) },
            LevelCount = parsed.GetValue(levels),
            Width = parsed.GetValue(width),
            HeadDepth = parsed.GetValue(headDepth),
        };
    }
}
