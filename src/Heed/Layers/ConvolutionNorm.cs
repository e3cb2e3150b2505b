using Heed.Kernels;

namespace Heed;

/// <summary>A convolution without bias, batch norm, and a function: in evaluation one sweep. Names <c>0</c> and <c>1</c>, torchvision's.</summary>
internal sealed class ConvolutionNorm : Module
{
    private readonly Convolution convolution;
    private readonly BatchNorm norm;
    private readonly Activation activation;

    /// <summary>Padding is half the kernel, so that stride 1 keeps the size.</summary>
    public ConvolutionNorm(int channels, int filters, int kernel = 1, int stride = 1, int groups = 1, Activation activation = Activation.None, double epsilon = 1e-5, double momentum = 0.1)
    {
        convolution = Register("0", new Convolution(channels, filters, (kernel, kernel), stride, (kernel / 2, kernel / 2), hasBias: false, groups: groups, initializer: Initializer.HeNormal));
        norm = Register("1", new BatchNorm(filters, epsilon, momentum));
        this.activation = activation;
    }

    internal override int OutputChannels => norm.OutputChannels;

    public Tensor Forward(Tensor x, in Pass pass, Tensor? addend = null)
    {
        // A hook sees what the layers alone make.
        if (!HasHooks || addend is null)
            return Return(convolution.Forward(x, pass, norm, activation, addend), pass);
        return Return(convolution.Forward(x, pass, norm, activation), pass) + addend;
    }

    /// <summary>This one, a 1 × 1 convolution, and a depthwise one with the same activation behind it; in evaluation in one sweep where that pays.</summary>
    public Tensor Forward(Tensor x, in Pass pass, ConvolutionNorm depthwise)
    {
        Tensor? y = HasHooks || activation != depthwise.activation ? null : Convolution.Expanded(convolution, depthwise.convolution, x, pass, (norm, depthwise.norm), activation);
        return y is null ? depthwise.Forward(Forward(x, pass), pass) : depthwise.Return(y, pass);
    }
}
