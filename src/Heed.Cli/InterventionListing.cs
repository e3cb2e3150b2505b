using System.Globalization;

namespace Heed.Cli;

/// <summary>What a model does when its attention or its weights are changed by force, for people and as JSON.</summary>
internal static class InterventionListing
{
    private const string Randomize = "randomize";

    /// <summary>All that <c>--intervene</c> takes.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. AttentionIntervention.Kinds, GivenWeights.Kind, AttentionIntervention.TrainedAdversaryKind, AttentionIntervention.UniformTrainedKind, Randomize];

    public static int Write(Terminal terminal, Module network, IEnumerable<ExplainedInput> inputs, string kind, ExplanationOptions options, bool isJson, CancellationToken cancellation)
    {
        IEnumerable<ExplainedInput> all = inputs.TakeWhile(_ => !cancellation.IsCancellationRequested);
        if (kind == Randomize)
            WriteStages(terminal, Stages(network, [.. all.Where(input => input.UnitCount > 0)], options), isJson);
        else
            WriteChange(terminal, AttentionIntervention.Measure(all, kind, seed: options.Seed), isJson);
        cancellation.ThrowIfCancellationRequested();
        return ExitCode.Done;
    }

    private static IReadOnlyList<ParameterRandomization> Stages(Module network, ExplainedInput[] inputs, ExplanationOptions options) =>
        ParameterRandomization.Measure(network, () => [.. inputs.Select(input => input.Again())], options);

    /// <summary>What became of the answers, and of the accuracy where a second model with even weights was compared by labels.</summary>
    public static void WriteChange(Terminal terminal, AttentionIntervention result, bool isJson, ModelComparison? accuracies = null)
    {
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json =>
            {
                json.WriteString("intervention", result.Kind);
                json.WriteNumber("inputs", result.Count);
                FaithfulnessJson.Write(json, "change", result.Change);
                FaithfulnessJson.Write(json, "lost", result.Lost);
                FaithfulnessJson.Write(json, "divergence", result.Divergence);
                if (accuracies is null)
                    return;
                FaithfulnessJson.Write(json, "accuracy", accuracies.Old.Accuracy);
                FaithfulnessJson.Write(json, "uniformAccuracy", accuracies.New.Accuracy);
                ReportJson.Write(json, "test", accuracies.Test);
            }, isIndented: true);
            return;
        }
        bool hasDivergence = !double.IsNaN(result.Divergence.Value);
        Styled.WriteTable(terminal, ["attention", ">inputs", ">change of p", ">answers lost", .. hasDivergence ? [">divergence of weights"] : Array.Empty<string>()],
            [[result.Kind, result.Count.ToString(CultureInfo.InvariantCulture), result.Change.ToString(), result.Lost.ToString(), .. hasDivergence ? [result.Divergence.ToString()] : Array.Empty<string>()]]);
        if (accuracies is null)
            return;
        Styled.WriteTable(terminal, ["model", ">accuracy"], [["as it is", accuracies.Old.Accuracy.ToString()], ["even weights", accuracies.New.Accuracy.ToString()]]);
        terminal.Say($"even weights less the model: {accuracies.Test}");
        terminal.Say(accuracies.Test.IsSecondBetter ? "the model is better beyond chance: what its attention learned is needed" : "no loss of accuracy beyond chance: what its attention learned is not needed for the task, as far as these rows tell");
    }

    private static void WriteStages(Terminal terminal, IReadOnlyList<ParameterRandomization> stages, bool isJson)
    {
        if (!isJson)
        {
            Styled.WriteTable(terminal, ["drawn anew from the end to", .. stages[0].Correlations.Select(c => ">" + c.Method)], stages.Select(stage =>
                (string[])[stage.Part, .. stage.Correlations.Select(c => double.IsNaN(c.Correlation.Value) ? "–" : c.Correlation.ToString())]));
            terminal.Say("rank correlation with the trained model's explanations: a method that stays near 1 does not look at what the model learned");
            return;
        }
        JsonText.WriteObject(terminal.Out, json =>
        {
            json.WriteStartArray("parts");
            foreach (ParameterRandomization stage in stages)
            {
                json.WriteStartObject();
                json.WriteString("part", stage.Part);
                json.WriteStartObject("rankCorrelations");
                foreach ((string method, Interval correlation) in stage.Correlations)
                    FaithfulnessJson.Write(json, method, correlation);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, isIndented: true);
    }
}
