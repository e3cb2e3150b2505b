namespace Heed;

/// <summary>Efficient channel attention: a channel's gate looks at its neighbours only, a handful of weights for the whole block.</summary>
/// <remarks>
/// <para>Formula: z_c = mean over places of x_c; y_c = σ(Σ over i &lt; k of w_i·z_{c + i − ⌊k/2⌋})·x_c, zeros outside; k the odd number at or above |log₂(channels)/2 + 1/2|.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; w <c>(1, 1, 1, k)</c> as <c>conv</c>, timm's name; gates <c>(batch, channels)</c>, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: γ = 2, b = 1, no bias, as published. Cost: two sweeps over x, 2·k·channels flops a picture. Source: Wang, Wu, Zhu, Li, Zuo and Hu, "ECA-Net", 2020, section 3.</para>
/// </remarks>
public sealed class EfficientChannelAttention : PictureAttention
{
    internal static Mechanism Entry => new("efficient-channel-attention", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "z_c = mean over places of x_c; y_c = σ(Σ over i < k of w_i·z_{c + i − ⌊k/2⌋})·x_c",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels)",
        Cost = "Two sweeps over x; 2·k·channels flops a picture",
        Source = "Wang, Wu, Zhu, Li, Zuo and Hu, \"ECA-Net: efficient channel attention for deep convolutional neural networks\", 2020",
        Variant = "k from the number of channels with γ = 2, b = 1; no bias.",
        Use = "Where weights count: k of them a block.",
        Avoid = "Where neighbouring channels have nothing to do with each other and training is short.",
        Example = new(() =>
        {
            EfficientChannelAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(EfficientChannelAttention)],
        Pages = ["squeeze-excitation"],
    };

    private readonly Convolution conv;
    private readonly ChannelGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    public EfficientChannelAttention(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int k = KernelSize(channels);
        conv = Register("conv", new Convolution(1, 1, (1, k), padding: (0, k / 2), hasBias: false));
        gate = Register("gate", new ChannelGates());
    }

    /// <summary>k for so many channels.</summary>
    /// <param name="channels">Values of a pixel.</param>
    public static int KernelSize(int channels) => Math.Max(3, (int)Math.Abs((Math.Log2(channels) + 1) / 2) | 1);

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor z = MeanOverPlaces(x);
        Tensor energies = conv.Forward(z.Reshape(new Shape(z.Shape[0], 1, z.Shape[1], 1)), pass).Reshape(z.Shape);
        return x.ScaleChannels(gate.Forward(energies, pass), addend, rectifies);
    }
}
