using Heed.Kernels;

namespace Heed;

/// <summary>A two-dimensional convolution of pictures with channels last.</summary>
/// <remarks>
/// <para>Formula: <c>y[b, i, j, f] = bias[f] + Σ over r, s, c of w[f, c, r, s]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c]</c>, zeros outside of the picture; with groups, c runs over the channels of the filter's group.</para>
/// <para>Shapes: x <c>(batch, height, width, channels)</c>; w <c>(filters, channels/groups, kernel height, kernel width)</c> and bias <c>(filters)</c>, as PyTorch's <c>weight</c> and <c>bias</c>; y
/// <c>(batch, height',
/// width', filters)</c> with size' = (size + 2·padding − dilation·(kernel − 1) − 1)/stride + 1, rounded down. Starts uniform in ±1/√depth, weights and bias, as PyTorch's, unless told otherwise.</para>
/// <para>Cost: 2·batch·height'·width'·filters·depth flops, depth = kernel height·kernel width·channels/groups.</para>
/// </remarks>
public sealed class Convolution : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    // One for each batch norm that follows: those of several levels may share a convolution.
    private FoldedConvolution[] folded = [];

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="kernel">Rows and columns of a filter.</param>
    /// <param name="stride">Distance of neighbouring windows; default 1.</param>
    /// <param name="padding">Rows and columns of zeros on each side, below the kernel's; default none.</param>
    /// <param name="hasBias">Whether a bias is added; default true.</param>
    /// <param name="dilation">Distance of neighbouring pixels of a window; default 1.</param>
    /// <param name="groups">Parts into which channels and filters are cut; default 1.</param>
    /// <param name="initializer">How w starts; default as PyTorch's.</param>
    /// <param name="biasInitializer">How the bias starts; default as PyTorch's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or the padding does not suit.</exception>
    public Convolution(int channels, int filters, (int Height, int Width) kernel, int stride = 1, (int Height, int Width) padding = default, bool hasBias = true, int dilation = 1, int groups = 1, Initializer? initializer = null, Initializer? biasInitializer = null)
        : this(channels, filters, kernel, (stride, stride), padding, hasBias, dilation, groups, initializer, biasInitializer)
    {
    }

    /// <summary>Creates the layer with strides of their own down and across.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="kernel">Rows and columns of a filter.</param>
    /// <param name="stride">Rows and columns from a window to the next.</param>
    /// <param name="padding">Rows and columns of zeros on each side, below the kernel's; default none.</param>
    /// <param name="hasBias">Whether a bias is added; default true.</param>
    /// <param name="dilation">Distance of neighbouring pixels of a window; default 1.</param>
    /// <param name="groups">Parts into which channels and filters are cut; default 1.</param>
    /// <param name="initializer">How w starts; default as PyTorch's.</param>
    /// <param name="biasInitializer">How the bias starts; default as PyTorch's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or the padding does not suit.</exception>
    public Convolution(
        int channels, int filters, (int Height, int Width) kernel, (int Height, int Width) stride, (int Height, int Width) padding = default, bool hasBias = true, int dilation = 1, int groups = 1, Initializer? initializer = null, Initializer? biasInitializer = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(filters, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(kernel.Height, kernel.Width), 1, nameof(kernel));
        ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(stride.Height, stride.Width), 1, nameof(stride));
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        if (groups < 1 || channels % groups != 0 || filters % groups != 0)
            throw new ArgumentOutOfRangeException(nameof(groups), groups, FormattableString.Invariant($"Convolution: {channels} channels and {filters} filters must be multiples of the groups."));
        if (padding.Height < 0 || padding.Width < 0 || padding.Height > dilation * (kernel.Height - 1) || padding.Width > dilation * (kernel.Width - 1))
            throw new ArgumentOutOfRangeException(nameof(padding), padding, FormattableString.Invariant($"Convolution: padding must be from 0 to below the kernel's size {kernel}."));
        (Strides, Padding, Dilation, Groups) = (stride, padding, dilation, groups);
        double bound = 1 / Math.Sqrt((double)channels / groups * kernel.Height * kernel.Width);
        weight = Register("weight", new Parameter(new Shape(filters, channels / groups, kernel.Height, kernel.Width), initializer ?? Initializer.Uniform(bound)));
        if (hasBias)
            bias = Register("bias", new Parameter(new Shape(filters), biasInitializer ?? Initializer.Uniform(bound)));
    }

    /// <summary>w.</summary>
    public Parameter Weight => weight;

    /// <summary>Rows and columns from a window to the next.</summary>
    public (int Height, int Width) Strides { get; }

    /// <summary>Distance of neighbouring windows; where it is another across, that down (<see cref="Strides"/>).</summary>
    public int Stride => Strides.Height;

    /// <summary>Rows and columns of zeros on each side.</summary>
    public (int Height, int Width) Padding { get; }

    /// <summary>Distance of neighbouring pixels of a window.</summary>
    public int Dilation { get; }

    /// <summary>Parts into which channels and filters are cut.</summary>
    public int Groups { get; }

    internal override int OutputChannels => weight.Shape[0];

    internal override long MultiplyAdds(Shape output) => (long)output.Length * (weight.Shape.Length / weight.Shape[0]);

    /// <summary>Convolves.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height', width', filters)</c>.</returns>
    /// <exception cref="ShapeException">x has not four axes, or other channels.</exception>
    public Tensor Forward(Tensor x, in Pass pass) => Return(
        IsFixed(pass) ? Folded(x, null, Activation.None, null) : Tensor.Convolution(x, pass.Use(weight), bias is null ? null : pass.Use(bias), Strides, Padding, Dilation, Groups), pass);

    /// <summary>Likewise, for a batch norm that takes its statistics from the result: what they are made of is found while that is in the cache.</summary>
    internal Tensor Measured(Tensor x, in Pass pass) =>
        pass.IsTraining ? Return(Tensor.Convolution(x, pass.Use(weight), bias is null ? null : pass.Use(bias), Strides, Padding, Dilation, Groups, measures: true), pass) : Forward(x, pass);

    /// <summary>φ(norm(convolution) + z): in evaluation one convolution (<see cref="FoldedConvolution"/>), unless a hook asks for what lies between.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="norm">The batch norm behind it.</param>
    /// <param name="activation">φ: none, relu or hard swish.</param>
    /// <param name="addend">z: as the result, or null.</param>
    internal Tensor Forward(Tensor x, in Pass pass, BatchNorm norm, Activation activation = Activation.None, Tensor? addend = null)
    {
        if (!HasHooks && !norm.IsWatched && IsFixed(pass))
            return Folded(x, norm, activation, addend);
        Tensor y = norm.Forward(Measured(x, pass), pass, addend, rectifies: activation == Activation.Relu);
        return activation == Activation.HardSwish ? y.HardSwish() : y;
    }

    private static bool IsFixed(in Pass pass) => !pass.IsTraining && !pass.Step.Records;

    private Tensor Folded(Tensor x, BatchNorm? norm, Activation activation, Tensor? addend)
    {
        ConvolutionShape shape = ShapeFor(x);
        FoldedConvolution kept = Fold(norm, shape);
        return Tensor.Convolution(x, kept.Weight, kept.Bias, shape, addend, activation);
    }

    /// <summary>A convolution and a depthwise one behind it, both with batch norm and an activation, in evaluation as one sweep where the pictures between them would leave the cache.</summary>
    /// <param name="expansion">The first one: 1 × 1.</param>
    /// <param name="depthwise">The second one.</param>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="norms">Theirs.</param>
    /// <param name="activation">Theirs: none, relu or hard swish.</param>
    /// <returns>Shape <c>(batch, height', width', filters)</c>; null where hooks, gradients or sizes ask for the two one after the other.</returns>
    internal static Tensor? Expanded(Convolution expansion, Convolution depthwise, Tensor x, in Pass pass, (BatchNorm First, BatchNorm Second) norms, Activation activation)
    {
        if (!IsFixed(pass) || expansion.HasHooks || depthwise.HasHooks || norms.First.IsWatched || norms.Second.IsWatched)
            return null;
        ConvolutionShape first = expansion.ShapeFor(x);
        ConvolutionShape second = depthwise.ShapeFor(new Shape(x.Shape[0], x.Shape[1], x.Shape[2], first.Filters));
        if (second.Groups != second.Channels || second.Filters != second.Channels || (first.KernelHeight, first.KernelWidth, first.StrideHeight, first.StrideWidth, first.Groups, first.PaddingHeight, first.PaddingWidth) != (1, 1, 1, 1, 1, 0, 0) || (long)second.Height * second.Width * second.Channels < LeastExpanded)
            return null;
        FoldedConvolution one = expansion.Fold(norms.First, first), other = depthwise.Fold(norms.Second, second);
        return Tensor.ExpandedDepthwise(x, (one.Weight, one.Bias), (other.Weight, other.Bias), second, activation);
    }

    // Values of a wide picture, from which on it is worth not to write it: 800 KB, more than second-level caches hold beside the rest. Below, one product over all pixels is as fast (measured with MobileNetV3-large, whose pictures have 803 K, 226 K, 188 K and fewer).
    private const int LeastExpanded = 200_000;

    private ConvolutionShape ShapeFor(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return ShapeFor(x.Shape);
    }

    private ConvolutionShape ShapeFor(Shape x)
    {
        if (x.Rank != 4 || x[3] != weight.Shape[1] * Groups)
            throw ShapeException.For("Convolution", nameof(x), FormattableString.Invariant($"(batch, height, width, channels) with channels = {weight.Shape[1] * Groups}"), x, "Pictures have their channels last.");
        ConvolutionShape shape = new(x[0], x[1], x[2], x[3], weight.Shape[0], weight.Shape[2], weight.Shape[3])
        {
            StrideHeight = Strides.Height, StrideWidth = Strides.Width, Dilation = Dilation, Groups = Groups, PaddingHeight = Padding.Height, PaddingWidth = Padding.Width,
        };
        shape.Validate("Convolution");
        return shape;
    }

    private FoldedConvolution Fold(BatchNorm? norm, ConvolutionShape shape)
    {
        FoldedConvolution[] all = folded;
        FoldedConvolution? kept = Array.Find(all, f => f.Norm == norm);
        if (kept?.IsOf(weight, bias) == true)
            return kept;
        kept = new FoldedConvolution(weight, bias, norm, shape);
        folded = [.. all.Where(f => f.Norm != norm), kept];
        return kept;
    }
}
