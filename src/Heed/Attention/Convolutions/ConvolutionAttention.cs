namespace Heed;

/// <summary>A convolution that attends as a block of its own: what it makes of the pictures is normalised and added to them, so that it drops in anywhere.</summary>
/// <remarks>
/// <para>Formula: y = x + norm(K(x)), K a <see cref="PictureConvolution"/> with as many filters as channels.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>. Names: those of K behind <c>conv.</c>, and <c>bn</c>.</para>
/// <para>Variant: the papers have K in the place of a convolution of the network, as <see cref="ResNetConfig.Convolution"/> has; beside what comes, as a non-local block stands, it suits networks that exist. Cost: that of K, a batch norm and a sweep.</para>
/// </remarks>
public sealed class ConvolutionAttention : PictureAttention
{
    private readonly PictureConvolution conv;
    private readonly BatchNorm norm;

    /// <summary>Creates the block.</summary>
    /// <param name="convolution">K; stride 1, as many filters as channels.</param>
    /// <param name="startOpen">Whether the norm's γ starts at 0, so that pictures pass as they are; default false.</param>
    public ConvolutionAttention(PictureConvolution convolution, bool startOpen = false)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        conv = Register("conv", convolution);
        norm = Register("bn", new BatchNorm(convolution.OutputChannels, startsAtZero: startOpen));
    }

    /// <summary>K.</summary>
    public PictureConvolution Convolution => conv;

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies) => norm.Forward(conv.Forward(x, pass), pass, addend is null ? x : x + addend, rectifies);
}
