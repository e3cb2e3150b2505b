namespace Heed;

/// <summary>A detector of one stage without anchors: every place of a feature pyramid says what thing it lies in, how far the thing's edges are, and whether it lies in the middle.</summary>
/// <remarks>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>, of any size; a <see cref="FcosLevel"/> for each level. Distances are stride·exp(scale_n·x), with a scale that is learned for each level.</para>
/// <para>Parameter names: <c>backbone</c>, <c>fpn</c>, <c>head</c>.</para>
/// <para>Source: Tian, Shen, Chen and He, "FCOS: fully convolutional one-stage object detection", 2019; Lin et al. 2017 for the pyramid.</para>
/// </remarks>
public sealed class Fcos : Module
{
    private readonly PictureNetwork backbone;
    private readonly FeaturePyramid pyramid;
    private readonly FcosHead head;
    private readonly int first;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public Fcos(FcosConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        // Its own head is not used, so one class is enough.
        PictureNetworkConfig shape = config.Backbone with { Channels = config.Channels, ClassCount = 1 };
        Config = config with { Backbone = shape };
        backbone = Register("backbone", shape.Create());
        backbone.RequireLevels(config.LevelCount, FormattableString.Invariant($"FcosConfig: {config.LevelCount} levels are asked for"));
        first = backbone.LevelChannels.Count - config.LevelCount;
        Strides = [.. backbone.LevelStrides.Skip(first)];
        FeaturePlaces = [.. Strides.Select(_ => new object())];
        pyramid = Register("fpn", new FeaturePyramid([.. backbone.LevelChannels.Skip(first)], config.Width));
        head = Register("head", new FcosHead(config));
    }

    /// <summary>The shape.</summary>
    public FcosConfig Config { get; }

    /// <summary>Pixels from place to place of each level, the finest first.</summary>
    public IReadOnlyList<int> Strides { get; }

    internal PictureNetwork Backbone => backbone;

    /// <summary>A forward pass over one black picture, for which the finest level's classes stand.</summary>
    internal Func<Pass, Tensor> Look(int height, int width) => pass => Forward(pass.Input(new float[height * width * Config.Channels], new Shape(1, height, width, Config.Channels)), pass)[0].Classes;

    /// <summary>What stands for each level of the pyramid as the place where an <see cref="InputProbe"/> watches it.</summary>
    internal IReadOnlyList<object> FeaturePlaces { get; }

    /// <summary>Looks at pictures.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>What each level says, the finest first: tensors of shape <c>(batch, height/stride, width/stride, …)</c>, rounded up.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public IReadOnlyList<FcosLevel> Forward(Tensor pictures, in Pass pass)
    {
        IReadOnlyList<Tensor> levels = pyramid.Forward([.. backbone.Levels(pictures, pass).Skip(first)], pass);
        FcosLevel[] answers = new FcosLevel[levels.Count];
        for (int n = 0; n < answers.Length; n++)
            answers[n] = head.Forward(pass.Probed(FeaturePlaces[n], levels[n]), n, Strides[n], pass);
        return answers;
    }
}
