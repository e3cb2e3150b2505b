namespace Heed;

/// <summary>A gate for each channel from the strongest value of every channel: what stands out anywhere opens its channels everywhere. Bottom-up saliency by maximum and gate.</summary>
/// <remarks>
/// <para>Formula: y_c = σ(W·(max over places of x) + b)_c·x_c.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; W <c>(channels, channels)</c> as <c>fc</c>; gates <c>(batch, channels)</c>, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: one layer. Cost: two sweeps over x, 2·channels² flops a picture. Source: maximum and gating as approximations of saliency, Qiu, "Neural networks and deep learning", 2020, chapter 8; the maximum as squeeze, Woo et al. 2018.</para>
/// </remarks>
public sealed class MaxGate : PictureAttention
{
    internal static Mechanism Entry => new("max-gate", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y_c = σ(W·(max over places of x) + b)_c·x_c",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels)",
        Cost = "Two sweeps over x; 2·channels² flops a picture",
        Source = "Qiu, \"Neural networks and deep learning\", 2020, chapter 8, on saliency; Woo et al. 2018 for the maximum as squeeze",
        Variant = "One layer from maxima to gates.",
        Use = "Where one strong place decides: a defect, a digit's stroke.",
        Avoid = "Noisy pictures: one bright pixel opens gates.",
        Example = new(() =>
        {
            MaxGate block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(MaxGate)],
        Pages = ["picture-blocks"],
    };

    private readonly Linear fc;
    private readonly ChannelGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="startOpen">Whether W starts at 0 and b so that the gates are 0.98; default false.</param>
    public MaxGate(int channels, bool startOpen = false)
    {
        fc = Register("fc", startOpen ? new Linear(channels, channels, initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(GateFunction.OpenEnergy("sigmoid"))) : new Linear(channels, channels));
        gate = Register("gate", new ChannelGates());
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies) =>
        x.ScaleChannels(gate.Forward(fc.Forward(MaxOverPlaces(x), pass), pass), addend, rectifies);
}
