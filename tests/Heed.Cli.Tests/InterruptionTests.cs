using System.Diagnostics;
using System.Globalization;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class InterruptionTests
{
    private static readonly string[] endless = ["--epochs", "100000", "--patience", "100000", "--hidden", "6", "--embedding", "8", "--attention", "4"];

    [Fact]
    public void Cancelling_saves_the_best_so_far_and_says_how_to_go_on()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.InterruptedAt("  best", ["train", "text", "--data", TinyData.Write(folder["train.tsv"], 200), "--out", folder["model"], .. endless]);
        run.Code.ShouldBe(130, run.Error);
        run.Error.ShouldContain("heed predict " + folder["model"]);
        TextClassifier saved = TextClassifier.Load(folder["model"]);
        saved.Record.WasCancelled.ShouldBeTrue();
        saved.Record.BestEpoch.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Cancelling_before_the_first_step_leaves_nothing_behind()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.With(["train", "text", "--data", TinyData.Write(folder["train.tsv"], 200), "--out", folder["model"], .. endless], cancellation: new CancellationToken(canceled: true));
        run.Code.ShouldBe(130);
        run.Error.ShouldContain("nothing was saved");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    [SkippableTheory]
    [InlineData("INT", 2)]
    [InlineData("TERM", 15)]
    public void A_signal_to_the_process_saves_and_gives_130(string signal, int number)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "signals are sent with kill, and what is ignored is read from /proc");
        Skip.If(IsIgnored(number), $"this process was started with SIG{signal} ignored, as its children are then");
        using TemporaryFolder folder = new();
        ProcessStartInfo start = HeedProcess.Start(["train", "text", "--data", TinyData.Write(folder["train.tsv"], 200), "--out", folder["model"], .. endless]);
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        try
        {
            // The header, then the first epoch: from here on there is something to save.
            while (process.StandardError.ReadLine() is { } line && !line.TrimStart().StartsWith("1 ", StringComparison.Ordinal))
            {
            }
            Task<string> rest = process.StandardError.ReadToEndAsync();
            using (Process kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]))
                kill.WaitForExit();
            process.WaitForExit(TimeSpan.FromSeconds(30)).ShouldBeTrue();
            process.ExitCode.ShouldBe(130);
            rest.Result.ShouldContain("stopping after this step");
            TextClassifier.Load(folder["model"]).Record.WasCancelled.ShouldBeTrue();
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static bool IsIgnored(int signal)
    {
        string mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) != 0;
    }
}
