namespace Heed;

/// <summary>The global context block: one attention over all places, the same for every place that asks, and its context added to all of them.</summary>
/// <remarks>
/// <para>Formula: α = softmax over places of w·x_p + b; c = Σ_p α_p·x_p; y = x + W₂·max(norm(W₁·c + b₁), 0) + b₂; norm a layer norm.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; α <c>(batch, 1, height·width)</c>. Names as timm's <c>gca</c>: <c>conv_attn</c>, <c>mlp_add.fc1</c>, <c>mlp_add.norm</c>, <c>mlp_add.fc2</c>; α by a hook on <c>weights</c>.</para>
/// <para>Variant: context by attention, added, as published; W₂ and b₂ start at 0, so that the block starts as if it were not there. timm's <c>gc</c> gates with the context instead of adding it. Cost: three sweeps over x; 4·places·channels + 4·channels·hidden flops a picture.</para>
/// <para>Source: Cao, Xu, Lin, Wei and Hu, "GCNet: non-local networks meet squeeze-excitation networks and beyond", 2019.</para>
/// </remarks>
public sealed class GlobalContext : PictureAttention
{
    internal static Mechanism Entry => new("global-context", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "single",
        Formula = "α = softmax_p(w·x_p + b); c = Σ_p α_p·x_p; y = x + W₂·max(norm(W₁·c + b₁), 0) + b₂",
        Shapes = "x, y (batch, height, width, channels); α (batch, 1, height·width)",
        Cost = "Three sweeps over x; 4·places·channels + 4·channels·hidden flops a picture",
        Source = "Cao, Xu, Lin, Wei and Hu, \"GCNet: non-local networks meet squeeze-excitation networks and beyond\", 2019",
        Variant = "Context by attention, added; the last layer starts at 0.",
        Use = "Most of what a non-local block gives, at the price of squeeze-excitation; starts as if it were not there.",
        Avoid = "Where each place needs a context of its own: take non-local.",
        Example = new(() =>
        {
            GlobalContext block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(GlobalContext), typeof(PlaceWeights)],
        Pages = ["picture-blocks"],
    };

    private readonly Convolution energies;
    private readonly PlaceWeights weights;
    private readonly BottleneckMlp mlp;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer hidden units than channels; default 16, as published.</param>
    public GlobalContext(int channels, int reduction = 16)
    {
        energies = Register("conv_attn", new Convolution(channels, 1, (1, 1)));
        weights = Register("weights", new PlaceWeights());
        mlp = Register("mlp_add", new BottleneckMlp(channels, Reduced(channels, reduction), hasNorm: true, start: 0));
    }

    internal override long MultiplyAdds(Shape output) => output.Length;

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor places = Rows(x, out SequenceRanges ranges);
        Tensor context = weights.Forward(energies.Forward(x, pass), pass).SumOverTime(places, ranges).Reshape(new Shape(x.Shape[0], x.Shape[3]));
        return AddChannels(addend is null ? x : x + addend, mlp.Forward(context, pass), pass, rectifies);
    }
}
