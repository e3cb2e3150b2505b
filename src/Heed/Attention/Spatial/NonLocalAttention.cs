namespace Heed;

/// <summary>The non-local block: every place looks at every place, and what it sees is added to it. Self-attention over pictures.</summary>
/// <remarks>
/// <para>Formula: y = x + norm(W_z·(softmax(scale·(W_t·x)·(W_p·x)ᵀ)·(W_g·x))), the embedded Gaussian form.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>. Names as timm's: <c>t</c> (θ), <c>p</c> (φ), <c>g</c>, <c>z</c>, <c>norm</c>.</para>
/// <para>Variant: embedded Gaussian without scale, half the channels, γ of the norm starts at 0 so that the block starts as if it were not there; all as published. Subsampled keys and values are the paper's 2 × 2 maximum.
/// Cost: 4·places²·inner + 8·places·channels·inner flops a picture; fused: the places² weights are never in memory.</para>
/// <para>Source: Wang, Girshick, Gupta and He, "Non-local neural networks", 2018, sections 3.2 and 3.3.</para>
/// </remarks>
public sealed class NonLocalAttention : PictureAttention
{
    internal static Mechanism Entry => new("non-local", MechanismKind.Saliency)
    {
        InputForm = "item-wise",
        InputRepresentation = "self",
        OutputRepresentation = "single",
        Formula = "y = x + norm(W_z·(softmax((W_t·x)·(W_p·x)ᵀ)·(W_g·x)))",
        Shapes = "x, y (batch, height, width, channels)",
        Cost = "4·places²·inner + 8·places·channels·inner flops a picture; the weights are never in memory",
        Source = "Wang, Girshick, Gupta and He, \"Non-local neural networks\", 2018",
        Variant = "Embedded Gaussian, half the channels, the norm's γ starts at 0; keys may be subsampled.",
        Use = "A few of them in the later stages, where far places explain each other.",
        Avoid = "Large maps: places² pairs. Global context gives most of it for less.",
        Example = new(() =>
        {
            NonLocalAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(NonLocalAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly Convolution query, key, value, back;
    private readonly BatchNorm norm;
    private readonly float scale;
    private readonly bool subsamples;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer inner channels; default 2, as published.</param>
    /// <param name="scale">Factor of the scores; default 1, as published. timm's is 1/√channels.</param>
    /// <param name="subsamples">Whether keys and values are maxima of 2 × 2 places (of 2 along an axis where the other has one place), a quarter of the work; default false.</param>
    public NonLocalAttention(int channels, int reduction = 2, double scale = 1, bool subsamples = false)
    {
        int inner = Reduced(channels, reduction, least: 1);
        (this.scale, this.subsamples) = ((float)scale, subsamples);
        query = Register("t", new Convolution(channels, inner, (1, 1)));
        key = Register("p", new Convolution(channels, inner, (1, 1)));
        value = Register("g", new Convolution(channels, inner, (1, 1)));
        back = Register("z", new Convolution(inner, channels, (1, 1)));
        norm = Register("norm", new BatchNorm(channels, startsAtZero: true));
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor q = query.Forward(x, pass), k = key.Forward(x, pass), v = value.Forward(x, pass);
        if (subsamples)
            (k, v) = (k.MaxPool(Window(x.Shape)), v.MaxPool(Window(x.Shape)));
        Tensor seen = Tensor.Attention(Heads(q), Heads(k), Heads(v), new AttentionInputs { Scale = scale }).Context;
        return norm.Forward(back.Forward(seen.Reshape(q.Shape), pass), pass, addend is null ? x : x + addend, rectifies);
    }

    // Scores and contexts; of subsampled keys there are a quarter.
    internal override long MultiplyAdds(Shape output)
    {
        (int down, int across) = Window(output);
        long places = (long)output[1] * output[2], keys = subsamples ? (output[1] / down) * (long)(output[2] / across) : places;
        return 2 * output[0] * places * keys * query.OutputChannels;
    }

    private static (int Height, int Width) Window(Shape map) => (Math.Min(2, map[1]), Math.Min(2, map[2]));

    // One head over all places.
    private static Tensor Heads(Tensor x) => x.Reshape(new Shape(x.Shape[0], 1, x.Shape[1] * x.Shape[2], x.Shape[3]));
}
