using System.Diagnostics;

namespace Heed.Tests.Text;

/// <summary>Runs tests again in a process without culture data: tokens and files may not depend on it.</summary>
public class InvariantGlobalizationTests
{
    [Fact]
    public async Task The_tests_of_text_and_data_pass_without_ICU()
    {
        string[] names = [nameof(WordTokenizerTests), nameof(CharacterTokenizerTests), nameof(BytePairTokenizerTests), "EncodingTests", "SplitWithoutLeakTests", nameof(TextEncoderTests), "TextDataReadTests", "CultureLinesTests", nameof(PretrainedGoldenTests), nameof(PretrainedTokenizerTests), nameof(CodePointPatternTests), nameof(UnicodeNormalizationTests)];
        string tests = typeof(InvariantGlobalizationTests).Assembly.Location;
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["vstest", tests, "--TestCaseFilter:" + string.Join('|', names.Select(name => $"FullyQualifiedName~{name}"))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, output + await errors);
        output.ShouldContain("Passed");
        output.ShouldNotContain("Skipped Heed.Tests.Data.CultureLinesTests.Says_what_to_install");
    }
}
