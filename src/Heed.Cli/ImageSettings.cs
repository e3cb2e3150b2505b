using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of an image classifier's network, pictures and training; their defaults are the library's.</summary>
internal sealed class ImageSettings
{
    private static readonly ImageClassifierOptions defaults = new();
    private readonly OptionList all = new();
    private readonly Option<string> model, attention, start;
    private readonly Option<int> size, reduction;
    private readonly Option<double> mixup;
    private readonly AugmentationSettings augmentation;
    private readonly TrainerSettings training = new(defaults.Training, "Pictures", "picture", "classes", "accuracy, macro-f1 or loss");
    private readonly CheckpointSettings checkpoint = new();

    public ImageSettings()
    {
        model = all.Add("--model", $"The network: {string.Join(", ", PictureNetworkConfig.Names)}.", "resnet20", "name");
        attention = all.Add("--attention", $"What weighs channels in every block: none, {string.Join(", ", PictureAttention.Names)}; without it what the network's name says.", "", "name");
        reduction = all.Add("--reduction", "Reduction ratio of the attention block; without it the network's own, 16 or for MobileNetV3 4.", defaults.Network.Reduction);
        start = all.Add("--init", "Start from weights: a safetensors file of torchvision or timm, or a model folder; where its classes are others, the head is new.", "", "path");
        size = all.Add("--size", "Rows and columns that the network reads, to which pictures are scaled; 0 for those of the first picture.", defaults.Size);
        augmentation = new AugmentationSettings(all, defaults.Augmentation!);
        mixup = all.AddNumber("--mixup", "Alpha of the distribution by which training pictures are mixed; 0 for none.", defaults.Augmentation!.MixupAlpha);
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
            Network = network with { Attention = attention.Or(parsed, network.Attention), Reduction = reduction.Or(parsed, network.Reduction) },
            Start = start.IsGiven(parsed) ? parsed.GetValue(start) : null,
            Size = parsed.GetValue(size),
            Augmentation = augmentation.Read(parsed) with { MixupAlpha = parsed.GetValue(mixup) },
            Training = training.Read(parsed),
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });
}
