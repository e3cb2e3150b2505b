namespace Heed;

/// <summary>Squeeze and excitation of channels beside one of places: a gate for each channel and one for each place, added.</summary>
/// <remarks>
/// <para>Formula: y = s_c·x + q_p·x, with s the gates of <see cref="SqueezeExcitation"/> and q_p = σ(w·x_p + b).</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; s <c>(batch, channels)</c>, seen by a hook on <c>cse.gate</c>; q <c>(batch, height, width, 1)</c>, on <c>gate</c>. Names: <c>cse.fc1</c>, <c>cse.fc2</c>, <c>sse</c>.</para>
/// <para>Variant: the sum of both, as first published; a later paper of the authors also takes the maximum. Cost: three sweeps over x, 2·places·channels + 4·channels·hidden flops a picture.</para>
/// <para>Source: Roy, Navab and Wachinger, "Concurrent spatial and channel squeeze and excitation in fully convolutional networks", 2018.</para>
/// </remarks>
public sealed class ConcurrentSqueezeExcitation : PictureAttention
{
    internal static Mechanism Entry => new("scse", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = s_c·x + q_p·x; s = σ(W₂·max(W₁·mean(x) + b₁, 0) + b₂); q_p = σ(w·x_p + b)",
        Shapes = "x, y (batch, height, width, channels); s (batch, channels); q (batch, height, width, 1)",
        Cost = "Three sweeps over x; 2·places·channels + 4·channels·hidden flops a picture",
        Source = "Roy, Navab and Wachinger, \"Concurrent spatial and channel squeeze and excitation in fully convolutional networks\", 2018",
        Variant = "The sum of both, as first published; reduction 2.",
        Use = "Segmentation, where places count as much as channels.",
        Avoid = "Small gains beside squeeze-excitation where only the kind of picture is asked.",
        Example = new(() =>
        {
            ConcurrentSqueezeExcitation block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(ConcurrentSqueezeExcitation), typeof(SpatialGates)],
        Pages = ["picture-blocks"],
    };

    private readonly SqueezeExcitation cse;
    private readonly Convolution sse;
    private readonly SpatialGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer hidden units than channels; default 2, as published.</param>
    /// <param name="startOpen">Whether gates start near 1 for channels and as near 0 for places, so that both sum up to the pictures as they are; default false.</param>
    public ConcurrentSqueezeExcitation(int channels, int reduction = 2, bool startOpen = false)
    {
        cse = Register("cse", new SqueezeExcitation(channels, new SqueezeExcitationConfig { Reduction = reduction, StartOpen = startOpen }));
        sse = Register("sse", startOpen ? new Convolution(channels, 1, (1, 1), initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(-GateFunction.OpenEnergy("sigmoid"))) : new Convolution(channels, 1, (1, 1)));
        gate = Register("gate", new SpatialGates());
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor places = x.ScalePlaces(gate.Forward(sse.Forward(x, pass), pass), addend);
        return x.ScaleChannels(cse.Gates(x, pass), places, rectifies);
    }
}
