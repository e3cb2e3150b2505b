using Heed.Kernels;

namespace Heed;

/// <summary>Options of <see cref="SqueezeExcitation"/>.</summary>
public sealed record SqueezeExcitationConfig
{
    /// <summary>How many times fewer hidden units than channels; default 16, as published.</summary>
    public int Reduction { get; init; } = 16;

    /// <summary>Hidden units at least; default 4: networks for small pictures have 16 channels.</summary>
    public int MinimumWidth { get; init; } = 4;

    /// <summary>Hidden units are rounded to a multiple of this, never down by more than a tenth; default 1.</summary>
    public int Divisor { get; init; } = 1;

    /// <summary>Hidden units; default 0: channels/reduction.</summary>
    public int HiddenSize { get; init; }

    /// <summary>What is squeezed out of all places: <c>average</c>, <c>max</c>, or <c>both</c>, half of each; default average.</summary>
    public string Squeeze { get; init; } = "average";

    /// <summary>The gate: one of <see cref="ChannelGates.Names"/>; default sigmoid.</summary>
    public string Gate { get; init; } = "sigmoid";

    /// <summary>Whether gates start near 1 (0.98 for sigmoid, 0.92 for hard sigmoid, 0.96 for tanh, 1 for relu), by the last bias, and W₂ at 0: a network into which the block is put goes on as before; default false.</summary>
    public bool StartOpen { get; init; }

    /// <summary>Hidden units for so many channels.</summary>
    /// <param name="channels">Values of a pixel.</param>
    public int Width(int channels)
    {
        if (HiddenSize > 0)
            return HiddenSize;
        double width = Math.Max(1, channels / Reduction);
        int rounded = Math.Max(Divisor, (int)(width + (Divisor / 2.0)) / Divisor * Divisor);
        return Math.Max(MinimumWidth, rounded < 0.9 * width ? rounded + Divisor : rounded);
    }

    internal void Validate()
    {
        if (Reduction < 1 || MinimumWidth < 1 || Divisor < 1 || HiddenSize < 0)
            throw new ArgumentException($"SqueezeExcitationConfig: reduction, minimum width and divisor must be at least 1, the hidden size at least 0; got {this}.");
        if (Squeeze is not ("average" or "max" or "both"))
            throw new ArgumentException($"SqueezeExcitationConfig: there is no squeeze '{Squeeze}'; there are average, max, both.");
    }
}

/// <summary>Squeeze and excitation: what a picture holds as a whole decides how much each of its channels counts. Channel attention; saliency-based, since no query from outside asks.</summary>
/// <remarks>
/// <para>Formula: z_c = mean over places of x_c (squeeze); s = σ(W₂·max(W₁·z + b₁, 0) + b₂) (excitation); y_c = s_c·x_c (scale).</para>
/// <para>Shapes: x, y <c>(batch, height, width, channels)</c>; W₁ <c>(hidden, channels)</c> and W₂ <c>(channels, hidden)</c> as <c>fc1</c> and <c>fc2</c>, timm's names; gates <c>(batch, channels)</c>, seen by a hook on <c>gate</c>.</para>
/// <para>Variant: the published one, with biases; squeeze by maximum or by half of each, other gates and hidden sizes by <see cref="SqueezeExcitationConfig"/>. Cost: two sweeps over x, 4·channels·hidden flops a picture.
/// Where gradients are recorded, the block is one operation, and takes the batch norm before it in where a residual branch has one (<see cref="SqueezeExcitationKernel"/>); hooks on a part, and squeezes by maximum, go step by step.</para>
/// <para>Source: Hu, Shen and Sun, "Squeeze-and-excitation networks", 2018, section 3.</para>
/// </remarks>
public sealed class SqueezeExcitation : PictureAttention
{
    internal static Mechanism Entry => new("squeeze-excitation", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "z_c = mean over places of x_c; s = σ(W₂·max(W₁·z + b₁, 0) + b₂); y_c = s_c·x_c",
        Shapes = "x, y (batch, height, width, channels); gates (batch, channels)",
        Cost = "Two sweeps over x; 4·channels·hidden flops a picture",
        Source = "Hu, Shen and Sun, \"Squeeze-and-excitation networks\", 2018",
        Variant = "As published, with biases; squeeze by average, maximum or half of each; sigmoid, hard sigmoid, tanh or relu.",
        Use = "Any convolutional network, behind the last convolution of a residual branch: much gained for few weights.",
        Avoid = "Where the place in the picture decides, not the kind of what is seen: all places share the gates.",
        Example = new(() =>
        {
            SqueezeExcitation block = new(channels: 8);
            block.Initialize(seed: 1);
            Tensor picture = Tensor.From([.. Enumerable.Range(0, 32).Select(i => i / 32f)], new Shape(1, 2, 2, 8));
            return Step.Evaluate(pass => block.Forward(picture, pass));
        }),
        Types = [typeof(SqueezeExcitation), typeof(PictureAttention), typeof(ChannelGates)],
        Pages = ["squeeze-excitation"],
    };

    private readonly Linear fc1, fc2;
    private readonly ChannelGates gate;

    /// <summary>Creates the block.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="config">Options; default as published.</param>
    /// <exception cref="ArgumentException">Options make no sense.</exception>
    public SqueezeExcitation(int channels, SqueezeExcitationConfig? config = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        Config = config ?? new SqueezeExcitationConfig();
        Config.Validate();
        Recipe = new BlockRecipe { Block = "se", SqueezeExcitation = Config };
        int hidden = Config.Width(channels);
        fc1 = Register("fc1", new Linear(channels, hidden));
        fc2 = Register("fc2", Config.StartOpen ? new Linear(hidden, channels, initializer: Initializer.Zeros, biasInitializer: Initializer.Filled(GateFunction.OpenEnergy(Config.Gate))) : new Linear(hidden, channels));
        gate = Register("gate", new ChannelGates(Config.Gate));
    }

    /// <summary>Options.</summary>
    public SqueezeExcitationConfig Config { get; }

    /// <summary>The gates of a picture's channels.</summary>
    /// <param name="x">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, channels)</c>; in [0, 1] with either sigmoid.</returns>
    public Tensor Gates(Tensor x, in Pass pass)
    {
        Tensor z = Config.Squeeze switch
        {
            "average" => MeanOverPlaces(x),
            "max" => MaxOverPlaces(x),
            _ => (MeanOverPlaces(x) + MaxOverPlaces(x)).Scale(0.5f),
        };
        return gate.Forward(fc2.Forward(fc1.Forward(z, pass).Relu(), pass), pass);
    }

    /// <inheritdoc/>
    protected override Tensor Weigh(Tensor x, in Pass pass, Tensor? addend, bool rectifies) =>
        CanFuse(pass) ? Fused(x, pass, null, addend, rectifies) : x.ScaleChannels(Gates(x, pass), addend, rectifies);

    internal override Tensor Forward(Tensor x, in Pass pass, BatchNorm norm, Tensor? addend, bool rectifies) =>
        !HasHooks && !norm.IsWatched && CanFuse(pass) ? Fused(x, pass, norm, addend, rectifies) : base.Forward(x, pass, norm, addend, rectifies);

    // Where gradients are recorded, one operation for all, unless a hook asks for a part or a part is not the usual one.
    private bool CanFuse(in Pass pass) =>
        pass.Step.Records && !fc1.IsWatched && !fc2.IsWatched && !gate.IsWatched && fc1.Adapter is null && fc2.Adapter is null;

    private ChannelSqueeze Squeeze => Config.Squeeze switch { "average" => ChannelSqueeze.Average, "max" => ChannelSqueeze.Max, _ => ChannelSqueeze.Both };

    private Tensor Fused(Tensor x, in Pass pass, BatchNorm? norm, Tensor? addend, bool rectifies)
    {
        BatchNormTerms? terms = norm?.Terms(pass);
        Tensor y = Tensor.SqueezeExcite(
            x, (pass.Use(fc1.Weight), pass.Use(fc1.Bias!), pass.Use(fc2.Weight), pass.Use(fc2.Bias!)), terms, Squeeze, GateFunction.Of(Config.Gate), addend, rectifies, out Tensor gates);
        if (terms is not null)
            norm!.Follow(terms, x, pass);
        GateCapture.Tell(gate, gates, pass);
        return y;
    }
}
