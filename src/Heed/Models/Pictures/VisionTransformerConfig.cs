namespace Heed;

/// <summary>The shape of a <see cref="VisionTransformer"/>.</summary>
public sealed record VisionTransformerConfig : PictureNetworkConfig
{
    internal const string ModelName = "vit";

    private static readonly TransformerConfig published = new() { Size = 192, LayerCount = 12, HeadCount = 3, Epsilon = 1e-6, Dropout = 0 };

    /// <inheritdoc/>
    public override string Model => ModelName;

    /// <summary>Values of a pixel; default 3.</summary>
    public override int Channels { get; init; } = 3;

    /// <summary>Classes; default 1000.</summary>
    public override int ClassCount { get; init; } = 1000;

    /// <summary><c>none</c>: the layers attend by themselves, as <see cref="Encoder"/> says.</summary>
    public override string Attention { get; init; } = "none";

    /// <summary>Not used; default 0.</summary>
    public override int Reduction { get; init; }

    /// <summary>Rows of a picture; default 224.</summary>
    public int Height { get; init; } = 224;

    /// <summary>Columns of a picture; default 224.</summary>
    public int Width { get; init; } = 224;

    /// <summary>Rows and columns of a patch; default 16.</summary>
    public int Patch { get; init; } = 16;

    /// <summary>The layers, with any attention that <see cref="TransformerConfig"/> offers; positions <c>learned</c>, or those of the attention; default 12 layers, 192 wide, 3 heads, ε 10⁻⁶, no dropout.</summary>
    public TransformerConfig Encoder { get; init; } = published;

    /// <summary>What the classes are read from: <c>cls</c>, a token before the patches, or <c>mean</c>, the mean of the patches; default cls.</summary>
    public string Pooling { get; init; } = "cls";

    /// <summary>The networks that <see cref="Named"/> knows.</summary>
    public static new IReadOnlyList<string> Names { get; } = ["vit-32", "vit-tiny", "vit-small", "vit-base"];

    /// <summary>A published network by its name, or <c>vit-32</c> for pictures of 32 × 32: patches of 4 × 4, 6 layers, 192 wide, dropout 0.1.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No network has this name.</exception>
    public static new VisionTransformerConfig Named(string name) => name switch
    {
        "vit-32" => new() { ClassCount = 10, Height = 32, Width = 32, Patch = 4, Encoder = published with { LayerCount = 6, Dropout = 0.1 } },
        "vit-tiny" => new(),
        "vit-small" => new() { Encoder = published with { Size = 384, HeadCount = 6 } },
        "vit-base" => new() { Encoder = published with { Size = 768, HeadCount = 12 } },
        _ => throw new ArgumentException($"VisionTransformerConfig.Named: there is no network '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <inheritdoc/>
    public override VisionTransformer Create() => new(this);

    /// <inheritdoc/>
    public override string Describe() => FormattableString.Invariant(
        $"vision Transformer, {Encoder.LayerCount} layers, {Encoder.HeadCount} heads, {Encoder.Size} wide, patches of {Patch} x {Patch} of {Height} x {Width}, {Encoder.Position} positions, pooling {Pooling}");

    /// <inheritdoc/>
    public override void Validate()
    {
        if (Encoder is null)
            throw new ArgumentException("VisionTransformerConfig: the encoder is null.");
        Encoder.Validate();
        if (Math.Min(Math.Min(Channels, ClassCount), Math.Min(Patch, Math.Min(Height, Width))) < 1 || Math.Max(Height, Width) > 1 << 14)
            throw new ArgumentException("VisionTransformerConfig: all sizes must be at least 1, height and width at most 16384.");
        if (Height % Patch != 0 || Width % Patch != 0)
            throw new ArgumentException(FormattableString.Invariant($"VisionTransformerConfig: pictures of {Height} x {Width} cannot be cut into patches of {Patch} x {Patch}; choose a size that is a multiple of {Patch}."));
        if (Attention != "none")
            throw new ArgumentException($"VisionTransformerConfig: the layers attend by themselves; there is no further attention '{Attention}', only none.");
        if (Pooling is not ("cls" or "mean"))
            throw new ArgumentException($"VisionTransformerConfig: there is no pooling '{Pooling}'; there are cls, mean.");
        if (Encoder.Position == "sinusoidal" || Encoder.IsCausal || !Encoder.IsPreNorm || Encoder.SegmentCount > 0 || Encoder.NormalizesEmbedding || Encoder.ScalesEmbedding)
            throw new ArgumentException("VisionTransformerConfig: the encoder must be pre-norm and not causal, without segments and without a norm or scale of its vectors, its positions learned or those of the attention.");
    }

    internal override PictureNetworkConfig For(int height, int width) => this with { Height = height, Width = width };

    internal override bool ReadsAnySize => false;

    internal override int UsualSize => Height;

    internal override double LeastWeights => ((double)Encoder.Size * ((Height / Patch * (Width / Patch)) + (Channels * Patch * Patch))) + (2.0 * Encoder.LayerCount * Encoder.Size * Encoder.Inner);
}
