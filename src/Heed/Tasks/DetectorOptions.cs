namespace Heed;

/// <summary>How a <see cref="Detector"/> is made.</summary>
public sealed record DetectorOptions
{
    /// <summary>The network; its channels and classes come from the pictures.</summary>
    public FcosConfig Network { get; init; } = new();

    /// <summary>Rows of the pictures that the network reads; all are scaled to it, and boxes back.</summary>
    /// <value>Default 0: those of the first training picture.</value>
    public int Height { get; init; }

    /// <summary>Columns, likewise; set both or none.</summary>
    /// <value>Default 0.</value>
    public int Width { get; init; }

    /// <summary>How training pictures and their boxes are changed at random; null for not at all.</summary>
    /// <value>Default: mirrored left to right, every second one.</value>
    public PictureAugmentation? Augmentation { get; init; } = new() { FlipProbability = 0.5 };

    /// <summary>Of boxes of a class that overlap more than this the surest stays.</summary>
    /// <value>Default 0.6; in (0, 1].</value>
    public double Overlap { get; init; } = 0.6;

    /// <summary>The training.</summary>
    /// <value>Default: 40 epochs of AdamW, 8 pictures a step, a learning rate of 0.001 that rises over a twentieth of the steps and falls as a cosine, gradients clipped at 10; the best epoch by mean average precision at an overlap of 0.5 is
    /// kept.</value>
    public TrainingOptions Training { get; init; } = new()
    {
        LearningRate = 1e-3, BatchSize = 8, EpochCount = 40, Schedule = "cosine", Warmup = 0.05, ClipNorm = 10, Patience = 1000, Monitor = "mean-ap", AveragingDecay = 0, WordDropout = 0,
    };

    /// <summary>Where the first weights come from: the folder of a detector; or, for the backbone alone, that of an image classifier or a safetensors file of torchvision or timm; null for a network from scratch.</summary>
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
            throw new ArgumentException(FormattableString.Invariant($"DetectorOptions: Height and Width must both be 0, or both in 1 … 16384; got {Height} and {Width}."), nameof(Height));
        if (!(Overlap is > 0 and <= 1))
            throw new ArgumentException(FormattableString.Invariant($"DetectorOptions: Overlap must be above 0 and at most 1, got {Overlap}."), nameof(Overlap));
        if (Augmentation is { MixupAlpha: > 0 })
            throw new ArgumentException("DetectorOptions: mixup is for pictures with one class; set MixupAlpha = 0.", nameof(Augmentation));
        if (Training.Monitor is not ("mean-ap" or "loss"))
            throw new ArgumentException($"DetectorOptions: Training.Monitor must be mean-ap or loss, got {Training.Monitor}.", nameof(Training));
        if (Training.LabelSmoothing > 0)
            throw new ArgumentException("DetectorOptions: the focal loss has no label smoothing; set Training.LabelSmoothing = 0.", nameof(Training));
    }
}
