using System.Text.Json.Serialization;

namespace Heed;

/// <summary>The shape of a <see cref="UNet"/>.</summary>
public sealed record UNetConfig
{
    /// <summary>Values of a pixel; default 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Classes of a pixel; default 2.</summary>
    public int ClassCount { get; init; } = 2;

    /// <summary>Filters of each level of the encoder, and of the decoder's block beside it; every level has half the rows and columns of the one before. Default 16, 32, 64, 128; the paper has 64, 128, 256, 512, 1024. With a
    /// <see cref="Backbone"/> they are those of the decoder's blocks, for as many levels as there are, at most as many as the network has.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [16, 32, 64, 128];

    /// <summary>Convolutions of a block; default 2, as published.</summary>
    public int Depth { get; init; } = 2;

    /// <summary>How the decoder makes maps larger: <c>transposed</c>, a transposed 2 × 2 convolution with stride 2, as published, or <c>bilinear</c>, interpolation and a 1 × 1 convolution; default transposed.</summary>
    public string Upsampling { get; init; } = "transposed";

    /// <summary>The block that weighs channels or places at the end of every block of the encoder and the decoder: one of <see cref="PictureAttention.Names"/>, or <c>none</c>; default none. A backbone has its own.</summary>
    public string Attention { get; init; } = "none";

    /// <summary>Reduction of the attention block, where it has one; default 0: the block's own.</summary>
    public int Reduction { get; init; }

    /// <summary>A network whose levels take the place of the plain encoder; null for the plain one, which is the default. Its channels follow those of this configuration.</summary>
    [JsonIgnore]
    public PictureNetworkConfig? Backbone { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, and what is allowed.</exception>
    public void Validate()
    {
        if (Widths is null || Widths.Count is < 1 or > 8 || Widths.Any(w => w is < 1 or > 1 << 14))
            throw new ArgumentException("UNetConfig: Widths must be 1 to 8 numbers from 1 to 16384.");
        if (Math.Min(Channels, Depth) < 1 || Reduction < 0 || ClassCount < 2 || Depth > 8)
            throw new ArgumentException(FormattableString.Invariant($"UNetConfig: channels must be at least 1, the reduction at least 0, classes at least 2, Depth from 1 to 8; got {Channels}, {Reduction}, {ClassCount}, {Depth}."));
        if (Upsampling is not ("transposed" or "bilinear"))
            throw new ArgumentException($"UNetConfig: there is no upsampling '{Upsampling}'; there are transposed, bilinear.");
        if (Attention != "none" && !PictureAttention.Names.Contains(Attention, StringComparer.Ordinal))
            throw new ArgumentException($"UNetConfig: there is no attention '{Attention}'; there are none, {string.Join(", ", PictureAttention.Names)}.");
        Backbone?.Validate();
    }

    /// <summary>The shape in words.</summary>
    public string Describe() => FormattableString.Invariant(
        $"U-Net of widths {string.Join(", ", Widths)}, {Depth} convolutions a block, {Upsampling} upsampling, attention {Attention}{(Backbone is null ? "" : $", over a {Backbone.Describe()}")}");

    /// <summary>Weights of the blocks' last convolutions, which the network has at least.</summary>
    internal double LeastWeights => Widths.Take(Backbone is null ? 8 : 0).Sum(w => 9.0 * w * (Depth > 1 ? w : 1)) + (Backbone?.LeastWeights ?? 0);
}
