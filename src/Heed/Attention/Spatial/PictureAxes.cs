namespace Heed;

/// <summary>Pictures (batch, height, width, channels) squeezed along one of their sides, and scaled along it.</summary>
internal static class PictureAxes
{
    /// <summary>(batch, height, channels).</summary>
    public static Tensor MeanOverWidth(Tensor x) => Columns(x).MeanOverTime(WidthOf(x)).Reshape(RowsOf(x));

    /// <summary>(batch, height, channels).</summary>
    public static Tensor MaxOverWidth(Tensor x) => Columns(x).MaxOverTime(WidthOf(x), out _).Reshape(RowsOf(x));

    /// <summary>(batch, width, channels).</summary>
    public static Tensor MeanOverHeight(Tensor x) => Rows(x).MeanOverTime(HeightOf(x)).Reshape(ColumnsOf(x));

    /// <summary>(batch, width, channels).</summary>
    public static Tensor MaxOverHeight(Tensor x) => Rows(x).MaxOverTime(HeightOf(x), out _).Reshape(ColumnsOf(x));

    /// <summary>Times a gate (batch, height, channels).</summary>
    public static Tensor ScaleRows(Tensor x, Tensor gate, Tensor? addend = null, bool rectifies = false)
    {
        (int rows, int width, int channels) = (x.Shape[0] * x.Shape[1], x.Shape[2], x.Shape[3]);
        Shape apart = new(rows, 1, width, channels);
        return x.Reshape(apart).ScaleChannels(gate.Reshape(new Shape(rows, channels)), addend?.Reshape(apart), rectifies).Reshape(x.Shape);
    }

    /// <summary>Times a gate (batch, width, channels).</summary>
    public static Tensor ScaleColumns(Tensor x, Tensor gate, Tensor? addend = null, bool rectifies = false)
    {
        (int batch, int height, int row) = (x.Shape[0], x.Shape[1], x.Shape[2] * x.Shape[3]);
        Shape whole = new(batch, 1, height, row);
        return x.Reshape(whole).ScaleChannels(gate.Reshape(new Shape(batch, row)), addend?.Reshape(whole), rectifies).Reshape(x.Shape);
    }

    private static Tensor Columns(Tensor x) => x.Reshape(new Shape(x.Shape[0] * x.Shape[1], x.Shape[2], x.Shape[3]));

    private static Tensor Rows(Tensor x) => x.Reshape(new Shape(x.Shape[0], x.Shape[1], x.Shape[2] * x.Shape[3]));

    private static SequenceRanges WidthOf(Tensor x) => SequenceRanges.Full(x.Shape[0] * x.Shape[1], x.Shape[2]);

    private static SequenceRanges HeightOf(Tensor x) => SequenceRanges.Full(x.Shape[0], x.Shape[1]);

    private static Shape RowsOf(Tensor x) => new(x.Shape[0], x.Shape[1], x.Shape[3]);

    private static Shape ColumnsOf(Tensor x) => new(x.Shape[0], x.Shape[2], x.Shape[3]);
}
