using System.CommandLine;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed compare OLD NEW --data FILE</c>: whether a new model may replace an old one.</summary>
internal static class CompareCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> old = new("old") { Description = "The old model's folder." }, updated = new("new") { Description = "The new model's folder." };
        Option<string> data = new("--data")
        {
            Description = "Labelled rows that neither model was trained on.",
            HelpName = "file",
            Required = true,
        };
        TableOptions table = new();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        Command command = new("compare", "Tests a new model against an old one on the same rows; exit code 1 if it is worse.") { old, updated, data };
        table.AddTo(command);
        command.Add(threads);
        command.Add(json);
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            TextClassifier first = TextClassifier.Load(parsed.GetValue(old)!), second = TextClassifier.Load(parsed.GetValue(updated)!);
            ModelComparison comparison = first.CompareWith(second, table.ReadFor(parsed, parsed.GetValue(data)!, second, terminal.Say));
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, writer => Write(writer, comparison), isIndented: true);
            else
                terminal.Out.WriteLine(comparison.ToString());
            return comparison.IsWorse ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static void Write(Utf8JsonWriter json, ModelComparison comparison)
    {
        json.WriteNumber("rows", comparison.Old.RowCount);
        json.WriteBoolean("isWorse", comparison.IsWorse);
        json.WriteString("verdict", comparison.Verdict);
        ReportJson.Write(json, "test", comparison.Test);
        json.WriteStartArray("classes");
        foreach (ClassChange change in comparison.Changes)
        {
            json.WriteStartObject();
            json.WriteString("label", change.Label);
            json.WriteNumber("rows", change.Support);
            json.WriteFinite("oldF1", change.OldF1);
            json.WriteFinite("newF1", change.NewF1);
            json.WriteNumber("lost", change.Lost);
            json.WriteNumber("won", change.Won);
            json.WriteFinite("pValue", change.PValue);
            json.WriteBoolean("isRegression", change.IsRegression);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
