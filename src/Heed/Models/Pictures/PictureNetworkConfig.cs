namespace Heed;

/// <summary>The shape of a <see cref="PictureNetwork"/>: <see cref="ResNetConfig"/>, <see cref="MobileNetV3Config"/> or <see cref="VisionTransformerConfig"/>.</summary>
public abstract record PictureNetworkConfig
{
    private protected PictureNetworkConfig()
    {
    }

    /// <summary>The family, as files name it.</summary>
    public abstract string Model { get; }

    /// <summary>Values of a pixel; default 3.</summary>
    public abstract int Channels { get; init; }

    /// <summary>Classes.</summary>
    public abstract int ClassCount { get; init; }

    /// <summary>The attention of every block, by its name, or <c>none</c>.</summary>
    public abstract string Attention { get; init; }

    /// <summary>Reduction of the attention block, where it has one.</summary>
    public abstract int Reduction { get; init; }

    /// <summary>The networks that <see cref="Named"/> knows, of all families.</summary>
    public static IReadOnlyList<string> Names => [.. ResNetConfig.Names, .. MobileNetV3Config.Names, .. VisionTransformerConfig.Names];

    /// <summary>A published network by its name, such as <c>se-resnet50</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No network has this name.</exception>
    public static PictureNetworkConfig Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (ResNetConfig.Names.Contains(name, StringComparer.Ordinal))
            return ResNetConfig.Named(name);
        if (MobileNetV3Config.Names.Contains(name, StringComparer.Ordinal))
            return MobileNetV3Config.Named(name);
        if (VisionTransformerConfig.Names.Contains(name, StringComparer.Ordinal))
            return VisionTransformerConfig.Named(name);
        throw new ArgumentException($"PictureNetworkConfig.Named: there is no network '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
    }

    /// <summary>The network.</summary>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public abstract PictureNetwork Create();

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or two do not go together; says which, and what is allowed.</exception>
    public abstract void Validate();

    /// <summary>The shape in words, as <c>residual network of 3, 3, 3 basic blocks, …</c>.</summary>
    public abstract string Describe();

    private protected void RequireAttention(string attention)
    {
        if (attention != "none" && !PictureAttention.Names.Contains(attention, StringComparer.Ordinal))
            throw new ArgumentException($"{GetType().Name}: there is no attention '{attention}'; there are none, {string.Join(", ", PictureAttention.Names)}.{NearestName.Hint(attention ?? "", PictureAttention.Names)}");
    }

    /// <summary>The same shape for pictures of this size; networks that read any size stay as they are.</summary>
    internal virtual PictureNetworkConfig For(int height, int width) => this;

    /// <summary>Whether pictures of other sizes than that of <see cref="For"/> can be read.</summary>
    internal virtual bool ReadsAnySize => true;

    /// <summary>Rows and columns of the pictures that such a network usually reads.</summary>
    internal virtual int UsualSize => 224;

    /// <summary>Weights that such a network has at least.</summary>
    internal abstract double LeastWeights { get; }
}
