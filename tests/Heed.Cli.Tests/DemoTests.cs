using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class DemoTests
{
    [SkippableFact]
    public void It_runs_from_data_to_shades()
    {
        Skip.IfNot(CultureLines.IsAvailable, "no ICU data in this process");
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of("demo", "--lines", "500", "--epochs", "1", "--out", folder["demo"]).ShouldSucceed();
        foreach (string name in new[] { "attention (additive)", "naive Bayes", "last state", "mean", "max" })
            run.Out.ShouldContain(name);
        run.Lines.Count(line => line.Contains(" → ", StringComparison.Ordinal)).ShouldBe(5);
        run.Out.ShouldNotContain("\u001b");
        run.Error.ShouldContain("heed predict " + folder["demo"]);
        TextClassifier.Load(folder["demo"]).Labels.Count.ShouldBe(CultureLines.Languages.Count);
    }

    [SkippableFact]
    public void Interrupted_it_keeps_what_attention_has_learned()
    {
        Skip.IfNot(CultureLines.IsAvailable, "no ICU data in this process");
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.InterruptedAt("  best", "demo", "--lines", "500", "--epochs", "100000", "--out", folder["demo"]);
        run.Code.ShouldBe(130, run.Error);
        TextClassifier.Load(folder["demo"]).Record.BestEpoch.ShouldBeGreaterThan(0);
    }
}
