using System.Globalization;

namespace Heed.Cli;

/// <summary>Explanations for people: each method's scores as shades of the text.</summary>
internal sealed class ExplanationListing(Terminal terminal)
{
    private readonly HashSet<string> said = new(StringComparer.Ordinal);
    private WeightShading? shading;

    public void Write(ExplainedInput input, IReadOnlyList<Explanation> explanations)
    {
        string answer = input.IsLogOdds ? string.Create(CultureInfo.InvariantCulture, $", p = {input.Answer(input.Value):F4}") : "";
        terminal.Out.Write(string.Create(CultureInfo.InvariantCulture, $"{OneLine.Of(input.Target)} = {input.Value:F4}{answer}\n"));
        int width = explanations.Max(e => e.Method.Length);
        foreach (Explanation explanation in explanations)
        {
            terminal.Out.Write("  " + explanation.Method.PadRight(width) + "  ");
            Write(explanation);
            terminal.Out.Write(double.IsNaN(explanation.CompletenessGap) ? "\n" : string.Create(CultureInfo.InvariantCulture, $"  (gap {explanation.CompletenessGap:F4})\n"));
        }
        // What is the same for all inputs is said once.
        foreach (string note in explanations.SelectMany(e => e.Notes).Where(said.Add))
            terminal.Say(note);
    }

    // Shades are shares of the highest score, marks show the scores themselves.
    private void Write(Explanation explanation)
    {
        shading ??= new WeightShading(terminal);
        if (explanation.GridRows == 0)
            shading.Write(explanation.Source, [.. explanation.Ranges.Select((range, i) => new TokenWeight(range, explanation.Scores[i]))]);
        else
            terminal.Out.Write(Places(explanation));
    }

    private static string Places(Explanation explanation) => string.Join(", ", explanation.Order().Take(5).Select(cell =>
        string.Create(CultureInfo.InvariantCulture, $"row {cell / explanation.GridColumns} column {cell % explanation.GridColumns} {explanation.Scores[cell]:F3}"))) + "  " + OneLine.Of(explanation.Source);
}
