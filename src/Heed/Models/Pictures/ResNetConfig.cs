using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The shape of a residual network.</summary>
public sealed record ResNetConfig : PictureNetworkConfig
{
    internal const string ModelName = "resnet";

    // The family that files mean where they name none.
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Model => ModelName;

    /// <summary>Values of a pixel; default 3.</summary>
    public override int Channels { get; init; } = 3;

    /// <summary>Classes; default 10.</summary>
    public override int ClassCount { get; init; } = 10;

    /// <summary>The first layers: <c>small</c>, one 3 × 3 convolution for pictures such as CIFAR's, or <c>large</c>, a 7 × 7 convolution and a maximum with stride 2 each, for 224 × 224; default small.</summary>
    public string Stem { get; init; } = "small";

    /// <summary>Filters of the first convolution; default 0: 64 with a large stem, else as the first stage, but at most 16.</summary>
    public int StemWidth { get; init; }

    /// <summary>The block: <c>basic</c>, two 3 × 3 convolutions, or <c>bottleneck</c>, 1 × 1, 3 × 3, 1 × 1; default basic.</summary>
    public string Block { get; init; } = "basic";

    /// <summary>Blocks of each stage; default 3, 3, 3: 20 layers.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [3, 3, 3];

    /// <summary>Filters of each stage; the bottleneck puts out four times as many; default 16, 32, 64.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [16, 32, 64];

    /// <summary>Groups of the 3 × 3 convolution of a bottleneck (ResNeXt's cardinality); default 1.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Filters of a group where the stage has 64; default 64.</summary>
    public int GroupWidth { get; init; } = 64;

    /// <summary>How a shortcut meets another shape: <c>projection</c>, a 1 × 1 convolution with batch norm (option B of the paper), or <c>padding</c>, every second pixel and zeros for new channels (option A); default projection.</summary>
    public string Shortcut { get; init; } = "projection";

    /// <summary>Whether batch norm and rectifier stand before each convolution, not behind it, and once more behind the last stage, so that sums pass on as they are (He et al. 2016b, Zagoruyko and Komodakis 2016); default false.</summary>
    public bool IsPreActivated { get; init; }

    /// <summary>The block that weighs channels behind the last convolution of a branch: one of <see cref="PictureAttention.Names"/>, or <c>none</c>; default none.</summary>
    public override string Attention { get; init; } = "none";

    /// <summary>Reduction of the attention block; default 0: as published for it.</summary>
    public override int Reduction { get; init; }

    /// <summary>Hidden units of squeeze and excitation are rounded to the nearest multiple of this, as timm's <c>rd_divisor</c>; default 0: not rounded, but at least 4: from 64 channels on as many as timm's <c>legacy_</c> networks have. <see cref="Named"/> sets 8 for networks with a large stem.</summary>
    public int ReductionDivisor { get; init; }

    /// <summary>Where the attention block stands: one of <see cref="Placements"/>; default standard.</summary>
    public string Placement { get => field ?? "standard"; init; } = "standard";

    /// <summary>What stands in the place of the 3 × 3 convolution of a bottleneck, and of the first one of a basic block: <c>plain</c>, or one of <see cref="PictureConvolution.Names"/>; default plain.</summary>
    public string Convolution { get => field ?? "plain"; init; } = "plain";

    /// <summary>The places of an attention block: <c>standard</c>, behind the last convolution, before the addition; <c>pre</c>, before the branch; <c>post</c>, behind the addition and its rectifier; <c>identity</c>, on the shortcut;
    /// <c>inner</c>, behind the 3 × 3 convolution of a bottleneck or the first one of a basic block; <c>inner-1</c>, <c>inner-2</c>, <c>inner-3</c>, behind that convolution.</summary>
    public static IReadOnlyList<string> Placements { get; } = ["standard", "pre", "post", "identity", "inner", "inner-1", "inner-2", "inner-3"];

    /// <summary>The networks that <see cref="Named"/> knows.</summary>
    public static new IReadOnlyList<string> Names { get; } =
        [.. Bases.SelectMany(b => new[] { b, "se-" + b })];

    private static IEnumerable<string> Bases => ["resnet20", "resnet32", "resnet44", "resnet56", "wide-resnet10-4", "wide-resnet16-4", "resnext29-8x64", "resnext29-16x64", "resnet18", "resnet34", "resnet50", "resnet101", "resnext50"];

    /// <summary>A published network by its name, such as <c>resnet20</c> or <c>se-resnet50</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No network has this name.</exception>
    public static new ResNetConfig Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool attends = name.StartsWith("se-", StringComparison.Ordinal);
        ResNetConfig small = new(), large = small with { Stem = "large", Widths = [64, 128, 256, 512], ClassCount = 1000, ReductionDivisor = 8 }, bottleneck = large with { Block = "bottleneck", Depths = [3, 4, 6, 3] };
        ResNetConfig wide = small with { Widths = [64, 128, 256], StemWidth = 16, IsPreActivated = true };
        ResNetConfig next = small with { StemWidth = 64, Block = "bottleneck", Widths = [64, 128, 256] };
        ResNetConfig config = (attends ? name[3..] : name) switch
        {
            "resnet20" => small,
            "resnet32" => small with { Depths = [5, 5, 5] },
            "resnet44" => small with { Depths = [7, 7, 7] },
            "resnet56" => small with { Depths = [9, 9, 9] },
            "wide-resnet10-4" => wide with { Depths = [1, 1, 1] },
            "wide-resnet16-4" => wide with { Depths = [2, 2, 2] },
            "resnext29-8x64" => next with { Groups = 8 },
            "resnext29-16x64" => next with { Groups = 16 },
            "resnet18" => large with { Depths = [2, 2, 2, 2] },
            "resnet34" => large with { Depths = [3, 4, 6, 3] },
            "resnet50" => bottleneck,
            "resnet101" => bottleneck with { Depths = [3, 4, 23, 3] },
            "resnext50" => bottleneck with { Groups = 32, GroupWidth = 4 },
            _ => throw new ArgumentException($"ResNetConfig.Named: there is no network '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
        };
        return attends ? config with { Attention = "se" } : config;
    }

    /// <inheritdoc/>
    public override ResNet Create() => new(this);

    /// <inheritdoc/>
    public override string Describe() => FormattableString.Invariant($"residual network of {string.Join(", ", Depths)} {(IsPreActivated ? "pre-activated " : "")}{Block} blocks, widths {string.Join(", ", Widths)}, attention {Attention}{(Attention != "none" && Placement != "standard" ? $" ({Placement})" : "")}{(Convolution != "plain" ? $", {Convolution} convolutions" : "")}");

    /// <summary>The attention block for so many channels.</summary>
    internal PictureAttention CreateAttention(int channels)
    {
        if (Attention != "se" || ReductionDivisor == 0)
            return PictureAttention.Create(Attention, channels, Reduction);
        // timm's make_divisible with round_limit 0: to the nearest multiple, however much is lost.
        double width = channels / (double)(Reduction > 0 ? Reduction : 16);
        int hidden = (int)(width + (ReductionDivisor / 2.0)) / ReductionDivisor * ReductionDivisor;
        return new SqueezeExcitation(channels, new SqueezeExcitationConfig { HiddenSize = Math.Max(ReductionDivisor, hidden) });
    }

    /// <summary>Filters of the first convolution.</summary>
    internal int FirstWidth => StemWidth > 0 ? StemWidth : Stem == "large" ? 64 : Math.Min(Widths[0], 16);

    internal override int UsualSize => Stem == "large" ? 224 : 32;

    // One convolution of each block.
    internal override double LeastWeights => Depths.Zip(Widths).Sum(stage => (double)stage.First * stage.Second * (Block == "basic" ? 9.0 * stage.Second : 4.0 * stage.Second * GroupWidth / 64 * Groups));

    /// <inheritdoc/>
    public override void Validate()
    {
        if (Stem is not ("small" or "large"))
            throw new ArgumentException($"ResNetConfig: there is no stem '{Stem}'; there are small, large.");
        if (Block is not ("basic" or "bottleneck"))
            throw new ArgumentException($"ResNetConfig: there is no block '{Block}'; there are basic, bottleneck.");
        if (Shortcut is not ("projection" or "padding"))
            throw new ArgumentException($"ResNetConfig: there is no shortcut '{Shortcut}'; there are projection, padding.");
        RequireAttention(Attention);
        if (!Placements.Contains(Placement, StringComparer.Ordinal))
            throw new ArgumentException($"ResNetConfig: there is no placement '{Placement}'; there are {string.Join(", ", Placements)}.{NearestName.Hint(Placement ?? "", Placements)}");
        if (Placement == "inner-3" && Block == "basic")
            throw new ArgumentException("ResNetConfig: a basic block has two convolutions; take placement inner-1 or inner-2.");
        if (Convolution != "plain" && !PictureConvolution.Names.Contains(Convolution, StringComparer.Ordinal))
            throw new ArgumentException($"ResNetConfig: there is no convolution '{Convolution}'; there are plain, {string.Join(", ", PictureConvolution.Names)}.{NearestName.Hint(Convolution ?? "", PictureConvolution.Names)}");
        if (Convolution == "augmented" && Groups > 1)
            throw new ArgumentException("ResNetConfig: augmented convolutions have no groups; take Groups 1.");
        if (Depths is null || Widths is null || Depths.Count == 0 || Depths.Count != Widths.Count || Depths.Concat(Widths).Any(n => n < 1) || Math.Min(Math.Min(Channels, ClassCount), Math.Min(Groups, GroupWidth)) < 1 || Reduction < 0)
            throw new ArgumentException("ResNetConfig: depths and widths must be as many, and all sizes at least 1.");
        if (StemWidth is < 0 or > 1 << 14)
            throw new ArgumentException(FormattableString.Invariant($"ResNetConfig: StemWidth must be from 0 to 16384; got {StemWidth}."));
        if (ReductionDivisor is < 0 or > 1 << 10)
            throw new ArgumentException(FormattableString.Invariant($"ResNetConfig: ReductionDivisor must be from 0 to 1024; got {ReductionDivisor}."));
        if (Block == "basic" && Groups > 1)
            throw new ArgumentException("ResNetConfig: groups belong to the bottleneck block; take Block bottleneck.");
    }
}
