using Heed.Kernels;

namespace Heed;

/// <summary>A transposed two-dimensional convolution of pictures with channels last: makes pictures larger with weights that are learned.</summary>
/// <remarks>
/// <para>Formula: <c>y[b, i·stride + r − padding, j·stride + s − padding, f] = bias[f] + Σ over what falls there of w[c, f, r, s]·x[b, i, j, c]</c>.</para>
/// <para>Shapes: x <c>(batch, height, width, channels)</c>; w <c>(channels, filters/groups, kernel height, kernel width)</c> and bias <c>(filters)</c>, as <c>ConvTranspose2d</c>'s <c>weight</c> and <c>bias</c>; y <c>(batch, height', width',
/// filters)</c> with size' = (size − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1. Starts uniform in ±1/√(filters/groups · kernel height · kernel width), as PyTorch's, unless told otherwise.</para>
/// <para>Cost: 2·batch·height·width·channels·filters/groups·kernel height·kernel width flops.</para>
/// <para>Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks", 2010.</para>
/// </remarks>
public sealed class TransposedConvolution : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">How many times larger the pictures become, about; default 1.</param>
    /// <param name="padding">Rows and columns that are cut from each side of the result, below the kernel's; default none.</param>
    /// <param name="outputPadding">Rows and columns that are added below and on the right, below the stride; default none.</param>
    /// <param name="hasBias">Whether a bias is added; default true.</param>
    /// <param name="dilation">Distance of neighbouring pixels of the kernel; default 1.</param>
    /// <param name="groups">Parts into which channels and filters are cut; default 1.</param>
    /// <param name="initializer">How w starts; default as PyTorch's.</param>
    /// <exception cref="ArgumentException">A size does not suit.</exception>
    public TransposedConvolution(
        int channels, int filters, (int Height, int Width) kernel, int stride = 1, (int Height, int Width) padding = default, (int Height, int Width) outputPadding = default, bool hasBias = true, int dilation = 1, int groups = 1,
        Initializer? initializer = null)
    {
        // The smallest picture of which something would be left tells whether the other sizes go together.
        int least = (2 * Math.Max(0, Math.Max(padding.Height, padding.Width))) + 2;
        _ = TransposedConvolutionKernel.Shape(1, least, least, channels, filters, kernel, stride, padding, outputPadding, dilation, groups);
        (Stride, Padding, OutputPadding, Dilation, Groups) = (stride, padding, outputPadding, dilation, groups);
        double bound = 1 / Math.Sqrt((double)filters / groups * kernel.Height * kernel.Width);
        weight = Register("weight", new Parameter(new Shape(channels, filters / groups, kernel.Height, kernel.Width), initializer ?? Initializer.Uniform(bound)));
        if (hasBias)
            bias = Register("bias", new Parameter(new Shape(filters), Initializer.Uniform(bound)));
    }

    /// <summary>w.</summary>
    public Parameter Weight => weight;

    /// <summary>Distance at which pixels are laid down.</summary>
    public int Stride { get; }

    /// <summary>Rows and columns that are cut from each side.</summary>
    public (int Height, int Width) Padding { get; }

    /// <summary>Rows and columns that are added below and on the right.</summary>
    public (int Height, int Width) OutputPadding { get; }

    /// <summary>Distance of neighbouring pixels of the kernel.</summary>
    public int Dilation { get; }

    /// <summary>Parts into which channels and filters are cut.</summary>
    public int Groups { get; }

    internal override int OutputChannels => weight.Shape[1] * Groups;

    // Each pixel that comes meets every weight of its group once.
    internal override long MultiplyAdds(Shape output)
    {
        long Places(int size, int kernel, int padding, int added) => (size - 1 - added + (2 * padding) - (Dilation * (kernel - 1))) / Stride + 1;
        return output[0] * Places(output[1], weight.Shape[2], Padding.Height, OutputPadding.Height) * Places(output[2], weight.Shape[3], Padding.Width, OutputPadding.Width) * weight.Shape.Length;
    }

    /// <summary>Makes pictures larger.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height', width', filters)</c>.</returns>
    /// <exception cref="ShapeException">x has not four axes, or other channels.</exception>
    public Tensor Forward(Tensor x, in Pass pass) =>
        Return(Tensor.TransposedConvolution(x, pass.Use(weight), bias is null ? null : pass.Use(bias), Stride, Padding, OutputPadding, Dilation, Groups), pass);
}
