namespace Heed;

/// <summary>A gate for every value of every place, from the values of that place: the gated linear unit of pictures. Bottom-up saliency by gating.</summary>
/// <remarks>
/// <para>Formula: y_p = σ(W·x_p + b)∘x_p.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; W <c>(channels, channels, 1, 1)</c> as <c>conv</c>; gates as x, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: the value passes as it is, without a projection of its own. Cost: 2·places·channels² flops a picture.</para>
/// <para>Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", 2017, for the gate.</para>
/// </remarks>
public sealed class FeatureGate : PictureAttention
{
    internal static Mechanism Entry => new("feature-gate", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y_p = σ(W·x_p + b)∘x_p",
        Shapes = "x, y (batch, height, width, channels); gates as x",
        Cost = "2·places·channels² flops a picture",
        Source = "Dauphin, Fan, Auli and Grangier, \"Language modeling with gated convolutional networks\", 2017",
        Variant = "The value passes as it is, without a projection of its own.",
        Use = "Where each place should decide for itself what passes.",
        Avoid = "Where the picture as a whole should decide: take squeeze-excitation.",
        Example = new(() =>
        {
            FeatureGate block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(FeatureGate)],
        Pages = ["picture-blocks", "gates"],
    };

    private readonly Convolution conv;
    private readonly SpatialGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="startOpen">Whether W starts at 0 and b so that the gates are 0.98; default false.</param>
    public FeatureGate(int channels, bool startOpen = false)
    {
        conv = Register("conv", startOpen ? new Convolution(channels, channels, (1, 1), initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(GateFunction.OpenEnergy("sigmoid"))) : new Convolution(channels, channels, (1, 1)));
        gate = Register("gate", new SpatialGates());
    }

    /// <inheritdoc/>
    public override bool LooksAround => false;

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies) => Finish(x * gate.Forward(conv.Forward(x, pass), pass), addend, rectifies);
}
