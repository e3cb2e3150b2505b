namespace Heed;

/// <summary>How a <see cref="Segmenter"/> is made.</summary>
public sealed record SegmenterOptions
{
    /// <summary>The network; its channels and classes come from the pictures.</summary>
    public UNetConfig Network { get; init; } = new();

    /// <summary>Rows of the pictures that the network reads; others are scaled to it.</summary>
    /// <value>Default 0: those of the first picture in training, and of each picture afterwards.</value>
    public int Height { get; init; }

    /// <summary>Columns, likewise; set both or none.</summary>
    /// <value>Default 0.</value>
    public int Width { get; init; }

    /// <summary>How training pictures and their masks are changed at random; null for not at all.</summary>
    /// <value>Default: mirrored left to right, every second one.</value>
    public PictureAugmentation? Augmentation { get; init; } = new() { FlipProbability = 0.5 };

    /// <summary>How much the Dice loss counts beside the cross-entropy: 1 − the mean over the batch's classes of 2·Σ p·t/(Σ p + Σ t), which sees a class as a whole, however few pixels it has (Milletari, Navab and Ahmadi 2016).</summary>
    /// <value>Default 0: cross-entropy alone.</value>
    public double Dice { get; init; }

    /// <summary>The training.</summary>
    /// <value>Default: 40 epochs of AdamW, 8 pictures a step, a learning rate of 0.002 that rises over a twentieth of the steps and falls as a cosine, classes not weighed; the best epoch by mean intersection over union is kept. With
    /// <see cref="TrainingOptions.ClassWeights"/> balanced each class counts by pixels / (classes · pixels of the class).</value>
    public TrainingOptions Training { get; init; } = new()
    {
        LearningRate = 2e-3, BatchSize = 8, EpochCount = 40, Schedule = "cosine", Warmup = 0.05, Patience = 1000, Monitor = "mean-iou", ClassWeights = "none", AveragingDecay = 0, WordDropout = 0,
    };

    /// <summary>Where the first weights come from: the folder of a segmenter; or, for the backbone alone, that of an image classifier or a safetensors file of torchvision or timm; null for a network from scratch.</summary>
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

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        Network.Validate();
        Augmentation?.Validate();
        Training.Validate();
        if (Height is < 0 or > 1 << 14 || Width is < 0 or > 1 << 14 || (Height == 0) != (Width == 0))
            throw new ArgumentException(FormattableString.Invariant($"SegmenterOptions: Height and Width must both be 0, or both in 1 … 16384; got {Height} and {Width}."), nameof(Height));
        if (!(Dice >= 0 && double.IsFinite(Dice)))
            throw new ArgumentException(FormattableString.Invariant($"SegmenterOptions: Dice must be at least 0, got {Dice}."), nameof(Dice));
        if (Augmentation is { MixupAlpha: > 0 })
            throw new ArgumentException("SegmenterOptions: mixup is for pictures with one class; set MixupAlpha = 0.", nameof(Augmentation));
        if (Training.Monitor is not ("mean-iou" or "accuracy" or "loss"))
            throw new ArgumentException($"SegmenterOptions: Training.Monitor must be mean-iou, accuracy or loss, got {Training.Monitor}.", nameof(Training));
    }
}
