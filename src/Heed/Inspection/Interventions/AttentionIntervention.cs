namespace Heed;

/// <summary>What answers do when attention is changed by force.</summary>
/// <param name="Kind"><c>uniform</c>, <c>permute</c> or <c>adversarial</c>; of a second model as <see cref="Between"/> was told.</param>
/// <param name="Count">Inputs.</param>
/// <param name="Change">Mean |p(own weights) − p(changed weights)|, p the probability of the explained answer (or the number), with a 95 % bootstrap interval.</param>
/// <param name="Lost">The share of inputs whose answer falls below even odds, with its 95 % interval (Wilson); of numbers 0.</param>
/// <param name="Divergence">Mean Jensen–Shannon divergence between the weights, nats; of adversaries and second models alone, else NaN.</param>
public sealed record AttentionIntervention(string Kind, int Count, Interval Change, Interval Lost, Interval Divergence)
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["uniform", "permute", "adversarial"];

    /// <summary>The kind of what <see cref="Between"/> measures of a second model that answers alike and looks elsewhere.</summary>
    public const string TrainedAdversaryKind = "trained-adversary";

    /// <summary>The same of one that was trained with even weights.</summary>
    public const string UniformTrainedKind = "uniform-trained";

    /// <summary>Changes the weights, input by input.</summary>
    /// <param name="inputs">At least one.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="permutations">Permutations of each input, whose changes are averaged.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentException">There is no such kind, or the model has no attention that can be replaced.</exception>
    /// <exception cref="InputException">There is no input with a token.</exception>
    public static AttentionIntervention Measure(IEnumerable<ExplainedInput> inputs, string kind, int permutations = 8, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ExplainedInput.Chosen(kind, Kinds, "intervention");
        ArgumentOutOfRangeException.ThrowIfLessThan(permutations, 1);
        List<double> changes = [], divergences = [];
        int lost = 0;
        foreach (ExplainedInput input in inputs.Where(input => input.UnitCount > 0))
        {
            double own = input.Answer(input.Value);
            double[] after;
            if (kind == "adversarial")
            {
                AdversarialAttention found = AdversarialAttention.Find(input, seed: seed);
                after = [own + found.Change];
                divergences.Add(found.Divergence);
            }
            else
                after = [.. Enumerable.Range(0, kind == "uniform" ? 1 : permutations).Select(n => input.Answer(Under(input, kind, seed + (ulong)n)))];
            changes.Add(after.Average(p => Math.Abs(p - own)));
            lost += input.IsLogOdds && own > 0.5 && after.Average() < 0.5 ? 1 : 0;
        }
        return Of(kind, changes, lost, divergences);
    }

    /// <summary>Puts a second model in the place of the first, as a <see cref="TrainedAdversary"/> or one of another seed: what answers do, and how far apart the weights of the two poolings are (their views' mean).</summary>
    /// <param name="pairs">The same input as either model reads it, the same answer explained; at least one.</param>
    /// <param name="kind">What the result is called.</param>
    /// <exception cref="ArgumentException">A model has no pooling over units, or the two cut an input into other units.</exception>
    /// <exception cref="InputException">There is no input with a token.</exception>
    public static AttentionIntervention Between(IEnumerable<(ExplainedInput First, ExplainedInput Second)> pairs, string kind = TrainedAdversaryKind)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentNullException.ThrowIfNull(kind);
        List<double> changes = [], divergences = [];
        int lost = 0;
        foreach ((ExplainedInput first, ExplainedInput second) in pairs.Where(pair => pair.First.UnitCount > 0))
        {
            if (first.UnitCount != second.UnitCount)
                throw new ArgumentException(FormattableString.Invariant($"AttentionIntervention: the first model reads {first.UnitCount} units of '{first.Source}', the second {second.UnitCount}; both must cut inputs alike."), nameof(pairs));
            double own = first.Answer(first.Value), other = second.Answer(second.Value);
            changes.Add(Math.Abs(own - other));
            lost += first.IsLogOdds && own > 0.5 && other < 0.5 ? 1 : 0;
            divergences.Add(AdversarialAttention.Between(AdversarialAttention.WeightsOf(first), AdversarialAttention.WeightsOf(second)));
        }
        return Of(kind, changes, lost, divergences);
    }

    private static AttentionIntervention Of(string kind, List<double> changes, int lost, List<double> divergences) => changes.Count == 0 ? throw new InputException("there is nothing to explain: no input has a token.")
        : new AttentionIntervention(kind, changes.Count, Mean(changes), Interval.Wilson(lost, changes.Count), divergences.Count == 0 ? new Interval(double.NaN, double.NaN, double.NaN) : Mean(divergences));

    private static double Under(ExplainedInput input, string kind, ulong seed) => input.Under(module => kind == "uniform" ? AttentionOverride.Uniform(module) : AttentionOverride.Permuted(module, seed))?.Value
        ?? throw new ArgumentException("the model has no learned attention that could be replaced.", nameof(input));

    private static Interval Mean(List<double> values) => Interval.Bootstrap(values.Count, rows => rows.Average(row => values[row]));
}
