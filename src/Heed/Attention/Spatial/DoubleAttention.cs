namespace Heed;

/// <summary>Double attention (A²): some attention maps gather features of the whole picture; then each place takes from them what it needs.</summary>
/// <remarks>
/// <para>Formula: G_n = Σ_p softmax_p(W_b·x)_n,p·(W_a·x)_p (gather); y_p = x_p + W_z·Σ_n softmax_n(W_v·x_p)_n·G_n (distribute).</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; maps <c>(batch, maps, height·width)</c>, seen by a hook on <c>weights</c>. Names: <c>a</c>, <c>b</c>, <c>v</c>, <c>z</c>.</para>
/// <para>Variant: as published, added to what came; as many maps as inner channels. Cost: 10·places·channels·inner flops a picture, linear in places.</para>
/// <para>Source: Chen, Kalantidis, Li, Yan and Feng, "A²-Nets: double attention networks", 2018, section 3.</para>
/// </remarks>
public sealed class DoubleAttention : PictureAttention
{
    internal static Mechanism Entry => new("double-attention", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-head",
        Formula = "G_n = Σ_p softmax_p(W_b·x)_n,p·(W_a·x)_p; y_p = x_p + W_z·Σ_n softmax_n(W_v·x_p)_n·G_n",
        Shapes = "x, y (batch, height, width, channels); maps (batch, maps, height·width)",
        Cost = "10·places·channels·inner flops a picture: linear in places",
        Source = "Chen, Kalantidis, Li, Yan and Feng, \"A²-Nets: double attention networks\", 2018",
        Variant = "As published, added to what came; as many maps as inner channels, a quarter of the channels.",
        Use = "In place of non-local on large maps.",
        Avoid = "Where which place looked at which place must be seen: there is no such weight.",
        Example = new(() =>
        {
            DoubleAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(DoubleAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly Convolution features, maps, wishes, back;
    private readonly PlaceWeights weights;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer inner channels and maps; default 4.</param>
    /// <param name="startOpen">Whether what is added starts at 0; default false.</param>
    public DoubleAttention(int channels, int reduction = 4, bool startOpen = false)
    {
        int inner = Reduced(channels, reduction, least: 1);
        features = Register("a", new Convolution(channels, inner, (1, 1)));
        maps = Register("b", new Convolution(channels, inner, (1, 1)));
        wishes = Register("v", new Convolution(channels, inner, (1, 1)));
        back = Register("z", startOpen ? new Convolution(inner, channels, (1, 1), initializer: Initializer.Zeros, biasInitializer: Initializer.Zeros) : new Convolution(inner, channels, (1, 1)));
        weights = Register("weights", new PlaceWeights());
    }

    // Gathering and distributing.
    internal override long MultiplyAdds(Shape output) => 2L * output[0] * output[1] * output[2] * maps.OutputChannels * features.OutputChannels;

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor a = Rows(features.Forward(x, pass), out SequenceRanges ranges);
        Tensor gathered = weights.Forward(maps.Forward(x, pass), pass).SumOverTime(a, ranges);
        Tensor taken = Rows(wishes.Forward(x, pass), out _).Softmax().MatMul(gathered);
        Tensor y = x + back.Forward(taken.Reshape(new Shape(x.Shape[0], x.Shape[1], x.Shape[2], taken.Shape[2])), pass);
        return Finish(y, addend, rectifies);
    }
}
