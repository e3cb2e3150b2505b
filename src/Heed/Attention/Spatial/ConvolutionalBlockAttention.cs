namespace Heed;

/// <summary>The convolutional block attention module: channels are weighed first, by mean and maximum over places, then places, by mean and maximum over channels.</summary>
/// <remarks>
/// <para>Formula: x′ = σ(MLP(mean over places of x) + MLP(max over places of x))_c·x; y = σ(norm(k × k convolution of [mean, max over channels of x′]))_p·x′; one MLP for both, W₂·max(W₁·z, 0).</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates <c>(batch, channels)</c>, seen by a hook on <c>channel.gate</c>, and <c>(batch, height, width, 1)</c>, on <c>spatial.gate</c>.
/// Names as timm's: <c>channel.fc1</c>, <c>channel.fc2</c>, <c>spatial.conv.conv</c>, <c>spatial.conv.bn</c>.</para>
/// <para>Variant: batch norm behind the convolution and no bias in the MLP, as the authors' and timm's code; the mean is the first map, as timm's. Cost: five sweeps over x; 8·channels·hidden + 4·k²·places flops a picture.</para>
/// <para>Source: Woo, Park, Lee and Kweon, "CBAM: convolutional block attention module", 2018.</para>
/// </remarks>
public sealed class ConvolutionalBlockAttention : PictureAttention
{
    internal static Mechanism Entry => new("cbam", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "x′ = σ(MLP(mean_p x) + MLP(max_p x))_c·x; y = σ(norm(7 × 7 convolution of [mean_c x′, max_c x′]))_p·x′",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels) and (batch, height, width, 1)",
        Cost = "Five sweeps over x; 8·channels·hidden + 196·places flops a picture",
        Source = "Woo, Park, Lee and Kweon, \"CBAM: convolutional block attention module\", 2018",
        Variant = "Channels, then places; batch norm behind the 7 × 7 convolution, no bias in the MLP, as timm's.",
        Use = "Where kind and place both tell: defects, cells, small objects.",
        Avoid = "Where time counts: it sweeps more often than squeeze-excitation.",
        Example = new(() =>
        {
            ConvolutionalBlockAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(ConvolutionalBlockAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly ChannelPart channel;
    private readonly MapGate spatial;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer hidden units than channels; default 16, as published.</param>
    /// <param name="kernel">Rows and columns of the convolution; odd, default 7.</param>
    public ConvolutionalBlockAttention(int channels, int reduction = 16, int kernel = 7)
    {
        channel = Register("channel", new ChannelPart(channels, Reduced(channels, reduction)));
        spatial = Register("spatial", new MapGate(kernel));
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor weighed = x.ScaleChannels(channel.Forward(MeanOverPlaces(x), MaxOverPlaces(x), pass));
        return weighed.ScalePlaces(spatial.Forward(weighed.FeatureMaps(), pass), addend, rectifies);
    }

    private sealed class ChannelPart : Module
    {
        private readonly Linear fc1, fc2;
        private readonly ChannelGates gate;

        public ChannelPart(int channels, int hidden)
        {
            fc1 = Register("fc1", new Linear(channels, hidden, hasBias: false));
            fc2 = Register("fc2", new Linear(hidden, channels, hasBias: false));
            gate = Register("gate", new ChannelGates());
        }

        public Tensor Forward(Tensor mean, Tensor max, in Pass pass) =>
            gate.Forward(fc2.Forward(fc1.Forward(mean, pass).Relu(), pass) + fc2.Forward(fc1.Forward(max, pass).Relu(), pass), pass);
    }
}
