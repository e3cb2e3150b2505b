using System.Diagnostics;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>What only a real process shows: encodings, the host's culture, exit codes.</summary>
public sealed class HeedProcessTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("tr_TR.UTF-8")]
    [InlineData("de_DE.ISO-8859-1")]
    public void Output_is_UTF_8_with_decimal_points_whatever_the_host_speaks(string language)
    {
        ProcessStartInfo start = HeedProcess.Start(["predict", model.Model, "灯坏了 ïğş"]);
        start.Environment["LANG"] = start.Environment["LC_ALL"] = language;
        start.StandardOutputEncoding = System.Text.Encoding.UTF8;
        ProcessResult result = ProcessResult.Run(start, limit);
        result.ExitCode.ShouldBe(0, result.All);
        result.Error.ShouldBeEmpty();
        result.Output.ShouldMatch(@"^\w+\t[01]\.\d{4}\t灯坏了 ïğş\n$");
    }

    [Fact]
    public void A_wrong_input_ends_the_process_with_2()
    {
        ProcessResult result = ProcessResult.Run(HeedProcess.Start(["eval", model.Model, "--data", "absent.tsv"]), limit);
        result.ExitCode.ShouldBe(2);
        result.Error.ShouldBe("heed: absent.tsv: there is no such file; check the path.\n");
        result.Output.ShouldBeEmpty();
    }

    [SkippableFact]
    public void A_reader_that_goes_ends_the_command()
    {
        Skip.If(OperatingSystem.IsWindows(), "needs a shell with head");
        using TemporaryFolder folder = new();
        File.WriteAllLines(folder["texts.txt"], TinyData.Rows(20_000).Select(row => row.Text));
        ProcessStartInfo heed = HeedProcess.Start(["predict", model.Model, "--json", "--file", folder["texts.txt"]]);
        string command = string.Join(' ', heed.ArgumentList.Prepend(heed.FileName).Select(part => $"'{part}'"));
        // The exit code of heed, not of head.
        ProcessResult result = ProcessResult.Run(new ProcessStartInfo("bash", ["-c", $"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"]), limit);
        result.Error.ShouldBeEmpty();
        result.Output.Split('\n')[1].ShouldBe("0");
    }

    [Fact]
    public void Without_culture_data_the_demo_says_what_to_install()
    {
        using TemporaryFolder folder = new();
        ProcessStartInfo start = HeedProcess.Start(["demo", "--out", folder["model"]]);
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        ProcessResult result = ProcessResult.Run(start, limit);
        result.ExitCode.ShouldBe(2, result.All);
        result.Error.ShouldContain("libicu");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }
}
