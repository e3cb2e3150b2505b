using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of an image classifier's network, pictures and training; their defaults are the library's.</summary>
internal sealed class ImageSettings
{
    private static readonly ImageClassifierOptions defaults = new();
    private readonly OptionList all = new();
    private readonly Option<string> model, attention, placement, convolution;
    private readonly Option<int> size, reduction;
    private readonly Option<double> mixup, firstScale;
    private readonly Option<bool> averageMirrored = ImageSource.AverageMirrored(" of answers, not of training. Kept with the model");
    private readonly AugmentationSettings augmentation;
    private readonly StartSettings start;
    private readonly TrainerSettings training = new(defaults.Training, "Pictures", "picture", "classes", "accuracy, macro-f1 or loss");
    private readonly CheckpointSettings checkpoint = new();

    public ImageSettings()
    {
        model = all.Add("--model", $"The network: {string.Join(", ", PictureNetworkConfig.Names)}.", "resnet20", "name");
        attention = all.Add("--attention", $"What weighs channels or places in every block: none, {string.Join(", ", PictureAttention.Names)}; without it what the network's name says.", "", "name");
        reduction = all.Add("--reduction", "Reduction ratio of the attention block; 0 for the block's own.", defaults.Network.Reduction);
        placement = all.Add("--placement", $"Where it stands in a residual block: {string.Join(", ", ResNetConfig.Placements)}.", "standard", "name");
        convolution = all.Add("--convolution", $"What stands in the place of a residual block's 3 x 3 convolution: plain, {string.Join(", ", PictureConvolution.Names)}.", "plain", "name");
        size = all.Add("--size", "Rows and columns that the network reads, to which pictures are scaled; 0 for those of the first picture.", defaults.Size);
        firstScale = all.AddNumber("--first-scale", "Share of their rows and columns with which training pictures begin; they have all of them after three fifths of the epochs. 0.5 takes 0.7 of the time.", defaults.FirstScale);
        augmentation = new AugmentationSettings(all, defaults.Augmentation!);
        mixup = all.AddNumber("--mixup", "Alpha of the distribution by which training pictures are mixed; 0 for none.", defaults.Augmentation!.MixupAlpha);
        all.AddRange([averageMirrored]);
        start = new StartSettings(all, "this model folder, or of a safetensors file of torchvision or timm", reduction);
        all.AddRange(training.Options);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => training.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public ImageClassifierOptions Read(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        ImageClassifierOptions options = defaults with
        {
            Network = Network(parsed),
            InitialWeights = start.Path(parsed),
            Insertions = start.Insertions(parsed),
            Freeze = start.Freeze(parsed),
            Size = parsed.GetValue(size),
            FirstScale = parsed.GetValue(firstScale),
            Augmentation = augmentation.Read(parsed) with { MixupAlpha = parsed.GetValue(mixup) },
            AveragesMirrored = parsed.GetValue(averageMirrored),
            Training = training.Read(parsed),
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });

    // A model that is gone on from has a network of its own.
    private PictureNetworkConfig Network(ParseResult parsed)
    {
        if (start.Folder(parsed, ImageClassifier.IsIn) is { } folder && !new Option[] { model, attention, placement, convolution }.Any(option => option.IsGiven(parsed)))
            return ImageClassifier.Load(folder).Network.Config;
        PictureNetworkConfig network = PictureNetworkConfig.Named(parsed.GetValue(model)!);
        return Placed(parsed, network with { Attention = attention.Or(parsed, network.Attention), Reduction = parsed.GetValue(reduction) });
    }

    // What only residual networks have.
    private PictureNetworkConfig Placed(ParseResult parsed, PictureNetworkConfig network)
    {
        (string place, string kind) = (parsed.GetValue(placement)!, parsed.GetValue(convolution)!);
        return network is ResNetConfig residual
            ? residual with { Placement = place, Convolution = kind }
            : place == "standard" && kind == "plain" ? network : throw new ArgumentException($"--placement and --convolution belong to residual networks, not to a {network.Model}.");
    }
}
