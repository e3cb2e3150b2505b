namespace Heed;

/// <summary>Coordinate attention: a channel has a gate for each row and one for each column, so a gate knows where it is.</summary>
/// <remarks>
/// <para>Formula: f = hardswish(norm(W·[mean over columns of x; mean over rows of x])), split again into f_h and f_w; y[i, j, c] = σ(W_h·f_h[i])_c·σ(W_w·f_w[j])_c·x[i, j, c].</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates <c>(batch, height, 1, channels)</c>, seen by a hook on <c>gate_h</c>, and <c>(batch, width, 1, channels)</c>, on <c>gate_w</c>. Names as the authors': <c>conv1</c>, <c>bn1</c>, <c>conv_h</c>, <c>conv_w</c>.</para>
/// <para>Variant: as published, hard swish as the authors' code; at least 8 hidden channels. Cost: four sweeps over x; 2·(height + width)·3·channels·hidden flops a picture at most.</para>
/// <para>Source: Hou, Zhou and Feng, "Coordinate attention for efficient mobile network design", 2021.</para>
/// </remarks>
public sealed class CoordinateAttention : PictureAttention
{
    internal static Mechanism Entry => new("coordinate", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "f = hardswish(norm(W·[mean over columns of x; mean over rows of x])); y[i, j, c] = σ(W_h·f_h[i])_c·σ(W_w·f_w[j])_c·x[i, j, c]",
        Shapes = "x, y (batch, height, width, channels); gates (batch, height, 1, channels) and (batch, width, 1, channels)",
        Cost = "Four sweeps over x; 6·(height + width)·channels·hidden flops a picture at most",
        Source = "Hou, Zhou and Feng, \"Coordinate attention for efficient mobile network design\", 2021",
        Variant = "As published, reduction 32 with at least 8 hidden channels, hard swish.",
        Use = "Small networks, where the place in the picture matters and non-local is too dear.",
        Avoid = "Pictures that may be turned: rows and columns are told apart.",
        Example = new(() =>
        {
            CoordinateAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(CoordinateAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly Convolution both, rows, columns;
    private readonly BatchNorm norm;
    private readonly SpatialGates rowGate, columnGate;
    private readonly int hidden;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer hidden channels; default 32, as published.</param>
    /// <param name="startOpen">Whether the last weights start at 0 and their biases so that both gates are 0.98; default false.</param>
    public CoordinateAttention(int channels, int reduction = 32, bool startOpen = false)
    {
        hidden = Reduced(channels, reduction, least: 8);
        both = Register("conv1", new Convolution(channels, hidden, (1, 1)));
        norm = Register("bn1", new BatchNorm(hidden));
        rows = Register("conv_h", Last(hidden, channels, startOpen));
        columns = Register("conv_w", Last(hidden, channels, startOpen));
        rowGate = Register("gate_h", new SpatialGates());
        columnGate = Register("gate_w", new SpatialGates());
    }

    private static Convolution Last(int hidden, int channels, bool startOpen) =>
        startOpen ? new Convolution(hidden, channels, (1, 1), initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(GateFunction.OpenEnergy("sigmoid"))) : new Convolution(hidden, channels, (1, 1));

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        (int batch, int height, int width, int channels) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        Tensor means = Tensor.Concatenate(
            PictureAxes.MeanOverWidth(x).Reshape(new Shape(batch, height * channels)),
            PictureAxes.MeanOverHeight(x).Reshape(new Shape(batch, width * channels))).Reshape(new Shape(batch, height + width, 1, channels));
        Tensor f = GateFunction.HardSwish(norm.Forward(both.Forward(means, pass), pass)).Reshape(new Shape(batch, (height + width) * hidden));
        Tensor ofRows = f.Columns(0, height * hidden).Reshape(new Shape(batch, height, 1, hidden)), ofColumns = f.Columns(height * hidden, width * hidden).Reshape(new Shape(batch, width, 1, hidden));
        Tensor y = PictureAxes.ScaleRows(x, rowGate.Forward(rows.Forward(ofRows, pass), pass));
        return PictureAxes.ScaleColumns(y, columnGate.Forward(columns.Forward(ofColumns, pass), pass), addend, rectifies);
    }
}
