namespace Heed;

/// <summary>The bottleneck attention module: energies of channels and of places are added to a gate for each value, and what came is kept beside.</summary>
/// <remarks>
/// <para>Formula: y = x + σ(C_c + P_p)·x; C = norm(W₂·max(W₁·mean(x) + b₁, 0) + b₂); P = norm(1 × 1 to one map ∘ two 3 × 3 with dilation ∘ 1 × 1 to fewer channels), with max(·, 0) between.</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; gates as x, seen by a hook on <c>gate</c>. Names: <c>channel.fc1</c>, <c>channel.fc2</c>, <c>channel_bn</c>, <c>spatial.0</c> … <c>spatial.3</c>, <c>spatial_bn</c>.</para>
/// <para>Variant: the paper's sum with batch norm at the end of either branch; the authors' code multiplies the branches and normalises each layer. Batch norm of C is over the pictures of a batch: train with more than one.
/// Cost: eight sweeps over x; 2·places·(channels·hidden + 18·hidden²) flops a picture and more.</para>
/// <para>Source: Park, Woo, Lee and Kweon, "BAM: bottleneck attention module", 2018.</para>
/// </remarks>
public sealed class BottleneckAttention : PictureAttention
{
    internal static Mechanism Entry => new("bam", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "y = x + σ(C_c + P_p)·x; C = norm(MLP(mean_p x)); P = norm(1 × 1, two dilated 3 × 3 and 1 × 1 convolutions of x)",
        Shapes = "x, y (batch, height, width, channels); gates as x",
        Cost = "Eight sweeps over x; 2·places·(channels·hidden + 18·hidden²) flops a picture and more",
        Source = "Park, Woo, Lee and Kweon, \"BAM: bottleneck attention module\", 2018",
        Variant = "The paper's sum of both branches, batch norm at the end of each; reduction 16, dilation 4.",
        Use = "Between the stages of a network, where pictures become smaller: there it was published.",
        Avoid = "In every residual block: four convolutions a time. Batches of one picture while training.",
        Example = new(() =>
        {
            BottleneckAttention block = new(channels: 4);
            block.Initialize(seed: 1);
            return Step.Evaluate(pass => block.Forward(Tensor.From([1, 2, 3, 4, 4, 3, 2, 1], new Shape(1, 1, 2, 4)), pass));
        }),
        Types = [typeof(BottleneckAttention)],
        Pages = ["picture-blocks"],
    };

    private readonly BottleneckMlp channel;
    private readonly BatchNorm channelNorm, spatialNorm;
    private readonly Convolutions spatial;
    private readonly SpatialGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="reduction">How many times fewer hidden units than channels; default 16, as published.</param>
    /// <param name="dilation">Distance of the pixels that the 3 × 3 convolutions look at; default 4, as published.</param>
    /// <param name="startOpen">Whether both norms start with γ = 0 and β so that gates are 0.02 and hardly anything is added; default false.</param>
    public BottleneckAttention(int channels, int reduction = 16, int dilation = 4, bool startOpen = false)
    {
        float shift = startOpen ? -GateFunction.OpenEnergy("sigmoid") / 2 : 0;
        int hidden = Reduced(channels, reduction);
        channel = Register("channel", new BottleneckMlp(channels, hidden));
        channelNorm = Register("channel_bn", new BatchNorm(channels, startsAtZero: startOpen, shift: shift));
        spatial = Register("spatial", new Convolutions(channels, hidden, dilation));
        spatialNorm = Register("spatial_bn", new BatchNorm(1, startsAtZero: startOpen, shift: shift));
        gate = Register("gate", new SpatialGates());
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies)
    {
        Tensor channels = channelNorm.Forward(channel.Forward(MeanOverPlaces(x), pass), pass);
        Tensor places = spatialNorm.Forward(spatial.Forward(x, pass), pass);
        Tensor gates = gate.Forward(AddChannels(Ones(x.Shape, pass).ScalePlaces(places), channels, pass), pass);
        return Finish(x + (gates * x), addend, rectifies);
    }

    private sealed class Convolutions : Module
    {
        private readonly Convolution[] layers;

        public Convolutions(int channels, int hidden, int dilation)
        {
            layers =
            [
                new(channels, hidden, (1, 1)),
                new(hidden, hidden, (3, 3), padding: (dilation, dilation), dilation: dilation),
                new(hidden, hidden, (3, 3), padding: (dilation, dilation), dilation: dilation),
                new(hidden, 1, (1, 1)),
            ];
            for (int n = 0; n < layers.Length; n++)
                Register(FormattableString.Invariant($"{n}"), layers[n]);
        }

        public Tensor Forward(Tensor x, in Pass pass)
        {
            foreach (Convolution layer in layers[..^1])
                x = layer.Forward(x, pass).Relu();
            return Return(layers[^1].Forward(x, pass), pass);
        }
    }
}
