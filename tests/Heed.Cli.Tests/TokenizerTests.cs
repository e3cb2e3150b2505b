using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class TokenizerTests
{
    [Theory]
    [InlineData("bpe")]
    [InlineData("unigram")]
    public void A_tokenizer_is_learned_and_shown(string kind)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["a.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat\n", 50)));
        File.WriteAllText(folder["b.tsv"], "id\ttext\n1\tthe dog sat\n");
        CommandRun run = CommandRun.Of("tokenizer", "train", "--data", folder["a.txt"], folder["b.tsv"], "--kind", kind, "--vocabulary", "320", "--out", folder["tokenizer.json"]).ShouldSucceed();
        run.Error.ShouldContain("tokens saved as");
        CommandRun shown = CommandRun.Of("tokenizer", "encode", folder["tokenizer.json"], "the cat").ShouldSucceed();
        shown.Lines.Length.ShouldBe(1);
        shown.Lines[0].ShouldEndWith(kind == "bpe" ? "\tthe Ġcat" : "\t▁the ▁cat");
        CommandRun json = CommandRun.With(["tokenizer", "encode", folder["tokenizer.json"], "--json"], input: "the dog\n好\n").ShouldSucceed();
        json.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("decoded").GetString()).ShouldBe(["the dog", "好"]);
    }

    [Fact]
    public void Wrong_input_is_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["a.txt"], "a\n");
        string output = folder["out.json"];
        CommandRun.Of("tokenizer", "train", "--data", folder["b.txt"], "--out", output).ShouldRefuse("b.txt", "no such file");
        CommandRun.Of("tokenizer", "train", "--data", folder["a.txt"], "--out", output, "--vocabulary", "10").ShouldRefuse("at least 301 tokens");
        CommandRun.Of("tokenizer", "train", "--data", folder["a.txt"], "--out", output, "--kind", "words").ShouldRefuse("words");
        CommandRun.Of("tokenizer", "encode", folder.Path, "a").ShouldRefuse("no tokenizer");
        File.Exists(output).ShouldBeFalse();
    }
}
