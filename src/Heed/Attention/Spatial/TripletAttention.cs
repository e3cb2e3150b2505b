namespace Heed;

/// <summary>Triplet attention: a gate for each pair of axes (channel and column, row and channel, row and column), from maximum and mean over the third; the mean of the three results.</summary>
/// <remarks>
/// <para>Formula: y = (g_cw + g_hc + g_hw)∘x/3, each g = σ(norm(7 × 7 convolution of [max, mean over the third axis of x])) over the plane of its two axes.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates <c>(batch, channels, width, 1)</c>, <c>(batch, height, channels, 1)</c>, <c>(batch, height, width, 1)</c>, seen by hooks on <c>cw.gate</c>, <c>hc.gate</c>, <c>hw.gate</c>. Names as the authors': <c>cw.conv.conv</c>, <c>cw.conv.bn</c>, ….</para>
/// <para>Variant: as published, with the plane of rows and columns. Cost: nine sweeps over x, 4·49·(channels·width + height·channels + height·width) flops a picture; 300 weights for any number of channels.</para>
/// <para>Source: Misra, Nalamada, Arasanipalai and Hou, "Rotate to attend: convolutional triplet attention module", 2021.</para>
/// </remarks>
public sealed class TripletAttention : PictureAttention
{
    internal static Mechanism Entry => new("triplet", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = (g_cw + g_hc + g_hw)∘x/3; g = σ(norm(7 × 7 convolution of [max, mean over the third axis]))",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels, width, 1), (batch, height, channels, 1), (batch, height, width, 1)",
        Cost = "Nine sweeps over x; 196·(channels·width + height·channels + height·width) flops a picture",
        Source = "Misra, Nalamada, Arasanipalai and Hou, \"Rotate to attend: convolutional triplet attention module\", 2021",
        Variant = "As published, with the plane of rows and columns.",
        Use = "Where weights count: 300 of them, whatever the channels.",
        Avoid = "Where time counts: it sweeps over the picture nine times. Channels in no order have no neighbours to convolve over.",
        Example = new(() =>
        {
            TripletAttention block = new();
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(TripletAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly MapGate channelsColumns, rowsChannels, rowsColumns;

    /// <summary>Creates the block.</summary>
    /// <param name="kernel">Rows and columns of the convolutions; odd, default 7, as published.</param>
    /// <param name="startOpen">Whether the norms start with γ = 0 and β so that the gates are 0.98; default false.</param>
    public TripletAttention(int kernel = 7, bool startOpen = false)
    {
        channelsColumns = Register("cw", new MapGate(kernel, startOpen));
        rowsChannels = Register("hc", new MapGate(kernel, startOpen));
        rowsColumns = Register("hw", new MapGate(kernel, startOpen));
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        const float Third = 1 / 3f;
        (int batch, int height, int width, int channels) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        Tensor cw = channelsColumns.Forward(PictureAxes.MaxOverHeight(x).Transpose(), PictureAxes.MeanOverHeight(x).Transpose(), pass);
        Tensor hc = rowsChannels.Forward(PictureAxes.MaxOverWidth(x), PictureAxes.MeanOverWidth(x), pass);
        Tensor hw = rowsColumns.Forward(x.FeatureMaps(maximumFirst: true), pass);
        Tensor y = x.ScalePlaces(hw.Scale(Third), addend);
        y = PictureAxes.ScaleRows(x, hc.Reshape(new Shape(batch, height, channels)).Scale(Third), y);
        return PictureAxes.ScaleColumns(x, cw.Reshape(new Shape(batch, channels, width)).Transpose().Scale(Third), y, rectifies);
    }
}
