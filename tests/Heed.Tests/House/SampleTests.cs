using System.Diagnostics;
using Heed.Testing;

namespace Heed.Tests.House;

/// <summary>Every program in samples/ compiles, runs, and prints what its lines <c>// expect: text</c> promise.</summary>
[Collection(BuildCollection.Name)]
public class SampleTests
{
    private const string Mark = "// expect: ";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    // The empty name stands for "no samples yet", because a theory without data is an error.
    public static TheoryData<string> Samples => [.. Repository.Files("samples", "*.cs").DefaultIfEmpty("")];

    [SkippableTheory]
    [MemberData(nameof(Samples))]
    public void It_runs_and_prints_what_it_promises(string sample)
    {
        Skip.If(sample.Length == 0, "there are no samples");
        string path = Repository.PathOf(sample);
        string[] expected = [.. File.ReadLines(path).Where(line => line.StartsWith(Mark, StringComparison.Ordinal)).Select(line => line[Mark.Length..].TrimEnd())];
        expected.ShouldNotBeEmpty($"{sample}: write what it prints in lines '{Mark}…'");

        // In a folder of its own with the samples' data, so that what it saves does not stay in the repository.
        using var folder = new TemporaryFolder();
        foreach (string data in Directory.GetFiles(Path.GetDirectoryName(path)!).Where(file => !file.EndsWith(".cs", StringComparison.Ordinal)))
            File.Copy(data, folder[Path.GetFileName(data)]);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = folder.Path,
            ArgumentList = { "run", "-c", "Release", path },
        };
        ProcessResult result = ProcessResult.Run(start, Limit);
        result.ExitCode.ShouldBe(0, result.All);
        foreach (string text in expected)
            result.Output.ShouldContain(text, Case.Sensitive, result.All);
    }
}
