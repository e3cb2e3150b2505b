using System.Globalization;

namespace Heed.Cli;

/// <summary>How far methods say the same of two models, for people and as JSON.</summary>
internal static class AgreementListing
{
    /// <summary>Writes it.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="methods">What was found.</param>
    /// <param name="inputs">How many inputs there were, and of how many both models say the same; null where the target was given.</param>
    /// <param name="isJson">Whether as JSON.</param>
    public static void Write(Terminal terminal, IReadOnlyList<ExplanationAgreement> methods, (int Count, int? Same) inputs, bool isJson)
    {
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json =>
            {
                json.WriteNumber("inputs", inputs.Count);
                if (inputs.Same is { } same)
                    json.WriteNumber("sameAnswers", same);
                json.WriteStartObject("methods");
                foreach (ExplanationAgreement method in methods)
                {
                    json.WriteStartObject(method.Method);
                    json.WriteNumber("inputs", method.Count);
                    FaithfulnessJson.Write(json, "rankCorrelation", method.Correlation);
                    FaithfulnessJson.Write(json, "sameFirst", method.SameFirst);
                    json.WriteEndObject();
                }
                json.WriteEndObject();
            }, isIndented: true);
            return;
        }
        Styled.WriteTable(terminal, ["method", ">inputs", ">rank correlation", ">same unit first"], methods.Select(method => (string[])
            [method.Method, method.Count.ToString(CultureInfo.InvariantCulture), double.IsNaN(method.Correlation.Value) ? "–" : method.Correlation.ToString(), method.SameFirst.ToString()]));
        terminal.Say(FormattableString.Invariant($"{inputs.Count} inputs{(inputs.Same is { } agreed ? FormattableString.Invariant($", {agreed} of them with the same answer from both models") : "")}; the first model's answer is explained in both"));
        terminal.Say("where a method's orders differ, its scores tell of one training run, not of the task");
    }
}
