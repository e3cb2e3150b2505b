using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of an image classifier's network, pictures and training; their defaults are the library's.</summary>
internal sealed class ImageSettings
{
    private static readonly ImageClassifierOptions defaults = new();
    private readonly OptionList all = new();
    private readonly Option<string> model, attention, placement, convolution, initial;
    private readonly Option<string[]> freeze;
    private readonly Option<int> size, reduction;
    private readonly Option<double> mixup;
    private readonly AugmentationSettings augmentation;
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
        augmentation = new AugmentationSettings(all, defaults.Augmentation!);
        mixup = all.AddNumber("--mixup", "Alpha of the distribution by which training pictures are mixed; 0 for none.", defaults.Augmentation!.MixupAlpha);
        initial = all.Add("--init", "Start from the weights of this model folder, or of a safetensors file of torchvision or timm; with other classes the last layer is new.", "", "path");
        freeze = all.Add("--freeze", "Leave these layers as they are: names with * for anything but a dot, as 'layer1.*'. May be given several times.", Array.Empty<string>(), "pattern");
        all.AddRange(training.Options);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => training.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public ImageClassifierOptions Read(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        PictureNetworkConfig network = PictureNetworkConfig.Named(parsed.GetValue(model)!);
        ImageClassifierOptions options = defaults with
        {
            Network = Placed(parsed, network with { Attention = attention.Or(parsed, network.Attention), Reduction = parsed.GetValue(reduction) }),
            InitialWeights = parsed.GetValue(initial) is { Length: > 0 } path ? path : null,
            Freeze = parsed.GetValue(freeze) ?? [],
            Size = parsed.GetValue(size),
            Augmentation = augmentation.Read(parsed) with { MixupAlpha = parsed.GetValue(mixup) },
            Training = training.Read(parsed),
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });

    // What only residual networks have.
    private PictureNetworkConfig Placed(ParseResult parsed, PictureNetworkConfig network)
    {
        (string place, string kind) = (parsed.GetValue(placement)!, parsed.GetValue(convolution)!);
        return network is ResNetConfig residual
            ? residual with { Placement = place, Convolution = kind }
            : place == "standard" && kind == "plain" ? network : throw new ArgumentException($"--placement and --convolution belong to residual networks, not to a {network.Model}.");
    }
}
