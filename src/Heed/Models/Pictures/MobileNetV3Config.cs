namespace Heed;

/// <summary>The shape of a <see cref="MobileNetV3"/>.</summary>
public sealed record MobileNetV3Config : PictureNetworkConfig
{
    internal const string ModelName = "mobilenetv3";

    /// <inheritdoc/>
    public override string Model => ModelName;

    /// <summary>Values of a pixel; default 3.</summary>
    public override int Channels { get; init; } = 3;

    /// <summary>Classes; default 1000.</summary>
    public override int ClassCount { get; init; } = 1000;

    /// <summary><c>large</c> or <c>small</c>, tables 1 and 2 of the paper; default large.</summary>
    public string Size { get; init; } = "large";

    /// <summary>The block that weighs channels where the paper has squeeze-and-excitation: one of <see cref="PictureAttention.Names"/>, or <c>none</c>; default <c>se</c>, with the paper's hard sigmoid.</summary>
    public override string Attention { get; init; } = "se";

    /// <summary>Reduction of the attention block, from the expanded channels; default 0: 4 as published for <c>se</c>, else the block's own.</summary>
    public override int Reduction { get; init; }

    /// <summary>Distance of the first convolution's windows; default 2; 1 keeps small pictures' places.</summary>
    public int FirstStride { get; init; } = 2;

    /// <summary>Probability that a feature is dropped before the last layer; default 0.2.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>ε of batch norm; default 0.001, as the paper's code and torchvision have it; timm's own weights (<c>mobilenetv3_large_100</c>) were trained with 0.00001.</summary>
    public double Epsilon { get => field == 0 ? 1e-3 : field; init; }

    /// <summary>The networks that <see cref="Named"/> knows.</summary>
    public static new IReadOnlyList<string> Names { get; } = ["mobilenetv3-small", "mobilenetv3-large"];

    /// <summary>A published network by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No network has this name.</exception>
    public static new MobileNetV3Config Named(string name) => name switch
    {
        "mobilenetv3-small" => new() { Size = "small" },
        "mobilenetv3-large" => new(),
        _ => throw new ArgumentException($"MobileNetV3Config.Named: there is no network '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <inheritdoc/>
    public override MobileNetV3 Create() => new(this);

    /// <inheritdoc/>
    public override string Describe() => $"MobileNetV3-{Size}, {Blocks.Count} blocks, attention {Attention}";

    /// <inheritdoc/>
    public override void Validate()
    {
        if (Size is not ("large" or "small"))
            throw new ArgumentException($"MobileNetV3Config: there is no size '{Size}'; there are large, small.");
        RequireAttention(Attention);
        if (Math.Min(Channels, ClassCount) < 1 || Reduction < 0 || FirstStride is not (1 or 2))
            throw new ArgumentException("MobileNetV3Config: channels and classes must be at least 1, the reduction at least 0, the first stride 1 or 2.");
        if (Epsilon is not (> 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"MobileNetV3Config: Epsilon must be above 0 and below 1, got {Epsilon}."));
        if (Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"MobileNetV3Config: Dropout must be in [0, 1), got {Dropout}."));
    }

    // Expansions and projections.
    internal override double LeastWeights => Blocks.Sum(b => (double)b.Expanded * b.Outputs) + ((double)ClassCount * Last);

    internal int Last => Size == "large" ? 1280 : 1024;

    // Kernel, expanded channels, outputs, attention, hard swish, stride.
    internal IReadOnlyList<(int Kernel, int Expanded, int Outputs, bool Attends, bool IsHard, int Stride)> Blocks => Size == "large" ?
    [
        (3, 16, 16, false, false, 1), (3, 64, 24, false, false, 2), (3, 72, 24, false, false, 1), (5, 72, 40, true, false, 2), (5, 120, 40, true, false, 1), (5, 120, 40, true, false, 1),
        (3, 240, 80, false, true, 2), (3, 200, 80, false, true, 1), (3, 184, 80, false, true, 1), (3, 184, 80, false, true, 1), (3, 480, 112, true, true, 1), (3, 672, 112, true, true, 1),
        (5, 672, 160, true, true, 2), (5, 960, 160, true, true, 1), (5, 960, 160, true, true, 1),
    ] :
    [
        (3, 16, 16, true, false, 2), (3, 72, 24, false, false, 2), (3, 88, 24, false, false, 1), (5, 96, 40, true, true, 2), (5, 240, 40, true, true, 1), (5, 240, 40, true, true, 1),
        (5, 120, 48, true, true, 1), (5, 144, 48, true, true, 1), (5, 288, 96, true, true, 2), (5, 576, 96, true, true, 1), (5, 576, 96, true, true, 1),
    ];
}
