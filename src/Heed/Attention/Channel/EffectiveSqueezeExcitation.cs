namespace Heed;

/// <summary>Squeeze and excitation with one layer: no channels are lost between squeeze and gate.</summary>
/// <remarks>
/// <para>Formula: z_c = mean over places of x_c; y_c = clamp((W·z + b)_c/6 + 1/2, 0, 1)·x_c.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; W <c>(channels, channels)</c> as <c>fc</c>, timm's name; gates <c>(batch, channels)</c>, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: hard sigmoid, as published. Cost: two sweeps over x, 2·channels² flops a picture. Source: Lee and Park, "CenterMask", 2020, section 3.3.</para>
/// </remarks>
public sealed class EffectiveSqueezeExcitation : PictureAttention
{
    internal static Mechanism Entry => new("effective-squeeze-excitation", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "z_c = mean over places of x_c; y_c = clamp((W·z + b)_c/6 + 1/2, 0, 1)·x_c",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels)",
        Cost = "Two sweeps over x; 2·channels² flops a picture",
        Source = "Lee and Park, \"CenterMask: real-time anchor-free instance segmentation\", 2020",
        Variant = "Hard sigmoid, as published.",
        Use = "In place of squeeze-excitation where its narrow middle loses too much.",
        Avoid = "Many channels: the layer has channels² weights.",
        Example = new(() =>
        {
            EffectiveSqueezeExcitation block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(EffectiveSqueezeExcitation)],
        Pages = ["squeeze-excitation"],
    };

    private readonly Linear fc;
    private readonly ChannelGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="startOpen">Whether W starts at 0 and b so that the gates are 0.92; default false.</param>
    public EffectiveSqueezeExcitation(int channels, bool startOpen = false)
    {
        fc = Register("fc", startOpen ? new Linear(channels, channels, initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(GateFunction.OpenEnergy("hard-sigmoid"))) : new Linear(channels, channels));
        gate = Register("gate", new ChannelGates("hard-sigmoid"));
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies) =>
        x.ScaleChannels(gate.Forward(fc.Forward(MeanOverPlaces(x), pass), pass), addend, rectifies);
}
