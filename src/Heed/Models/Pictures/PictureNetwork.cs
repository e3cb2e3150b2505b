namespace Heed;

/// <summary>A network that sees pictures: logits of classes, and the maps of features on the way to them, for tasks that look at places.</summary>
/// <remarks>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; level n <c>(batch, ⌈height/s_n⌉, ⌈width/s_n⌉, c_n)</c> with the strides s of <see cref="LevelStrides"/> and the channels c of <see cref="LevelChannels"/>;
/// features <c>(batch, height', width', features)</c>; logits <c>(batch, classes)</c>.</para>
/// <para>Where a network halves its maps step by step, its levels are what it holds before each step and at the end, so that every stride is twice the one before; a network of one resolution has one level.</para>
/// </remarks>
public abstract class PictureNetwork : Module
{
    private protected PictureNetwork(PictureNetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
    }

    /// <summary>The shape.</summary>
    public abstract PictureNetworkConfig Config { get; }

    /// <summary>Values of a place of the features.</summary>
    public abstract int FeatureCount { get; }

    /// <summary>Values of a place of each level, the finest first.</summary>
    public abstract IReadOnlyList<int> LevelChannels { get; }

    /// <summary>Pixels from place to place of each level.</summary>
    public abstract IReadOnlyList<int> LevelStrides { get; }

    /// <summary>The maps of features, the finest first.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Level n has the shape <c>(batch, ⌈height/s_n⌉, ⌈width/s_n⌉, c_n)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass);

    /// <summary>What is pooled for the classes.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height', width', features)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract Tensor Features(Tensor pictures, in Pass pass);

    /// <summary>Classifies.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits, shape <c>(batch, classes)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public abstract Tensor Forward(Tensor pictures, in Pass pass);

    internal override (int Size, Func<Pass, Tensor>? Forward) Probe() => (Config.UsualSize, Look(Config.UsualSize, Config.UsualSize));

    /// <summary>A forward pass over one black picture.</summary>
    internal Func<Pass, Tensor> Look(int height, int width) => pass => Forward(pass.Input(new float[height * width * Config.Channels], new Shape(1, height, width, Config.Channels)), pass);
}
