namespace Heed;

/// <summary>Whether a method finds a unit of which it is known that it decides, in inputs into which it was put.</summary>
/// <remarks>
/// <para>The statistic is the mean over inputs of the planted unit's place in the order of scores, 1 for the first and 0 for the last, equal scores sharing the mean of theirs. Its p value comes from permutations: in each input any unit takes
/// the planted one's part. A model that cannot see the unit must not be explained by it: there p is any number.</para>
/// <para>Inputs whose planted units share one cause (the same word) are no independent samples; then p is too small.</para>
/// </remarks>
/// <param name="Count">Inputs.</param>
/// <param name="FirstShare">The share of inputs in which the planted unit alone has the highest score, with its 95 % interval (Wilson).</param>
/// <param name="MeanPlace">The statistic; ½ by chance.</param>
/// <param name="PValue">The share of permutations with a statistic at least as high.</param>
public sealed record PlantedEvidence(int Count, Interval FirstShare, double MeanPlace, double PValue)
{
    /// <summary>Tests one method's explanations.</summary>
    /// <param name="planted">Explanations with the number of the unit that decides.</param>
    /// <param name="permutations">How many; at least 1.</param>
    /// <param name="seed">Seed of the permutations.</param>
    /// <exception cref="ArgumentException">There are no explanations, or a number is no unit.</exception>
    public static PlantedEvidence Test(IReadOnlyList<(Explanation Explanation, int Unit)> planted, int permutations = 9999, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(planted);
        ArgumentOutOfRangeException.ThrowIfLessThan(permutations, 1);
        if (planted.Count == 0)
            throw new ArgumentException("PlantedEvidence: there is no explanation.", nameof(planted));
        double[][] places = [.. planted.Select(p => Places(p.Explanation.Scores))];
        for (int i = 0; i < places.Length; i++)
        {
            if (planted[i].Unit < 0 || planted[i].Unit >= places[i].Length)
                throw new ArgumentException(FormattableString.Invariant($"PlantedEvidence: explanation {i} has {places[i].Length} units; {planted[i].Unit} is none."), nameof(planted));
        }
        double mean = planted.Select((p, i) => places[i][p.Unit]).Average();
        int first = planted.Count(p => p.Explanation.Scores.Where((score, unit) => unit != p.Unit).All(score => score < p.Explanation.Scores[p.Unit]));
        RandomStream random = new(seed, "permutations");
        int asHigh = 0;
        for (int n = 0; n < permutations; n++)
        {
            double sum = 0;
            foreach (double[] own in places)
                sum += own[random.Next(own.Length)];
            asHigh += sum / places.Length >= mean - 1e-12 ? 1 : 0;
        }
        return new PlantedEvidence(planted.Count, Interval.Wilson(first, planted.Count), mean, (1.0 + asHigh) / (1.0 + permutations));
    }

    private static double[] Places(IReadOnlyList<float> scores) =>
        [.. scores.Select(score => scores.Count == 1 ? 0.5 : (scores.Count(other => other < score) + ((scores.Count(other => other == score) - 1) / 2.0)) / (scores.Count - 1))];
}
