using System.CommandLine;
using System.Globalization;

namespace Heed.Cli;

/// <summary>The options of a segmenter's network, pictures and training; their defaults are the library's.</summary>
internal sealed class SegmentSettings
{
    private static readonly SegmenterOptions defaults = new();
    private readonly OptionList all = new();
    private readonly Option<string> widths, upsampling, attention, backbone, size;
    private readonly Option<int> depth, reduction;
    private readonly Option<double> dice;
    private readonly Option<string> weights;
    private readonly AugmentationSettings augmentation;
    private readonly StartSettings start;
    private readonly TrainerSettings training = new(defaults.Training, "Pictures", "picture", "classes", "mean-iou, accuracy or loss");
    private readonly CheckpointSettings checkpoint = new();

    public SegmentSettings()
    {
        widths = all.Add("--widths", "Filters of each level of the U-Net, with commas between.", string.Join(',', defaults.Network.Widths), "list");
        depth = all.Add("--depth", "Convolutions of a block.", defaults.Network.Depth);
        upsampling = all.Add("--upsampling", "How the decoder makes maps larger: transposed or bilinear.", defaults.Network.Upsampling, "name");
        attention = all.Add("--attention", $"What weighs at the end of every block: none, {string.Join(", ", PictureAttention.Names)}.", defaults.Network.Attention, "name");
        reduction = all.Add("--reduction", "Reduction ratio of the attention block; 0 for its own.", defaults.Network.Reduction);
        backbone = all.Add("--backbone", $"A network in the place of the plain encoder: {string.Join(", ", PictureNetworkConfig.Names)}.", "none", "name");
        size = all.Add("--size", "Rows and columns that the network reads, as 90x120, to which pictures are scaled; 0 for their own.", "0", "HxW");
        dice = all.AddNumber("--dice", "How much the Dice loss counts beside the cross-entropy.", defaults.Dice);
        weights = all.Add("--class-weights", "Weights of the classes in the cross-entropy: none or balanced.", defaults.Training.ClassWeights, "name");
        augmentation = new AugmentationSettings(all, defaults.Augmentation!);
        start = new StartSettings(all, "this model folder; or, for the backbone, of an image classifier or a safetensors file of torchvision or timm", reduction);
        all.AddRange(training.Options);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    public ulong Seed(ParseResult parsed) => training.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public SegmenterOptions Read(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        (int height, int width) = Size("--size", parsed.GetValue(size)!);
        SegmenterOptions options = defaults with
        {
            Network = Network(parsed),
            InitialWeights = start.Path(parsed),
            Insertions = start.Insertions(parsed),
            Freeze = start.Freeze(parsed),
            Height = height,
            Width = width,
            Dice = parsed.GetValue(dice),
            Augmentation = augmentation.Read(parsed),
            Training = training.Read(parsed) with { ClassWeights = parsed.GetValue(weights)! },
            Checkpoint = checkpoint.Read(parsed, folder),
        };
        options.Validate();
        return options;
    });

    // A model that is gone on from has a network of its own.
    private UNetConfig Network(ParseResult parsed)
    {
        if (start.Folder(parsed, Segmenter.IsIn) is { } folder && !new Option[] { widths, depth, upsampling, attention, backbone }.Any(option => option.IsGiven(parsed)))
            return Segmenter.Load(folder).Network.Config;
        string network = parsed.GetValue(backbone)!;
        return new UNetConfig
        {
            Widths = Numbers("--widths", parsed.GetValue(widths)!),
            Depth = parsed.GetValue(depth),
            Upsampling = parsed.GetValue(upsampling)!,
            Attention = parsed.GetValue(attention)!,
            Reduction = parsed.GetValue(reduction),
            Backbone = network == "none" ? null : PictureNetworkConfig.Named(network),
        };
    }

    /// <summary>Rows and columns as <c>90x120</c>, or one number for both.</summary>
    public static (int Height, int Width) Size(string option, string text)
    {
        int[] parts = Numbers(option, text.Replace('x', ','));
        return parts.Length is 1 or 2 ? (parts[0], parts[^1]) : throw new UsageException($"{option} must be rows and columns as 90x120, or one number for both; got '{text}'.");
    }

    /// <summary>Whole numbers with commas between.</summary>
    public static int[] Numbers(string option, string text)
    {
        string[] parts = text.Split(',');
        int[] numbers = new int[parts.Length];
        for (int n = 0; n < parts.Length; n++)
        {
            if (!int.TryParse(parts[n], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[n]))
                throw new UsageException($"{option} must be whole numbers with commas between; got '{text}'.");
        }
        return numbers;
    }
}
