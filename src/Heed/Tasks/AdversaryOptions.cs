namespace Heed;

/// <summary>How a <see cref="TrainedAdversary"/> is trained.</summary>
public sealed record AdversaryOptions
{
    /// <summary>λ: how much the divergence of the weights counts against the change of the answers. 0 trains a second model that only answers alike: what weights of another run look like.</summary>
    /// <value>Default 0.01; at least 0.</value>
    public double Divergence { get; init; } = 0.01;

    /// <summary>The training: its seed draws the first weights. Classes have no weights here, and labels are not read, so that what concerns them does not count.</summary>
    /// <value>Default: <see cref="TrainingOptions"/> with its defaults, but for 8 epochs, the monitor <c>loss</c> and no word dropout.</value>
    public TrainingOptions Training { get; init; } = new() { EpochCount = 8, Monitor = "loss", WordDropout = 0 };

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, and what is allowed.</exception>
    public void Validate()
    {
        if (!(Divergence >= 0) || !double.IsFinite(Divergence))
            throw new ArgumentException(FormattableString.Invariant($"AdversaryOptions: Divergence must be at least 0, got {Divergence}."), nameof(Divergence));
        Training.Validate();
        if (Training.Monitor is not ("auto" or "loss"))
            throw new ArgumentException($"AdversaryOptions: Monitor must be loss, as no label is read, got '{Training.Monitor}'.", nameof(Training));
        if (Training.WordDropout > 0)
            throw new ArgumentException("AdversaryOptions: WordDropout must be 0, as both models must read the same words.", nameof(Training));
    }
}
