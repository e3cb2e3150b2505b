namespace Heed;

/// <summary>Whether a method's scores tell what the model's answer rests on.</summary>
public enum ExplanationVerdict
{
    /// <summary>Neither gap to a random order can be told from zero: nothing shows that the method explains this model on these inputs.</summary>
    NotShown,

    /// <summary>One of the two gaps lies above zero, the other does not.</summary>
    Partly,

    /// <summary>Both gaps lie above zero.</summary>
    Explains,

    /// <summary>A gap lies below zero: the order is worse than a random one.</summary>
    Misleads,
}

/// <summary>How faithful one method is, over all inputs.</summary>
/// <remarks>Intervals are 95 % by bootstrap over inputs. Gaps are turned so that above zero is better than random.</remarks>
public sealed record MethodFaithfulness
{
    /// <summary>The method; <c>random</c> for the random orders.</summary>
    public required string Method { get; init; }

    /// <summary>Mean over shares of p(all) − p(without the highest scores): high is good. Area over the perturbation curve.</summary>
    public required Interval Comprehensiveness { get; init; }

    /// <summary>Mean over shares of p(all) − p(the highest scores alone): low is good.</summary>
    public required Interval Sufficiency { get; init; }

    /// <summary>Area under p as units go, highest scores first: low is good.</summary>
    public required Interval DeletionArea { get; init; }

    /// <summary>Area under p as units come, highest scores first: high is good.</summary>
    public required Interval InsertionArea { get; init; }

    /// <summary>Comprehensiveness at each share, means over inputs.</summary>
    public required IReadOnlyList<double> ComprehensivenessByShare { get; init; }

    /// <summary>Sufficiency at each share, means over inputs.</summary>
    public required IReadOnlyList<double> SufficiencyByShare { get; init; }

    /// <summary>p as units go, means over inputs.</summary>
    public required IReadOnlyList<double> Deletion { get; init; }

    /// <summary>p as units come, means over inputs.</summary>
    public required IReadOnlyList<double> Insertion { get; init; }

    /// <summary>Comprehensiveness minus that of random orders, input by input.</summary>
    public Interval ComprehensivenessGap { get; init; }

    /// <summary>That of random orders minus sufficiency, input by input.</summary>
    public Interval SufficiencyGap { get; init; }

    /// <summary>That of random orders minus the deletion area, input by input.</summary>
    public Interval DeletionGap { get; init; }

    /// <summary>The insertion area minus that of random orders, input by input.</summary>
    public Interval InsertionGap { get; init; }

    /// <summary>Mean rank correlation between the scores of different seeds; NaN for a method that draws nothing.</summary>
    public double Stability { get; init; } = double.NaN;

    /// <summary>The verdict, by <see cref="FaithfulnessReport.Rule"/>.</summary>
    public ExplanationVerdict Verdict => ComprehensivenessGap.High < 0 || SufficiencyGap.High < 0 ? ExplanationVerdict.Misleads
        : (ComprehensivenessGap.Low > 0, SufficiencyGap.Low > 0) switch
        {
            (true, true) => ExplanationVerdict.Explains,
            (false, false) => ExplanationVerdict.NotShown,
            _ => ExplanationVerdict.Partly,
        };
}
