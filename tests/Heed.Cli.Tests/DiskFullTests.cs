using System.Diagnostics;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>A disk that fills up while a model is saved: a small file system in memory, which Linux lets a process have for itself.</summary>
public sealed class DiskFullTests
{
    private const string Unshare = "/usr/bin/unshare";

    [SkippableFact]
    public void A_save_that_does_not_fit_gives_1_and_one_message_and_leaves_the_model_that_was_there()
    {
        using TemporaryFolder folder = new();
        string disk = folder["disk"];
        Directory.CreateDirectory(disk);
        Skip.IfNot(File.Exists(Unshare) && Run($"mount -t tmpfs -o size=1m none '{disk}'").ExitCode == 0, "needs a system where a process may mount a file system of its own");
        string data = TinyData.Write(folder["rows.tsv"], 200), heed = Heed();
        string Train(int hidden) => $"{heed} train text --data '{data}' --out '{disk}/model' --epochs 1 --hidden {hidden} --embedding 8 --attention 8 --min-count 1 --quiet --seed 3";
        string list = $"(cd '{disk}' && find . -type f | sort | xargs sha256sum)";
        (int exitCode, string output, string error) = Run(string.Join('\n',
            $"mount -t tmpfs -o size=1m none '{disk}'", $"{Train(4)} > /dev/null || exit 90", list, "echo ---", $"{Train(400)} > /dev/null", "code=$?", list, $"{heed} describe '{disk}/model' > /dev/null || exit 91", "exit $code"));
        exitCode.ShouldBe(1, error);
        error.Trim().ShouldNotContain('\n');
        error.ShouldStartWith("heed: ");
        error.ShouldContain("model");
        string[] lists = output.Split("---\n");
        lists[1].ShouldBe(lists[0], "the old model is whole, and nothing of the new one is left");
        lists[0].ShouldContain("model.safetensors");
    }

    private static string Heed()
    {
        ProcessStartInfo start = HeedProcess.Start([]);
        return string.Join(' ', start.ArgumentList.Prepend(start.FileName).Select(part => $"'{part}'"));
    }

    private static (int ExitCode, string Output, string Error) Run(string script)
    {
        using Process process = Process.Start(new ProcessStartInfo(Unshare, ["--user", "--map-root-user", "--mount", "sh", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
