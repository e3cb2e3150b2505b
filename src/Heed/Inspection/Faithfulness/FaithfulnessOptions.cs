namespace Heed;

/// <summary>How explanations are checked.</summary>
public sealed record FaithfulnessOptions
{
    /// <summary>Methods, target, removal rule, baseline and seed.</summary>
    /// <value>Default: all methods that apply to every input.</value>
    public ExplanationOptions Explanation { get => field ?? new ExplanationOptions(); init; } = new();

    /// <summary>Shares of the units that are taken away, or left alone: DeYoung et al. 2020.</summary>
    /// <value>Default 0.01, 0.05, 0.1, 0.2, 0.5; each above 0, below 1. At least one unit is taken.</value>
    public IReadOnlyList<double> Shares { get; init; } = [0.01, 0.05, 0.1, 0.2, 0.5];

    /// <summary>Steps of the curves of deletion and insertion.</summary>
    /// <value>Default 10; from 1 to 1,000.</value>
    public int CurveSteps { get; init; } = 10;

    /// <summary>Random orders that stand beside the methods, of each input.</summary>
    /// <value>Default 8; from 1 to 1,000.</value>
    public int RandomOrders { get; init; } = 8;

    /// <summary>Seeds over which methods that draw random numbers are compared.</summary>
    /// <value>Default 3; from 2 to 100.</value>
    public int StabilitySeeds { get; init; } = 3;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One makes no sense; says which and why.</exception>
    public void Validate()
    {
        Explanation.Validate();
        if (Shares.Count == 0 || Shares.Any(share => share is not (> 0 and < 1)))
            throw new ArgumentException("FaithfulnessOptions: Shares must be above 0 and below 1, one at least.", nameof(Shares));
        foreach ((string name, int value, int least, int most) in new[] { (nameof(CurveSteps), CurveSteps, 1, 1000), (nameof(RandomOrders), RandomOrders, 1, 1000), (nameof(StabilitySeeds), StabilitySeeds, 2, 100) })
        {
            if (value < least || value > most)
                throw new ArgumentException(FormattableString.Invariant($"FaithfulnessOptions: {name} must be in {least} … {most}, got {value}."), name);
        }
    }
}
