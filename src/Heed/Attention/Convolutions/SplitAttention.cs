namespace Heed;

/// <summary>The split-attention convolution of ResNeSt: twice as many filters from two halves of the channels, and a gate for each filter that chooses between its two.</summary>
/// <remarks>
/// <para>Formula: [U₁, U₂] = max(norm(3 × 3 convolution of x in two groups), 0); z = max(norm(W₁·mean over places of (U₁ + U₂) + b₁), 0); y_c = g_c·U₁ + (1 − g_c)·U₂, (g, 1 − g) = softmax of the two halves of W₂·z + b₂.</para>
/// <para>Shapes: as <see cref="PictureConvolution"/>; gates <c>(batch, filters)</c> of the first half, seen by a hook on <c>gate</c>. Names as timm's: <c>conv</c>, <c>bn0</c>, <c>fc1</c>, <c>bn1</c>, <c>fc2</c>.</para>
/// <para>Variant: radix 2; with more groups the convolution has as many of either half, and the dense layers look at all filters (the paper's at those of a group); the stride stands at the convolution. Cost: that of the convolution without groups.</para>
/// <para>Source: Zhang et al., "ResNeSt: split-attention networks", 2020, section 3.</para>
/// </remarks>
public sealed class SplitAttention : PictureConvolution
{
    internal static Mechanism Entry => new("split-attention", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y_c = g_c·U₁ + (1 − g_c)·U₂; [U₁, U₂] a convolution in two groups; (g, 1 − g) = softmax of W₂·max(norm(W₁·mean(U₁ + U₂) + b₁), 0) + b₂",
        Shapes = "x (batch, height, width, channels); y (batch, ⌈height/stride⌉, ⌈width/stride⌉, filters); gates (batch, filters)",
        Cost = "That of a 3 × 3 convolution without groups",
        Source = "Zhang et al., \"ResNeSt: split-attention networks\", 2020",
        Variant = "Radix 2; hidden units half the channels, at least 32; stride at the convolution.",
        Use = "In place of the 3 × 3 convolution of bottlenecks: channel attention inside of the branch.",
        Avoid = "An odd number of channels: they are cut in two.",
        Example = new(() =>
        {
            SplitAttention layer = new(channels: 2, filters: 2);
            layer.Initialize(seed: 1);
            return Step.Evaluate(pass => layer.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 2, 2, 2)), pass));
        }),
        Types = [typeof(SplitAttention)],
        Pages = ["picture-blocks"],
    };

    private const int Radix = 2;
    private readonly Convolution conv;
    private readonly BatchNorm norm, hiddenNorm;
    private readonly Linear fc1, fc2;
    private readonly ChannelGates gate;
    private readonly int filters;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel; even.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="stride">Distance of neighbouring windows; default 1.</param>
    /// <param name="groups">Parts of each half; default 1.</param>
    /// <param name="reduction">How many times fewer hidden units than twice the channels; default 4.</param>
    /// <exception cref="ArgumentException">The channels cannot be cut in two.</exception>
    public SplitAttention(int channels, int filters, int stride = 1, int groups = 1, int reduction = 4)
    {
        if (channels % Radix != 0)
            throw new ArgumentException(FormattableString.Invariant($"SplitAttention: {channels} channels cannot be cut in two; take an even number of them, or another block."), nameof(channels));
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        this.filters = filters;
        int hidden = Math.Max(32, channels * Radix / reduction);
        conv = Register("conv", new Convolution(channels, Radix * filters, (3, 3), stride, (1, 1), hasBias: false, groups: Radix * groups, initializer: Initializer.HeNormal));
        norm = Register("bn0", new BatchNorm(Radix * filters));
        fc1 = Register("fc1", new Linear(filters, hidden));
        hiddenNorm = Register("bn1", new BatchNorm(hidden));
        fc2 = Register("fc2", new Linear(hidden, Radix * filters));
        gate = Register("gate", new ChannelGates());
    }

    /// <inheritdoc/>
    public override bool IsNormalized => true;

    internal override int OutputChannels => filters;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, in Pass pass)
    {
        Tensor both = norm.Forward(conv.Forward(x, pass), pass, rectifies: true);
        Tensor a = both.Columns(0, filters), b = both.Columns(filters, filters);
        Tensor hidden = hiddenNorm.Forward(fc1.Forward(Squeeze(a + b), pass), pass, rectifies: true);
        return Return(Choose(a, b, fc2.Forward(hidden, pass), gate, pass), pass);
    }
}
