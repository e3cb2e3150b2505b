using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>Chinese as it is written, without spaces and with full-width punctuation, through all commands: a part of the food-delivery reviews waimai_10k.</summary>
public sealed partial class ChineseReviewTests : IDisposable
{
    private const string Praise = "很快，好吃，味道足，量大", Complaint = "等了两个小时才送到，菜都凉了。";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void Reviews_are_learned_counted_shaded_and_described()
    {
        string? path = RealData.Find("waimai_10k/all.tsv");
        Skip.If(path is null, RealData.Reason);
        // The rows are sorted by label, 4,000 of 11,987 are praise.
        string[] lines = File.ReadAllLines(path);
        Write("train.tsv", i => i % 6 == 0);
        string[] test = Write("test.tsv", i => i % 40 == 1);

        CommandRun trained = CommandRun.Of("train", "text", "--data", folder["train.tsv"], "--test", folder["test.tsv"], "--out", folder["model"], "--epochs", "1", "--hidden", "24", "--embedding", "32",
            "--attention", "16", "--batch", "32", "--learning-rate", "0.02").ShouldSucceed();
        trained.Error.ShouldContain("1,998 rows read, 1,998 kept");
        trained.Error.ShouldContain("1,798 for training and 200 for dev");
        trained.Out.ShouldContain("beside it");

        JsonElement report = Json("eval", folder["model"], "--data", folder["test.tsv"], "--json");
        report.GetProperty("rows").GetInt32().ShouldBe(test.Length);
        double accuracy = report.GetProperty("accuracy").GetProperty("value").GetDouble();
        accuracy.ShouldBeGreaterThan(0.78, "two thirds of the rows have one label");
        string[] answers = [.. CommandRun.Of("predict", folder["model"], "--file", folder["test.tsv"], "--text", "text", "--json").ShouldSucceed().Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("label").GetString()!)];
        test.Zip(answers).Count(pair => pair.First.StartsWith(pair.Second + "\t", StringComparison.Ordinal)).ShouldBe((int)Math.Round(accuracy * test.Length), "eval and predict agree");

        // Each character is a token, punctuation too.
        JsonElement answer = Json("predict", folder["model"], "--json", Complaint);
        JsonElement[] weights = [.. answer.GetProperty("weights").EnumerateArray()];
        weights.Select(w => w.GetProperty("text").GetString()).ShouldBe(Complaint.Select(c => c.ToString()));
        weights.Sum(w => w.GetProperty("weight").GetDouble()).ShouldBe(1, 1e-4);

        CommandRun marked = CommandRun.Of("predict", folder["model"], "--weights", Praise, Complaint).ShouldSucceed();
        Texts(marked.Lines.Select(line => Marks().Replace(line, "$1"))).ShouldBe([("1", Praise), ("0", Complaint)]);
        Marks().Matches(marked.Lines[1]).Sum(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)).ShouldBeInRange(0.4, 1.02, "the heaviest tokens, with the sum of their weights");
        CommandRun shaded = CommandRun.With(["predict", folder["model"], "--weights", Praise, Complaint], isTerminal: true).ShouldSucceed();
        shaded.Lines.ShouldAllBe(line => line.Contains("\u001b[", StringComparison.Ordinal));
        Texts(shaded.Lines.Select(line => Colors().Replace(line, ""))).ShouldBe([("1", Praise), ("0", Complaint)]);

        CommandRun described = CommandRun.Of("describe", folder["model"]).ShouldSucceed();
        foreach (string part in new[] { "bidirectional lstm, additive pooling; embedding 32, hidden 24", "labels      2: 0, 1", "tokens      word, lower case, ", "training    seed 1, batch 32", "embedding.weight" })
            described.Out.ShouldContain(part);

        string[] Write(string name, Func<int, bool> isIn)
        {
            string[] rows = [.. lines.Skip(1).Where((_, i) => isIn(i))];
            File.WriteAllLines(folder[name], rows.Prepend(lines[0]));
            return rows;
        }
    }

    private static JsonElement Json(params string[] args) => JsonDocument.Parse(CommandRun.Of(args).ShouldSucceed().Out).RootElement;

    // Label and text of lines label, probability, text.
    private static IEnumerable<(string Label, string Text)> Texts(IEnumerable<string> lines) => lines.Select(line => line.Split('\t')).Select(parts => (parts[0], parts[2]));

    [GeneratedRegex(@"\[(.+?) (\d\.\d\d)\]", RegexOptions.None, 1000)]
    private static partial Regex Marks();

    [GeneratedRegex("\u001b\\[[0-9;]*m", RegexOptions.None, 1000)]
    private static partial Regex Colors();
}
