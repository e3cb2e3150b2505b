namespace Heed;

/// <summary>How inputs are explained.</summary>
public sealed record ExplanationOptions
{
    /// <summary>The methods, by name; see <see cref="ExplanationMethod"/>.</summary>
    /// <value>Default null: all that apply to the input.</value>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>The label, or the token, whose answer is explained.</summary>
    /// <value>Default null: the one that the model answers.</value>
    public string? Target { get; init; }

    /// <summary>Which of several places of the input is explained, from 1: of a detector the box with this number, as it is predicted; of a masked language model which of several hidden tokens, or, in a text that hides none, the token that shall
    /// be hidden.</summary>
    /// <value>Default null: of a detector the strongest box of the label, wherever it lies; of a masked language model the first hidden token.</value>
    public int? Place { get; init; }

    /// <summary>Whether a segmenter's mean is taken over all pixels.</summary>
    /// <value>Default false: over those that the model gives to the label.</value>
    public bool WholePicture { get; init; }

    /// <summary>How a unit is taken away; see <see cref="ExplainedInput.Removals"/>.</summary>
    /// <value>Default null: the first of the input's.</value>
    public string? Removal { get; init; }

    /// <summary>Where integrated gradients start; see <see cref="ExplainedInput.Baselines"/>.</summary>
    /// <value>Default null: the first of the input's.</value>
    public string? Baseline { get; init; }

    /// <summary>Points of the path of integrated gradients.</summary>
    /// <value>Default 64; from 2 to 4,096.</value>
    public int Steps { get; init; } = 64;

    /// <summary>Noisy copies of SmoothGrad.</summary>
    /// <value>Default 32; from 1 to 4,096.</value>
    public int Samples { get; init; } = 32;

    /// <summary>Deviation of SmoothGrad's noise, as a share of the range (largest − smallest) of the input's vectors.</summary>
    /// <value>Default 0.1; above 0, at most 10.</value>
    public double Noise { get; init; } = 0.1;

    /// <summary>Seed of everything random.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One makes no sense; says which and why.</exception>
    public void Validate()
    {
        if (Steps is < 2 or > 4096)
            throw new ArgumentException(FormattableString.Invariant($"ExplanationOptions: Steps must be in 2 … 4096, got {Steps}."), nameof(Steps));
        if (Samples is < 1 or > 4096)
            throw new ArgumentException(FormattableString.Invariant($"ExplanationOptions: Samples must be in 1 … 4096, got {Samples}."), nameof(Samples));
        if (Noise is not (> 0 and <= 10))
            throw new ArgumentException(FormattableString.Invariant($"ExplanationOptions: Noise must be above 0 and at most 10, got {Noise}."), nameof(Noise));
        if (Place < 1)
            throw new ArgumentException(FormattableString.Invariant($"ExplanationOptions: Place must be at least 1, got {Place}."), nameof(Place));
        foreach (string method in Methods ?? [])
            ExplanationMethod.Require(method);
    }
}
