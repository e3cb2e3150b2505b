namespace Heed;

/// <summary>Where and how often a training run writes down where it stands, so that a run that ends early can go on bit for bit.</summary>
public sealed record CheckpointOptions
{
    /// <summary>The folder; replaced whole at each checkpoint, so that a kill at any moment leaves the last one.</summary>
    public required string Path { get; init; }

    /// <summary>Time between checkpoints: what a kill can lose at most. A cancelled run writes one more at its end.</summary>
    /// <value>Default 5 minutes; zero for one after each step.</value>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether to go on from the checkpoint that is there, if one is.</summary>
    /// <value>Default false: it is replaced.</value>
    public bool Resume { get; init; }
}
