namespace Heed;

/// <summary>The selective kernel convolution: two convolutions of different reach, and a gate for each channel that chooses between them.</summary>
/// <remarks>
/// <para>Formula: U₁, U₂ = max(norm(3 × 3 convolution of x, dilation 1 and 2), 0); z = max(norm(W·mean over places of (U₁ + U₂)), 0); y_c = g_c·U₁ + (1 − g_c)·U₂, (g, 1 − g) = softmax of the two halves of W_s·z.</para>
/// <para>Shapes: as <see cref="PictureConvolution"/>; gates <c>(batch, filters)</c> of the smaller reach, seen by a hook on <c>gate</c>. Names as timm's: <c>paths.0.conv</c>, <c>paths.0.bn</c>, …, <c>attn.fc_reduce</c>, <c>attn.bn</c>, <c>attn.fc_select</c>.</para>
/// <para>Variant: two paths, 3 × 3 and 3 × 3 with dilation 2 in place of 5 × 5, reduction 16 with at least 32 hidden units, all as published; timm splits the channels between the paths unless told otherwise. Cost: twice that of the convolution.</para>
/// <para>Source: Li, Wang, Hu and Yang, "Selective kernel networks", 2019.</para>
/// </remarks>
public sealed class SelectiveKernel : PictureConvolution
{
    internal static Mechanism Entry => new("selective-kernel", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y_c = g_c·U₁ + (1 − g_c)·U₂; U₁, U₂ convolutions with dilation 1 and 2; (g, 1 − g) = softmax of W_s·max(norm(W·mean(U₁ + U₂)), 0)",
        Shapes = "x (batch, height, width, channels); y (batch, ⌈height/stride⌉, ⌈width/stride⌉, filters); gates (batch, filters)",
        Cost = "Twice that of a 3 × 3 convolution",
        Source = "Li, Wang, Hu and Yang, \"Selective kernel networks\", 2019",
        Variant = "Two paths, dilation 2 in place of 5 × 5; reduction 16, at least 32 hidden units.",
        Use = "Where what is to be seen has different sizes.",
        Avoid = "Where time counts: it is two convolutions.",
        Example = new(() =>
        {
            SelectiveKernel layer = new(channels: 2, filters: 2);
            layer.Initialize(seed: 1);
            return Step.Evaluate(pass => layer.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 2, 2, 2)), pass));
        }),
        Types = [typeof(SelectiveKernel), typeof(PictureConvolution), typeof(ConvolutionAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly Paths paths;
    private readonly Selection selection;
    private readonly ChannelGates gate;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="stride">Distance of neighbouring windows; default 1.</param>
    /// <param name="groups">Parts into which channels and filters are cut; default 1.</param>
    /// <param name="reduction">How many times fewer hidden units than filters; default 16.</param>
    public SelectiveKernel(int channels, int filters, int stride = 1, int groups = 1, int reduction = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        paths = Register("paths", new Paths(channels, filters, stride, groups));
        selection = Register("attn", new Selection(filters, Math.Max(32, filters / reduction)));
        gate = Register("gate", new ChannelGates());
    }

    /// <inheritdoc/>
    public override bool IsNormalized => true;

    internal override int OutputChannels => paths.OutputChannels;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, in Pass pass)
    {
        (Tensor near, Tensor far) = paths.Forward(x, pass);
        return Return(Choose(near, far, selection.Forward(Squeeze(near + far), pass), gate, pass), pass);
    }

    private sealed class Paths : Module
    {
        private readonly Path near, far;

        public Paths(int channels, int filters, int stride, int groups)
        {
            near = Register("0", new Path(channels, filters, stride, groups, 1));
            far = Register("1", new Path(channels, filters, stride, groups, 2));
        }

        internal override int OutputChannels => near.OutputChannels;

        public (Tensor Near, Tensor Far) Forward(Tensor x, in Pass pass) => (near.Forward(x, pass), far.Forward(x, pass));
    }

    private sealed class Path : Module
    {
        private readonly Convolution conv;
        private readonly BatchNorm norm;

        public Path(int channels, int filters, int stride, int groups, int dilation)
        {
            conv = Register("conv", new Convolution(channels, filters, (3, 3), stride, (dilation, dilation), hasBias: false, dilation, groups, Initializer.HeNormal));
            norm = Register("bn", new BatchNorm(filters));
        }

        internal override int OutputChannels => norm.OutputChannels;

        public Tensor Forward(Tensor x, in Pass pass) => Return(norm.Forward(conv.Forward(x, pass), pass, rectifies: true), pass);
    }

    private sealed class Selection : Module
    {
        private readonly Linear reduce, select;
        private readonly BatchNorm norm;

        public Selection(int filters, int hidden)
        {
            reduce = Register("fc_reduce", new Linear(filters, hidden, hasBias: false));
            norm = Register("bn", new BatchNorm(hidden));
            select = Register("fc_select", new Linear(hidden, 2 * filters, hasBias: false));
        }

        public Tensor Forward(Tensor squeezed, in Pass pass) => Return(select.Forward(norm.Forward(reduce.Forward(squeezed, pass), pass, rectifies: true), pass), pass);
    }
}
