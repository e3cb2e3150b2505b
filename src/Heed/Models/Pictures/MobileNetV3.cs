using Heed.Kernels;

namespace Heed;

/// <summary>A network for small machines: inverted residual blocks of depthwise convolutions with squeeze-and-excitation.</summary>
/// <remarks>
/// <para>Formula of a block: y = project(attention(depthwise(expand(x)))) + x where shapes allow; expand and project are 1 × 1 convolutions; relu, or in later blocks hard swish, behind expand and depthwise; batch norm behind each
/// convolution (ε 0.001, m 0.01).</para>
/// <para>Shapes: as <see cref="PictureNetwork"/>. Parameter names as torchvision's: <c>features.0.0</c>, <c>features.1.block.0.0</c>, …, <c>classifier.0</c>, <c>classifier.3</c>.</para>
/// <para>Variant: width 1, as published. The gate of squeeze-and-excitation is the hard sigmoid, its hidden units a quarter of the expanded channels, rounded to a multiple of 8.</para>
/// <para>Source: Howard et al., "Searching for MobileNetV3", 2019.</para>
/// </remarks>
public sealed class MobileNetV3 : PictureNetwork
{
    private const double Epsilon = 1e-3, Momentum = 0.01;

    private readonly ConvolutionNorm first, last;
    private readonly Block[] blocks;
    private readonly Linear hidden;
    private readonly Slot<Linear> head;
    private readonly Dropout dropout;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public MobileNetV3(MobileNetV3Config config)
        : base(config)
    {
        Config = config;
        ModuleGroup features = Register("features", new ModuleGroup());
        int channels = 16, stride = config.FirstStride;
        first = features.Add(new ConvolutionNorm(config.Channels, channels, 3, stride, activation: Activation.HardSwish, epsilon: Epsilon, momentum: Momentum));
        blocks = new Block[config.Blocks.Count];
        List<int> levels = [], strides = [];
        for (int n = 0; n < blocks.Length; n++)
        {
            if (config.Blocks[n].Stride == 2)
            {
                levels.Add(channels);
                strides.Add(stride);
                stride *= 2;
            }
            blocks[n] = features.Add(new Block(config, channels, n));
            channels = config.Blocks[n].Outputs;
        }
        last = features.Add(new ConvolutionNorm(channels, 6 * channels, activation: Activation.HardSwish, epsilon: Epsilon, momentum: Momentum));
        (LevelChannels, LevelStrides) = ([.. levels, 6 * channels], [.. strides, stride]);
        ModuleGroup classifier = Register("classifier", new ModuleGroup());
        hidden = classifier.Add(new Linear(6 * channels, config.Last));
        classifier.Skip();
        dropout = classifier.Add(new Dropout(config.Dropout));
        head = classifier.AddSlot(new Linear(config.Last, config.ClassCount));
    }

    /// <inheritdoc/>
    public override MobileNetV3Config Config { get; }

    /// <inheritdoc/>
    public override int FeatureCount => LevelChannels[^1];

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelChannels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelStrides { get; }

    internal override string HeadName => "classifier.3";

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass)
    {
        List<Tensor> levels = [];
        Tensor x = first.Forward(pictures, pass);
        for (int n = 0; n < blocks.Length; n++)
        {
            if (Config.Blocks[n].Stride == 2)
                levels.Add(x);
            x = blocks[n].Forward(x, pass);
        }
        levels.Add(last.Forward(x, pass));
        return levels;
    }

    /// <inheritdoc/>
    public override Tensor Features(Tensor pictures, in Pass pass) => Levels(pictures, pass)[^1];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor pictures, in Pass pass)
    {
        Tensor x = pass.Probed(this, Features(pictures, pass)).MeanOverPlaces();
        x = dropout.Forward(hidden.Forward(x, pass).HardSwish(), pass);
        return Return(head.Module.Forward(x, pass), pass);
    }

    /// <summary>An inverted residual block.</summary>
    private sealed class Block : Module
    {
        private readonly ConvolutionNorm? expand;
        private readonly ConvolutionNorm depthwise, project;
        private readonly Slot<PictureAttention>? attention;
        private readonly bool adds;

        public Block(MobileNetV3Config config, int channels, int index)
        {
            (int kernel, int expanded, int outputs, bool attends, bool isHard, int stride) = config.Blocks[index];
            Activation activation = isHard ? Activation.HardSwish : Activation.Relu;
            ModuleGroup block = Register("block", new ModuleGroup());
            if (expanded != channels)
                expand = block.Add(new ConvolutionNorm(channels, expanded, activation: activation, epsilon: Epsilon, momentum: Momentum));
            depthwise = block.Add(new ConvolutionNorm(expanded, expanded, kernel, stride, expanded, activation, Epsilon, Momentum));
            if (attends && config.Attention != "none")
            {
                attention = block.AddSlot(config.Attention == "se"
                    ? new SqueezeExcitation(expanded, new SqueezeExcitationConfig { Reduction = config.Reduction > 0 ? config.Reduction : 4, Divisor = 8, MinimumWidth = 1, Gate = "hard-sigmoid" })
                    : PictureAttention.Create(config.Attention, expanded, config.Reduction));
            }
            project = block.Add(new ConvolutionNorm(expanded, outputs, epsilon: Epsilon, momentum: Momentum));
            adds = stride == 1 && channels == outputs;
        }

        internal override int OutputChannels => project.OutputChannels;

        public Tensor Forward(Tensor x, in Pass pass)
        {
            Tensor y = depthwise.Forward(expand is null ? x : expand.Forward(x, pass), pass);
            y = attention is null ? y : attention.Module.Forward(y, pass);
            return Return(project.Forward(y, pass, adds ? x : null), pass);
        }
    }
}
