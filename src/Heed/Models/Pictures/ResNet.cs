using Heed.Kernels;

namespace Heed;

/// <summary>A residual network for pictures, with an attention block in every residual block if the configuration names one.</summary>
/// <remarks>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; features <c>(batch, height', width', features)</c>; logits <c>(batch, classes)</c>. Parameter names as torchvision's: <c>conv1</c>, <c>bn1</c>, <c>layer1.0.conv1</c>, …, <c>fc</c>.</para>
/// <para>Source: He, Zhang, Ren and Sun 2016; with attention <c>se</c>, SE-ResNet of Hu, Shen and Sun 2018; with groups, ResNeXt of Xie et al. 2017; wide, Zagoruyko and Komodakis 2016, whose blocks are pre-activated: there the first convolution has no norm, and <c>norm</c> stands behind the last stage.</para>
/// </remarks>
public sealed class ResNet : PictureNetwork
{
    private readonly Convolution stem;
    private readonly BatchNorm norm;   // of the first convolution, or behind the last stage
    private readonly Stage[] stages;
    private readonly Slot<Linear> head;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public ResNet(ResNetConfig config)
        : base(config)
    {
        Config = config;
        bool isLarge = config.Stem == "large";
        int channels = config.FirstWidth;
        stem = Register("conv1", isLarge
            ? new Convolution(config.Channels, channels, (7, 7), 2, (3, 3), hasBias: false, initializer: Initializer.HeNormal)
            : new Convolution(config.Channels, channels, (3, 3), 1, (1, 1), hasBias: false, initializer: Initializer.HeNormal));
        int expansion = config.Block == "bottleneck" ? 4 : 1;
        norm = config.IsPreActivated ? Register("norm", new BatchNorm(config.Widths[^1] * expansion)) : Register("bn1", new BatchNorm(channels));
        stages = new Stage[config.Depths.Count];
        List<int> levels = isLarge ? [channels] : [];
        for (int n = 0; n < stages.Length; n++)
        {
            stages[n] = Register(FormattableString.Invariant($"layer{n + 1}"), new Stage(config, channels, n));
            channels = config.Widths[n] * expansion;
            levels.Add(channels);
        }
        LevelChannels = levels;
        LevelStrides = [.. levels.Select((_, n) => 1 << (isLarge ? n + 1 : n))];
        head = RegisterSlot("fc", new Linear(channels, config.ClassCount));
    }

    /// <inheritdoc/>
    public override ResNetConfig Config { get; }

    /// <inheritdoc/>
    public override int FeatureCount => LevelChannels[^1];

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelChannels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelStrides { get; }

    internal override string HeadName => "fc";

    /// <summary>The result of each stage, and for a large stem first that of its convolution.</summary>
    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass)
    {
        List<Tensor> levels = [];
        Tensor x = Config.IsPreActivated ? stem.Forward(pictures, pass) : stem.Forward(pictures, pass, norm, Activation.Relu);
        if (Config.Stem == "large")
        {
            levels.Add(x);
            x = x.MaxPool(3, 2, padding: 1);
        }
        foreach (Stage stage in stages)
            levels.Add(x = stage.Forward(x, pass));
        if (Config.IsPreActivated)
            levels[^1] = norm.Forward(x, pass, rectifies: true);
        return levels;
    }

    /// <inheritdoc/>
    public override Tensor Features(Tensor pictures, in Pass pass) => Levels(pictures, pass)[^1];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor pictures, in Pass pass) => Return(head.Module.Forward(pass.Probed(this, Features(pictures, pass)).MeanOverPlaces(), pass), pass);

    /// <summary>Blocks of one width.</summary>
    private sealed class Stage : Module
    {
        private readonly ResidualBlock[] blocks;

        public Stage(ResNetConfig config, int channels, int index)
        {
            int width = config.Widths[index];
            blocks = new ResidualBlock[config.Depths[index]];
            for (int n = 0; n < blocks.Length; n++)
            {
                blocks[n] = Register(FormattableString.Invariant($"{n}"), new ResidualBlock(config, channels, width, n == 0 && index > 0 ? 2 : 1));
                channels = config.Block == "bottleneck" ? 4 * width : width;
            }
        }

        internal override int OutputChannels => blocks[^1].OutputChannels;

        public Tensor Forward(Tensor x, in Pass pass)
        {
            foreach (ResidualBlock block in blocks)
                x = block.Forward(x, pass);
            return Return(x, pass);
        }
    }
}
