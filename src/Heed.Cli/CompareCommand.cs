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
            if (first.Target != second.Target)
                throw new UsageException($"the old model's target is {first.Target}, the new one's {second.Target}; only models with the same target can be compared.");
            TextData rows = table.ReadFor(parsed, parsed.GetValue(data)!, second, terminal.Say);
            if (second.Target is TargetKind.Multi or TargetKind.Number)
                return Difference(terminal, first, second, rows, parsed.GetValue(json));
            ModelComparison comparison = first.CompareWith(second, rows);
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, writer => Write(writer, comparison), isIndented: true);
            else
                terminal.Out.WriteLine(comparison.ToString());
            return comparison.IsWorse ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    // Sets and numbers: one figure of all rows, with the bootstrap interval of its difference. It is worse where the whole interval is on the wrong side.
    private static int Difference(Terminal terminal, TextClassifier first, TextClassifier second, TextData rows, bool isJson)
    {
        if (!first.Labels.SequenceEqual(second.Labels, StringComparer.Ordinal))
            throw new UsageException("the models' labels differ; sets of labels can be compared only over the same labels.");
        (string name, Interval old, Interval updated, Interval difference, bool isWorse) = (first.EvaluateAny(rows), second.EvaluateAny(rows)) switch
        {
            (LabelSetReport a, LabelSetReport b) when b.Against(a).MicroF1Difference is var d => ("micro F1", a.MicroF1, b.MicroF1, d, d.High < 0),
            (RegressionReport a, RegressionReport b) when b.Against(a) is var d => ("mean absolute error", a.MeanAbsoluteError, b.MeanAbsoluteError, d, d.Low > 0),
            _ => throw new InvalidOperationException("CompareCommand: the models' reports are of another kind."),
        };
        if (isJson)
        {
            JsonText.WriteObject(
                terminal.Out,
                json =>
                {
                    json.WriteNumber("rows", rows.Count);
                    json.WriteBoolean("isWorse", isWorse);
                    json.WriteString("figure", name);
                    ReportJson.Write(json, "old", old);
                    ReportJson.Write(json, "new", updated);
                    ReportJson.Write(json, "difference", difference);
                },
                isIndented: true);
        }
        else
        {
            terminal.Out.WriteLine(FormattableString.Invariant($"{name}\nold         {old}\nnew         {updated}\nnew - old   {difference} (paired bootstrap over {rows.Count:N0} rows)\n"));
            bool isBetter = name == "micro F1" ? difference.Low > 0 : difference.High < 0;
            terminal.Out.WriteLine(isWorse ? "the new model is worse than the old one" : isBetter ? "the new model is better" : "no difference beyond chance");
        }
        return isWorse ? ExitCode.Failed : ExitCode.Done;
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
