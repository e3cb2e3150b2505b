using System.Globalization;

namespace Heed.Cli;

/// <summary>A <see cref="FaithfulnessReport"/> for people.</summary>
internal static class FaithfulnessListing
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static void Write(Terminal terminal, FaithfulnessReport report)
    {
        terminal.Out.Write(string.Create(culture, $"{report.Count} inputs, removal by '{report.Removal}', shares {string.Join(", ", report.Shares.Select(s => s.ToString(culture)))}\n"));
        Styled.WriteTable(terminal, ["method", ">comprehensiveness", ">gap to random", ">sufficiency", ">gap to random", ">deletion", ">insertion", ">stability", "verdict"], [
            .. report.Methods.Select(m => new[]
            {
                m.Method, Figure(m.Comprehensiveness.Value), m.ComprehensivenessGap.ToString(), Figure(m.Sufficiency.Value), m.SufficiencyGap.ToString(), Figure(m.DeletionArea.Value), Figure(m.InsertionArea.Value),
                double.IsNaN(m.Stability) ? "" : Figure(m.Stability), FaithfulnessReport.Name(m.Verdict),
            }),
            ["random order", Figure(report.Random.Comprehensiveness.Value), "", Figure(report.Random.Sufficiency.Value), "", Figure(report.Random.DeletionArea.Value), Figure(report.Random.InsertionArea.Value), "", ""],
        ]);
        if (report.Methods.Count > 1)
        {
            terminal.Out.Write("\nrank correlation between methods\n");
            Styled.WriteTable(terminal, ["", .. report.Methods.Select(m => ">" + m.Method)], report.Methods.Select((m, a) => (string[])[m.Method, .. report.Methods.Select((_, b) => Figure(report.Agreement[a, b].Value))]));
        }
        terminal.Say(FaithfulnessReport.Rule);
    }

    private static string Figure(double value) => double.IsNaN(value) ? "–" : value.ToString("F3", culture);
}
