namespace Heed;

/// <summary>How pictures become batches.</summary>
public sealed record PictureBatchOptions
{
    /// <summary>Pixels down; every picture is brought to this size.</summary>
    public required int Height { get; init; }

    /// <summary>Pixels across.</summary>
    public required int Width { get; init; }

    /// <summary>1 (grey), 3 (RGB) or 4 (RGBA).</summary>
    /// <value>3 unless set.</value>
    public int Channels { get; init; } = 3;

    /// <summary>Pictures in a batch; the last may be smaller.</summary>
    /// <value>32 unless set, at least 1.</value>
    public int BatchSize { get; init; } = 32;

    /// <summary>What is taken from each channel, in units of the full range 0 … 1.</summary>
    /// <value>Empty (0) unless set; else one number a channel.</value>
    public IReadOnlyList<float> Mean { get; init; } = [];

    /// <summary>What each channel is then divided by.</summary>
    /// <value>Empty (1) unless set; else one number above 0 a channel.</value>
    public IReadOnlyList<float> Deviation { get; init; } = [];

    /// <summary>How training pictures are changed at random; null for not at all.</summary>
    public PictureAugmentation? Augmentation { get; init; }

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many finished batches wait at most.</summary>
    /// <value>4 unless set, at least 1.</value>
    public int Ahead { get; init; } = 4;

    /// <summary>How many threads prepare a batch. The bits do not depend on it.</summary>
    /// <value>1 unless set, at least 1.</value>
    public int Threads { get; init; } = 1;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Ahead, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        if (Channels is not (1 or 3 or 4))
            throw new ArgumentOutOfRangeException(nameof(Channels), Channels, "PictureBatchOptions: Channels must be 1 (grey), 3 (RGB) or 4 (RGBA).");
        if ((Mean.Count != 0 && Mean.Count != Channels) || (Deviation.Count != 0 && Deviation.Count != Channels) || Deviation.Any(d => !(d > 0)))
            throw new ArgumentException(FormattableString.Invariant($"PictureBatchOptions: Mean and Deviation need {Channels} numbers each, or none; deviations must be above 0."));
        if ((long)BatchSize * Height * Width * Channels > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(BatchSize), BatchSize, "PictureBatchOptions: a batch of this size does not fit an array; make it smaller.");
        Augmentation?.Validate();
    }
}
