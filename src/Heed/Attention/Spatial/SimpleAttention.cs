namespace Heed;

/// <summary>SimAM: each value is weighed by how much it stands out among those of its channel; no weights.</summary>
/// <remarks>
/// <para>Formula: y = σ((x − μ)²/(4·(v + λ)) + ½)∘x; μ and v the mean and unbiased variance of the channel over the picture's places.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates as x, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: as the authors' code. Cost: eight sweeps over x. A picture of one place has no variance: its gates are all σ(½).</para>
/// <para>Source: Yang, Zhang, Li and Xie, "SimAM: a simple, parameter-free attention module for convolutional neural networks", 2021.</para>
/// </remarks>
public sealed class SimpleAttention : PictureAttention
{
    internal static Mechanism Entry => new("simam", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = σ((x − μ)²/(4·(v + λ)) + ½)∘x; μ, v the mean and unbiased variance of the channel over places",
        Shapes = "x, y (batch, height, width, channels); gates as x",
        Cost = "Eight sweeps over x; no weights",
        Source = "Yang, Zhang, Li and Xie, \"SimAM: a simple, parameter-free attention module for convolutional neural networks\", 2021",
        Variant = "As the authors' code; λ = 1e-4.",
        Use = "Networks whose weights must not grow: it has none and trains with what is there.",
        Avoid = "Where time counts; gates never close below σ(½) = 0.62.",
        Example = new(() =>
        {
            SimpleAttention block = new();
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 2, 2, 2)), pass));
        }),
        Types = [typeof(SimpleAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly SpatialGates gate;
    private readonly float regularization;

    /// <summary>Creates the block.</summary>
    /// <param name="regularization">λ; default 1e-4, as published.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is not above 0.</exception>
    public SimpleAttention(double regularization = 1e-4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(regularization, 0);
        this.regularization = (float)regularization;
        gate = Register("gate", new SpatialGates());
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        int places = x.Shape[1] * x.Shape[2];
        Tensor apart = AddChannels(x, MeanOverPlaces(x).Scale(-1), pass), squares = apart * apart;
        Tensor spread = MeanOverPlaces(squares).Scale(4f * places / Math.Max(1, places - 1), 4 * regularization);
        Tensor energies = squares.ScaleChannels(Ones(spread.Shape, pass) / spread).Scale(1, 0.5f);
        return Finish(x * gate.Forward(energies, pass), addend, rectifies);
    }
}
