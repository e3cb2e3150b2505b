using Heed.Kernels;

namespace Heed;

/// <summary>Convolutions of 3 × 3, each with batch norm and a rectifier, and an attention block at the end if there is one: a block of a <see cref="UNet"/>.</summary>
/// <remarks>Shapes: x <c>(batch, height, width, channels)</c>; y <c>(batch, height, width, filters)</c>. Parameter names: <c>conv1</c>, <c>bn1</c>, <c>conv2</c>, …, <c>attention</c>. Source: Ronneberger, Fischer and Brox 2015; attention
/// at the end of a block as Roy, Navab and Wachinger, "Concurrent spatial and channel squeeze and excitation", 2018, have it.</remarks>
public sealed class ConvolutionBlock : Module
{
    private readonly Convolution[] convolutions;
    private readonly BatchNorm[] norms;
    private readonly Slot<PictureAttention>? attention;

    internal ConvolutionBlock(int channels, int filters, int depth, string attention, int reduction)
    {
        (convolutions, norms) = (new Convolution[depth], new BatchNorm[depth]);
        for (int n = 0; n < depth; n++)
        {
            convolutions[n] = Register(FormattableString.Invariant($"conv{n + 1}"), new Convolution(n == 0 ? channels : filters, filters, (3, 3), 1, (1, 1), hasBias: false, initializer: Initializer.HeNormal));
            norms[n] = Register(FormattableString.Invariant($"bn{n + 1}"), new BatchNorm(filters));
        }
        if (attention != "none")
            this.attention = RegisterSlot("attention", PictureAttention.Create(attention, filters, reduction));
    }

    internal override int OutputChannels => convolutions[^1].OutputChannels;

    /// <summary>Looks at each place and its neighbours.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height, width, filters)</c>.</returns>
    public Tensor Forward(Tensor x, in Pass pass)
    {
        for (int n = 0; n < convolutions.Length; n++)
            x = convolutions[n].Forward(x, pass, norms[n], Activation.Relu);
        return Return(attention is null ? x : attention.Module.Forward(x, pass), pass);
    }
}
