using System.Text;
using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>What stands in one row of the training data is found nowhere in the folder, the log or the output.</summary>
public sealed class PrivacyTests
{
    private const string Canary = "kanarienvogel";
    private const string Mail = "wilma.zwitscher@voliere.example";
    private const string Phone = "0170-998877";

    private static readonly string[] small = ["--epochs", "2", "--hidden", "4", "--embedding", "4", "--attention", "4"];

    [Theory]
    [InlineData("words")]
    [InlineData("characters")]
    [InlineData("byte-pairs")]
    public void A_planted_word_is_found_nowhere(string tokens)
    {
        using TemporaryFolder folder = new();
        string data = Write(folder["train.tsv"], $"my {Canary} is missing", 1);
        CommandRun run = CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], "--log", folder["log.jsonl"], "--tokens", tokens, .. small]).ShouldSucceed();
        Holds(folder, Canary).ShouldBeEmpty();
        (run.Out + run.Error).ShouldNotContain(Canary);
        CommandRun.Of("describe", folder["model"], "--privacy").ShouldSucceed().Out.ShouldNotContain(Canary);
        // A dozen rows are enough to be known as a word: the search finds what is there.
        if (tokens == "words")
        {
            Write(folder["train.tsv"], $"my {Canary} is missing", 12);
            CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], "--tokens", tokens, .. small]).ShouldSucceed();
            Holds(folder, Canary).ShouldContain("tokenizer.json");
        }
    }

    [Theory]
    [InlineData("words")]
    [InlineData("byte-pairs")]
    public void What_is_redacted_is_found_nowhere_however_often_it_stands_there(string tokens)
    {
        using TemporaryFolder folder = new();
        string data = Write(folder["train.tsv"], $"call {Phone} or write to {Mail}", 30);
        string[] train = ["train", "text", "--data", data, "--out", folder["model"], "--log", folder["log.jsonl"], "--tokens", tokens, .. small];
        CommandRun.Of([.. train, "--redact", "email,number"]).ShouldSucceed();
        foreach (string secret in new[] { "wilma", "zwitscher", "voliere", Phone })
            Holds(folder, secret).ShouldBeEmpty(secret);
        // Scores and times may hold any digits.
        foreach (string secret in new[] { "0170", "9988", "8877" })
            Holds(folder, secret).Where(file => file.Contains("tokenizer", StringComparison.Ordinal)).ShouldBeEmpty(secret);
        TextClassifier.Load(folder["model"]).Encoder.Redaction.ShouldBe(TextRedaction.Email | TextRedaction.Number);
        CommandRun.Of("describe", folder["model"], "--privacy").ShouldSucceed().Out.ShouldContain("redacted: email, number");
        JsonElement answer = JsonDocument.Parse(CommandRun.Of("predict", folder["model"], $"mail {Mail}!", "--json").ShouldSucceed().Out).RootElement;
        answer.GetProperty("weights").EnumerateArray().Select(w => w.GetProperty("text").GetString()!.Trim()).ShouldContain(Mail);
        CommandRun.Of(train).ShouldSucceed();
        Holds(folder, "zwitscher").ShouldContain("tokenizer.json");
        CommandRun.Of([.. train, "--redact", "phone"]).ShouldRefuse("--redact must be email, number");
    }

    [Fact]
    public void The_listing_names_every_file_and_what_it_holds()
    {
        using TemporaryFolder folder = new();
        string data = Write(folder["train.tsv"], $"call {Phone} or write to {Mail}", 12);
        CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], .. small]).ShouldSucceed();
        string text = CommandRun.Of("describe", folder["model"], "--privacy").ShouldSucceed().Out;
        foreach (string file in ModelFolder.Open(folder["model"]).Files.Keys)
            text.ShouldContain(file + ": ");
        text.ShouldContain("each at least 2 times in the training texts; nothing was redacted");
        text.ShouldContain("998877");
        text.ShouldContain("labels as they were written");
        JsonElement json = JsonDocument.Parse(CommandRun.Of("describe", folder["model"], "--privacy", "--json").ShouldSucceed().Out).RootElement;
        json.GetProperty("holds").EnumerateArray().Single(item => item.GetProperty("what").GetString()!.StartsWith("labels", StringComparison.Ordinal)).GetProperty("count").GetInt32().ShouldBe(3);
    }

    private static string Write(string path, string planted, int times)
    {
        File.WriteAllLines(path, TinyData.Rows(120).Select(row => $"{row.Label}\t{row.Text}").Prepend("label\ttext")
            .Concat(Enumerable.Range(0, times).Select(i => $"repair\t{planted} {(char)('a' + i % 26)}")));
        return path;
    }

    // The names of all files, but the data, that hold a text in UTF-8 or UTF-16, in any case.
    private static string[] Holds(TemporaryFolder folder, string secret) =>
    [
        .. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("train.tsv", StringComparison.Ordinal)).Where(path =>
        {
            byte[] content = File.ReadAllBytes(path);
            return new[] { Encoding.UTF8, Encoding.Unicode }.Any(encoding => encoding.GetString(content).Contains(secret, StringComparison.OrdinalIgnoreCase));
        }).Select(path => Path.GetFileName(path)),
    ];
}
