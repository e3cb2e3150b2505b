using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The shape of a <see cref="Fcos"/>.</summary>
public sealed record FcosConfig
{
    /// <summary>The network that sees the pictures; its last <see cref="LevelCount"/> levels are looked at. Its channels follow those of this configuration.</summary>
    /// <value>Default: a residual network of one basic block a stage, widths 32, 64 and 128, with a large stem: levels of 8 and 16 pixels.</value>
    [JsonIgnore]
    public PictureNetworkConfig Backbone { get; init; } = new ResNetConfig { Stem = "large", Depths = [1, 1, 1], Widths = [32, 64, 128] };

    /// <summary>Values of a pixel; default 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Classes of things; default 1.</summary>
    public int ClassCount { get; init; } = 1;

    /// <summary>Levels of the pyramid, the coarsest of the backbone's; default 2. The paper has five, for pictures of 800 × 1333.</summary>
    public int LevelCount { get; init; } = 2;

    /// <summary>Values of a place of the pyramid; default 64, in the paper 256.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Convolutions of each of the head's two branches before its answers; default 2, in the paper 4.</summary>
    public int HeadDepth { get; init; } = 2;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, and what is allowed.</exception>
    public void Validate()
    {
        if (Backbone is null)
            throw new ArgumentException("FcosConfig: there is no backbone.");
        Backbone.Validate();
        if (Math.Min(Math.Min(Channels, ClassCount), Width) < 1 || LevelCount is < 1 or > 8 || HeadDepth is < 0 or > 16 || Width > 1 << 12 || ClassCount > 1 << 16)
            throw new ArgumentException(FormattableString.Invariant($"FcosConfig: channels and classes must be at least 1, Width from 1 to 4096, LevelCount from 1 to 8, HeadDepth from 0 to 16; got {Channels}, {ClassCount}, {Width}, {LevelCount}, {HeadDepth}."));
    }

    /// <summary>The shape in words.</summary>
    public string Describe() => FormattableString.Invariant($"FCOS with {LevelCount} levels of {Width} and a head of {HeadDepth} convolutions a branch, over a {Backbone.Describe()}");

    /// <summary>Weights of the backbone and of the head's convolutions, which the network has at least.</summary>
    internal double LeastWeights => Backbone.LeastWeights + (18.0 * HeadDepth * Width * Width) + (9.0 * Width * ClassCount);
}
