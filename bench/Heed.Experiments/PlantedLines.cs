namespace Heed.Experiments;

/// <summary>Whether methods rank planted evidence first, and how faithful they are on the same inputs: a line for each method.</summary>
internal static class PlantedLines
{
    /// <summary>Explains the inputs and appends the lines.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="name">The experiment.</param>
    /// <param name="kind">What the model could see.</param>
    /// <param name="inputs">What is explained.</param>
    /// <param name="places">The deciding units of each.</param>
    /// <param name="explanation">Methods and how.</param>
    public static void Append(ExperimentOptions options, string name, string kind, ExplainedInput[] inputs, int[][] places, ExplanationOptions explanation)
    {
        FaithfulnessReport report = FaithfulnessReport.Measure(inputs, new FaithfulnessOptions { Explanation = explanation });
        foreach (MethodFaithfulness method in report.Methods)
        {
            ExplanationOptions one = explanation with { Methods = [method.Method] };
            Explanation[] explained = [.. inputs.Select(input => ExplanationMethod.Explain(input, one)[0])];
            PlantedEvidence planted = PlantedEvidence.Test([.. explained.SelectMany((explanation, i) => places[i].Select(place => (explanation, place)))]);
            ExperimentLine.Append(options, name, new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["model"] = kind,
                ["method"] = method.Method,
                ["first"] = explained.Select((explanation, i) => IsFirst(explanation, places[i]) ? 1.0 : 0).Average(),
                ["first_by_chance"] = inputs.Select((input, i) => (double)places[i].Length / input.UnitCount).Average(),
                ["place"] = planted.MeanPlace,
                ["p"] = planted.PValue,
                ["verdict"] = FaithfulnessReport.Name(method.Verdict),
                ["comprehensiveness"] = method.Comprehensiveness.Value,
                ["comprehensiveness_random"] = report.Random.Comprehensiveness.Value,
                ["sufficiency"] = method.Sufficiency.Value,
                ["sufficiency_random"] = report.Random.Sufficiency.Value,
            });
        }
    }

    // Whether one of the deciding units stands above all others.
    private static bool IsFirst(Explanation explanation, int[] places) =>
        explanation.Scores.Where((_, unit) => !places.Contains(unit)).All(score => score < places.Max(place => explanation.Scores[place]));
}
