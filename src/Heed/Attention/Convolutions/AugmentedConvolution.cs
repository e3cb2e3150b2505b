using Heed.Kernels;

namespace Heed;

/// <summary>The attention-augmented convolution: some of the filters come from self-attention over all places, the others from a 3 × 3 convolution.</summary>
/// <remarks>
/// <para>Formula: y = [3 × 3 convolution of x, W_o·MHA(x)]; in each head the score of places p and p′ is (q_p·k_p′ + q_p·r^w[column′ − column] + q_p·r^h[row′ − row])/√keyDim.</para>
/// <para>Shapes: as <see cref="PictureConvolution"/>. Names: <c>conv_out</c>, <c>qkv_conv</c> (queries, keys, values one after the other), <c>attn_out</c>, <c>relative</c> <c>(2·(2·clip + 1), keyDim)</c>, columns first.</para>
/// <para>Variant: relative distances are clipped, so that one set of vectors serves pictures of any size; the paper has one for each distance of a fixed size. With a stride, queries, keys and values are those of every stride-th place; the paper pools and scales up again.
/// Cost: that of the convolution, less the share, and 6·places²·keyDim·heads flops a picture; fused: the places² weights are never in memory.</para>
/// <para>Source: Bello, Zoph, Vaswani, Shlens and Le, "Attention augmented convolutional networks", 2019, section 3.</para>
/// </remarks>
public sealed class AugmentedConvolution : PictureConvolution
{
    internal static Mechanism Entry => new("augmented-convolution", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-head",
        Formula = "y = [3 × 3 convolution of x, W_o·MHA(x)]; e = (q·k + q·r^w[column′ − column] + q·r^h[row′ − row])/√keyDim",
        Shapes = "x (batch, height, width, channels); y (batch, ⌈height/stride⌉, ⌈width/stride⌉, filters)",
        Cost = "That of the convolution, less the share, and 6·places²·keyDim·heads flops a picture; the weights are never in memory",
        Source = "Bello, Zoph, Vaswani, Shlens and Le, \"Attention augmented convolutional networks\", 2019",
        Variant = "Clipped relative distances, so that any size fits; with a stride, every stride-th place takes part.",
        Use = "Late stages with small maps, where far places explain each other.",
        Avoid = "Large maps: places² pairs.",
        Example = new(() =>
        {
            AugmentedConvolution layer = new(channels: 2, filters: 8, heads: 2);
            layer.Initialize(seed: 1);
            return Step.Evaluate(pass => layer.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 2, 2, 2)), pass));
        }),
        Types = [typeof(AugmentedConvolution)],
        Pages = ["picture-blocks"],
    };

    private readonly Convolution plain, projections, back;
    private readonly Parameter relative;
    private readonly int heads, keySize, valueSize, clip;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="filters">Values of a result's pixel.</param>
    /// <param name="stride">Distance of neighbouring places; default 1.</param>
    /// <param name="heads">Heads; default 4.</param>
    /// <param name="share">Share of the filters that come from attention, rounded to whole heads; default 1/4. Keys are twice as wide.</param>
    /// <param name="clip">Largest distance of rows and columns that is told apart; default 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">Attention or convolution would have no filter, or a size does not suit.</exception>
    public AugmentedConvolution(int channels, int filters, int stride = 1, int heads = 4, double share = 0.25, int clip = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(clip);
        (this.heads, this.clip) = (heads, clip);
        valueSize = Math.Max(1, (int)Math.Round(filters * share / heads));
        keySize = 2 * valueSize;
        int values = heads * valueSize;
        if (values >= filters || share <= 0)
            throw new ArgumentOutOfRangeException(nameof(filters), filters, FormattableString.Invariant($"AugmentedConvolution: {heads} heads take {values} of {filters} filters; take more filters, fewer heads or a smaller share."));
        plain = Register("conv_out", new Convolution(channels, filters - values, (3, 3), stride, (1, 1), hasBias: false, initializer: Initializer.HeNormal));
        projections = Register("qkv_conv", new Convolution(channels, (2 * heads * keySize) + values, (1, 1), stride));
        back = Register("attn_out", new Convolution(values, values, (1, 1)));
        relative = Register("relative", new Parameter(new Shape(2 * ((2 * clip) + 1), keySize), Initializer.Normal(1 / Math.Sqrt(keySize))));
    }

    /// <inheritdoc/>
    public override bool IsNormalized => false;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, in Pass pass)
    {
        Tensor all = projections.Forward(x, pass);
        (int batch, int height, int width, int keys) = (all.Shape[0], all.Shape[1], all.Shape[2], heads * keySize);
        Tensor q = Heads(all.Columns(0, keys), keySize), k = Heads(all.Columns(keys, keys), keySize), v = Heads(all.Columns(2 * keys, heads * valueSize), valueSize);
        float scale = (float)(1 / Math.Sqrt(keySize));
        AttentionInputs inputs = new() { RowsFirst = true, Scale = scale, QueryTable = q.MatMulTransposed(pass.Use(relative)).SwapMiddle() };
        Tensor seen = Tensor.Attention(q, k, v, new GridScore(width, clip, scale), default(NoMask), inputs).Context;
        return Return(Tensor.Concatenate(plain.Forward(x, pass), back.Forward(seen.Reshape(new Shape(batch, height, width, heads * valueSize)), pass)), pass);
    }

    internal override int OutputChannels => plain.OutputChannels + back.OutputChannels;

    // Scores, relative scores of the table, and contexts.
    internal override long MultiplyAdds(Shape output)
    {
        long places = (long)output[1] * output[2];
        return output[0] * heads * places * ((places * (keySize + valueSize)) + ((long)relative.Shape[0] * keySize));
    }

    private Tensor Heads(Tensor x, int size) => x.Reshape(new Shape(x.Shape[0], x.Shape[1] * x.Shape[2], heads, size));
}
