using Heed.Kernels;

namespace Heed;

/// <summary>A residual block: convolutions, an attention block if there is one, and a shortcut around them.</summary>
/// <remarks>
/// <para>Formula: y = max(attention(F(x)) + shortcut(x), 0). Basic: F = bn2·conv2·relu·bn1·conv1, both 3 × 3. Bottleneck: 1 × 1, 3 × 3 (with the stride, and groups), 1 × 1, each with batch norm.
/// Other placements of the attention: F(attention(x)) (<c>pre</c>), behind the sum and its rectifier (<c>post</c>), F(x) + attention(shortcut(x)) (<c>identity</c>), behind a convolution in F (<c>inner</c>).</para>
/// <para>Pre-activated: y = F(o) + shortcut, o = relu·bn1(x), each convolution of F behind its batch norm and rectifier (basic: F = conv2·relu·bn2·conv1); the shortcut is x, or a 1 × 1 convolution of o where shapes differ, without a norm.
/// There <c>pre</c> weighs o for the branch, and <c>post</c> the sum.</para>
/// <para>Shapes: x <c>(batch, height, width, channels)</c>; y <c>(batch, height/stride, width/stride, output channels)</c>, rounded up. Names as torchvision's; the attention block is <c>se</c>, timm's name.</para>
/// <para>Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016; the stride stands at the 3 × 3 convolution, as torchvision has it. Attention where Hu, Shen and Sun 2018 have it: behind the last batch norm, before the addition; the other placements are those of Hu, Shen, Albanie, Sun and Wu 2019, figure 5.
/// Pre-activation: He, Zhang, Ren and Sun, "Identity mappings in deep residual networks", 2016; the shortcut as Zagoruyko and Komodakis 2016 have it.</para>
/// </remarks>
public sealed class ResidualBlock : Module
{
    private readonly Convolution?[] convolutions;
    private readonly PictureConvolution? special;
    private readonly BatchNorm?[] norms;
    private readonly Slot<PictureAttention>? attention;
    private readonly Downsample? projection;
    private readonly string placement;
    private readonly bool isPreActivated;
    private readonly int stride, outputs, behind;   // behind: the convolution that the attention follows, or −1

    internal ResidualBlock(ResNetConfig config, int channels, int width, int stride)
    {
        bool isBottleneck = config.Block == "bottleneck";
        outputs = isBottleneck ? 4 * width : width;
        (this.stride, isPreActivated) = (stride, config.IsPreActivated);
        int inner = isBottleneck ? width * config.GroupWidth / 64 * config.Groups : width, changed = isBottleneck ? 1 : 0;
        (int From, int To, int Kernel, int Stride, int Groups)[] layers = isBottleneck
            ? [(channels, inner, 1, 1, 1), (inner, inner, 3, stride, config.Groups), (inner, outputs, 1, 1, 1)]
            : [(channels, width, 3, stride, 1), (width, width, 3, 1, 1)];
        (convolutions, norms) = (new Convolution?[layers.Length], new BatchNorm?[layers.Length]);
        for (int n = 0; n < layers.Length; n++)
        {
            (int from, int to, int kernel, int distance, int groups) = layers[n];
            string name = FormattableString.Invariant($"conv{n + 1}");
            if (n == changed && config.Convolution != "plain")
                special = Register(name, PictureConvolution.Create(config.Convolution, from, to, distance, groups));
            else
                convolutions[n] = Register(name, new Convolution(from, to, (kernel, kernel), distance, (kernel / 2, kernel / 2), hasBias: false, groups: groups, initializer: Initializer.HeNormal));
            if (isPreActivated || convolutions[n] is not null || special is { IsNormalized: false })
                norms[n] = Register(FormattableString.Invariant($"bn{n + 1}"), new BatchNorm(isPreActivated ? from : to));
        }
        placement = config.Placement;
        behind = placement switch { "standard" => layers.Length - 1, "inner" => changed, "inner-1" => 0, "inner-2" => 1, "inner-3" => 2, _ => -1 };
        if (config.Attention != "none")
            attention = RegisterSlot("se", config.CreateAttention(placement == "pre" ? channels : behind >= 0 ? layers[behind].To : outputs));
        else
            behind = -1;
        if ((stride != 1 || channels != outputs) && config.Shortcut == "projection")
            projection = Register("downsample", new Downsample(channels, outputs, stride, hasNorm: !isPreActivated));
    }

    internal override int OutputChannels => outputs;

    /// <summary>Adds what the branch finds to what came.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height/stride, width/stride, output channels)</c>.</returns>
    public Tensor Forward(Tensor x, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (isPreActivated)
            return Return(PreActivated(x, pass), pass);
        Tensor shortcut = Shortcut(x, x, pass);
        if (placement == "identity")
            shortcut = attention?.Module.Forward(shortcut, pass) ?? shortcut;
        Tensor y = placement == "pre" && attention is not null ? attention.Module.Forward(x, pass) : x;
        int last = convolutions.Length - 1;
        for (int n = 0; n < last; n++)
            y = Weighed(n, Layer(n, y, pass, Activation.Relu), pass);
        // While training the attention may take the batch norm before it into its own sweeps; in evaluation the convolution does.
        if (behind == last && pass.Step.Records && convolutions[last] is { } plain && norms[last] is { } norm)
            return Return(attention!.Module.Forward(plain.Measured(y, pass), pass, norm, shortcut, rectifies: true), pass);
        if (behind == last)
            return Return(attention!.Module.Forward(Layer(last, y, pass, Activation.None), pass, shortcut, rectifies: true), pass);
        y = Layer(last, y, pass, Activation.Relu, shortcut);
        return Return(placement == "post" && attention is not null ? attention.Module.Forward(y, pass) : y, pass);
    }

    // Norm and rectifier before each convolution; in evaluation the convolution before takes them.
    private Tensor PreActivated(Tensor x, in Pass pass)
    {
        Tensor y = norms[0]!.Forward(x, pass, rectifies: true), shortcut = Shortcut(x, y, pass);
        if (placement == "identity")
            shortcut = attention?.Module.Forward(shortcut, pass) ?? shortcut;
        if (placement == "pre")
            y = attention?.Module.Forward(y, pass) ?? y;
        int last = convolutions.Length - 1;
        for (int n = 0; n < last; n++)
        {
            y = convolutions[n] is { } plain && n != behind
                ? plain.Forward(y, pass, norms[n + 1]!, Activation.Relu)
                : norms[n + 1]!.Forward(Weighed(n, Convolve(n, y, pass), pass), pass, rectifies: true);
        }
        y = Convolve(last, y, pass);
        if (behind == last)
            return attention!.Module.Forward(y, pass, shortcut);
        y += shortcut;
        return placement == "post" && attention is not null ? attention.Module.Forward(y, pass) : y;
    }

    private Tensor Convolve(int n, Tensor y, in Pass pass) => convolutions[n]?.Forward(y, pass) ?? special!.Forward(y, pass);

    private Tensor Weighed(int n, Tensor y, in Pass pass) => n == behind ? attention!.Module.Forward(y, pass) : y;

    // What came, or what is made of its source where shapes differ.
    private Tensor Shortcut(Tensor x, Tensor source, in Pass pass) => projection is not null ? projection.Forward(source, pass) : stride == 1 && x.Shape[3] == outputs ? x : Thinned(source, pass);

    // A convolution and its batch norm; a special one may hold its own.
    private Tensor Layer(int n, Tensor y, in Pass pass, Activation activation, Tensor? addend = null)
    {
        if (convolutions[n] is { } plain && norms[n] is { } norm)
            return plain.Forward(y, pass, norm, activation, addend);
        y = Convolve(n, y, pass);
        return norms[n]?.Forward(y, pass, addend, activation == Activation.Relu) ?? y;
    }

    // Every stride-th pixel, and zeros for the channels that are new: a 1 × 1 convolution that copies.
    private Tensor Thinned(Tensor x, in Pass pass)
    {
        int channels = x.Shape[3];
        float[] copies = new float[outputs * channels];
        for (int c = 0; c < channels; c++)
            copies[((c + ((outputs - channels) / 2)) * channels) + c] = 1;
        return Tensor.Convolution(x, pass.Input(copies, new Shape(outputs, channels, 1, 1)), stride: stride);
    }

    /// <summary>The shortcut where shapes differ: a 1 × 1 convolution and batch norm, if it has one.</summary>
    private sealed class Downsample : Module
    {
        private readonly Convolution convolution;
        private readonly BatchNorm? norm;

        public Downsample(int channels, int outputs, int stride, bool hasNorm)
        {
            convolution = Register("0", new Convolution(channels, outputs, (1, 1), stride, hasBias: false, initializer: Initializer.HeNormal));
            norm = hasNorm ? Register("1", new BatchNorm(outputs)) : null;
        }

        public Tensor Forward(Tensor x, in Pass pass) => Return(norm is null ? convolution.Forward(x, pass) : convolution.Forward(x, pass, norm), pass);
    }
}
