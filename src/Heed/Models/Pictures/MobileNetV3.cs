using Heed.Kernels;

namespace Heed;

/// <summary>A network for small machines: inverted residual blocks of depthwise convolutions with squeeze-and-excitation.</summary>
/// <remarks>
/// <para>Formula of a block: y = project(attention(depthwise(expand(x)))) + x where shapes allow; expand and project are 1 × 1 convolutions; relu, or in later blocks hard swish, behind expand and depthwise; batch norm behind each
/// convolution (ε 0.001 unless told otherwise, m 0.01).</para>
/// <para>Shapes: as <see cref="PictureNetwork"/>. Parameter names as torchvision's: <c>features.0.0</c>, <c>features.1.block.0.0</c>, …, <c>classifier.0</c>, <c>classifier.3</c>; files with timm's are read and written, too.</para>
/// <para>Variant: width 1, as published. The gate of squeeze-and-excitation is the hard sigmoid, its hidden units a quarter of the expanded channels, rounded to a multiple of 8.</para>
/// <para>Source: Howard et al., "Searching for MobileNetV3", 2019.</para>
/// </remarks>
public sealed class MobileNetV3 : PictureNetwork
{
    private const double Momentum = 0.01;

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
        first = features.Add(new ConvolutionNorm(config.Channels, channels, 3, stride, activation: Activation.HardSwish, epsilon: config.Epsilon, momentum: Momentum));
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
        last = features.Add(new ConvolutionNorm(channels, 6 * channels, activation: Activation.HardSwish, epsilon: config.Epsilon, momentum: Momentum));
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

    private protected override IReadOnlyList<WeightNaming> Namings => [WeightNaming.Torchvision, WeightNaming.Timm];

    private protected override IEnumerable<WeightPlace> Places(WeightNaming naming)
    {
        if (naming != WeightNaming.Timm)
            return base.Places(naming);
        Dictionary<string, Module> modules = NamedModules().ToDictionary(m => m.Name, m => m.Module, StringComparer.Ordinal);
        (string Ours, string Theirs)[] names = [.. TimmNames()];
        return base.Places(naming).Select(place =>
        {
            (string ours, string theirs) = names.FirstOrDefault(n => place.Parameter.StartsWith(n.Ours, StringComparison.Ordinal), (Ours: "", Theirs: ""));
            string tensor = theirs + place.Tensor[ours.Length..];
            // The layers of squeeze-and-excitation have names of their own in this family; the first dense layer is a convolution behind pooling.
            if (BlockOf(modules, place.Parameter) is SqueezeExcitation)
                tensor = tensor.Replace(".fc1.", ".conv_reduce.", StringComparison.Ordinal).Replace(".fc2.", ".conv_expand.", StringComparison.Ordinal);
            return place with { Tensor = tensor, TrailingOnes = tensor == "conv_head.weight" ? 2 : place.TrailingOnes };
        });
    }

    // Beginnings of our names and of timm's, which counts blocks by stages of equal outputs; the first that fits counts.
    private IEnumerable<(string Ours, string Theirs)> TimmNames()
    {
        yield return ("features.0.0.", "conv_stem.");
        yield return ("features.0.1.", "bn1.");
        (int stage, int place) = (-1, 0);
        for (int n = 0; n < blocks.Length; n++)
        {
            (stage, place) = n == 0 || Config.Blocks[n].Outputs != Config.Blocks[n - 1].Outputs ? (stage + 1, 0) : (stage, place + 1);
            string ours = FormattableString.Invariant($"features.{n + 1}.block."), theirs = FormattableString.Invariant($"blocks.{stage}.{place}.");
            string[] convolutions = blocks[n].Expands ? ["conv_pw", "conv_dw", "conv_pwl"] : ["conv_dw", "conv_pw"];
            for (int c = 0; c < convolutions.Length; c++)
            {
                // Attention stands before the last one.
                int at = c + (blocks[n].Attends && c == convolutions.Length - 1 ? 1 : 0);
                yield return (FormattableString.Invariant($"{ours}{at}.0."), $"{theirs}{convolutions[c]}.");
                yield return (FormattableString.Invariant($"{ours}{at}.1."), FormattableString.Invariant($"{theirs}bn{c + 1}."));
            }
            if (blocks[n].Attends)
                yield return (FormattableString.Invariant($"{ours}{convolutions.Length - 1}."), theirs + "se.");
            // What was inserted.
            yield return (ours, theirs);
        }
        yield return (FormattableString.Invariant($"features.{blocks.Length + 1}.0."), FormattableString.Invariant($"blocks.{stage + 1}.0.conv."));
        yield return (FormattableString.Invariant($"features.{blocks.Length + 1}.1."), FormattableString.Invariant($"blocks.{stage + 1}.0.bn1."));
        yield return ("classifier.0.", "conv_head.");
        yield return ("classifier.3.", "classifier.");
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
                expand = block.Add(new ConvolutionNorm(channels, expanded, activation: activation, epsilon: config.Epsilon, momentum: Momentum));
            depthwise = block.Add(new ConvolutionNorm(expanded, expanded, kernel, stride, expanded, activation, config.Epsilon, Momentum));
            if (attends && config.Attention != "none")
            {
                attention = block.AddSlot(config.Attention == "se"
                    ? new SqueezeExcitation(expanded, new SqueezeExcitationConfig { Reduction = config.Reduction > 0 ? config.Reduction : 4, Divisor = 8, MinimumWidth = 1, Gate = "hard-sigmoid" })
                    : PictureAttention.Create(config.Attention, expanded, config.Reduction));
            }
            project = block.Add(new ConvolutionNorm(expanded, outputs, epsilon: config.Epsilon, momentum: Momentum));
            adds = stride == 1 && channels == outputs;
        }

        public bool Expands => expand is not null;

        public bool Attends => attention is not null;

        internal override int OutputChannels => project.OutputChannels;

        public Tensor Forward(Tensor x, in Pass pass)
        {
            Tensor y = expand is null ? depthwise.Forward(x, pass) : expand.Forward(x, pass, depthwise);
            y = attention is null ? y : attention.Module.Forward(y, pass);
            return Return(project.Forward(y, pass, adds ? x : null), pass);
        }
    }
}
