namespace Heed;

/// <summary>How an <see cref="ImageClassifier"/> is made.</summary>
public sealed record ImageClassifierOptions
{
    /// <summary>The network; its channels and classes come from the pictures.</summary>
    /// <value>Default <c>resnet20</c>.</value>
    public PictureNetworkConfig Network { get; init; } = ResNetConfig.Named("resnet20");

    /// <summary>Rows and columns of the pictures that the network reads; others are scaled to it.</summary>
    /// <value>Default 0: those of the first training picture.</value>
    public int Size { get; init; }

    /// <summary>The share of their rows and columns with which training pictures begin. They grow in eighths to the full size, which they have from three fifths of the epochs on; shifts and cut-out squares grow with them. A step costs the
    /// share's square, so 0.5 takes 0.7 of the time; dev and test pictures always have the full size.</summary>
    /// <value>Default 1: the full size from the start. 0.25 to 1; below 1 only for networks that read any size, which vision Transformers do not.</value>
    public double FirstScale { get; init; } = 1;

    /// <summary>How training pictures are changed at random; null for not at all.</summary>
    /// <value>Default: shifted by up to 4 pixels (He et al. 2016, section 4.2), not mirrored: a mirrored digit is none.</value>
    public PictureAugmentation? Augmentation { get; init; } = new() { CropPadding = 4 };

    /// <summary>The training.</summary>
    /// <value>Default: 20 epochs of SGD with momentum 0.9, 128 pictures a step, a learning rate of 0.1 that rises over a twentieth of the steps and falls as a cosine, weight decay 5e-4; the best epoch by dev accuracy is kept.</value>
    public TrainingOptions Training { get; init; } = new()
    {
        Optimizer = "sgd", LearningRate = 0.1, WeightDecay = 5e-4, BatchSize = 128, EpochCount = 20, Schedule = "cosine", Warmup = 0.05, ClipNorm = 0, Patience = 1000, Monitor = "accuracy", AveragingDecay = 0, WordDropout = 0,
    };

    /// <summary>Whether the model answers by the mean of the probabilities of a picture and of its mirrored form, left and right exchanged: most often a little more accurate, at the cost of two forward passes for one.
    /// Kept with the model; training and the choice of the epoch are as without it. For pictures that mean the same when mirrored: letters and digits do not.</summary>
    /// <value>Default false.</value>
    public bool AveragesMirrored { get; init; }

    /// <summary>Where the first weights come from: the folder of an image classifier, or a safetensors file of torchvision or timm (<see cref="PictureNetwork.Load"/>); null for a network from scratch.</summary>
    /// <value>Default null. What belongs to classes of another number, and attention blocks that are not there, start from scratch.</value>
    public string? InitialWeights { get; init; }

    /// <summary>Attention blocks that are put into the network, behind those that its first weights bring along; model folders keep them.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<PictureInsertion> Insertions { get; init; } = [];

    /// <summary>Names of parameters or modules that training leaves as they are, with <c>*</c> for anything but a dot; see <see cref="ModuleFreezing.Freeze"/>.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Where the run is kept so that it can go on after a kill; null for nowhere.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>Options of training alone, the others at their defaults.</summary>
    /// <param name="training">The training. Its own defaults are those of texts (AdamW); <c>new ImageClassifierOptions().Training with { Seed = 1 }</c> has those of pictures.</param>
    public static implicit operator ImageClassifierOptions(TrainingOptions training) => FromTrainingOptions(training);

    /// <summary>Options of training alone, the others at their defaults.</summary>
    /// <param name="training">The training.</param>
    public static ImageClassifierOptions FromTrainingOptions(TrainingOptions training)
    {
        ArgumentNullException.ThrowIfNull(training);
        return new ImageClassifierOptions { Training = training };
    }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        Network.Validate();
        Augmentation?.Validate();
        Training.Validate();
        if (Size is < 0 or > 1 << 14)
            throw new ArgumentException(FormattableString.Invariant($"ImageClassifierOptions: Size must be in 0 … 16384, got {Size}."), nameof(Size));
        if (!(FirstScale is >= 0.25 and <= 1))
            throw new ArgumentException(FormattableString.Invariant($"ImageClassifierOptions: FirstScale must be in 0.25 … 1, got {FirstScale}."), nameof(FirstScale));
        RequireGrowing(Network);
    }

    internal void RequireGrowing(PictureNetworkConfig network)
    {
        if (FirstScale < 1 && !network.ReadsAnySize)
            throw new ArgumentException($"ImageClassifierOptions: a {network.Model} network reads pictures of one size; set FirstScale = 1, or take a network of another kind.", nameof(network));
    }
}
