using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>Whatever a user gets wrong: one line on standard error, exit code 2, and nothing changes on the disk.</summary>
public sealed class BadInputTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    [Fact]
    public void A_missing_file() => Unchanged(folder =>
    {
        CommandRun.Of("train", "text", "--data", folder["absent.tsv"], "--out", folder["model"]).ShouldRefuse("absent.tsv", "no such file");
        CommandRun.Of("eval", model.Model, "--data", folder["absent.tsv"]).ShouldRefuse("absent.tsv");
        CommandRun.Of("predict", model.Model, "--file", folder["absent.tsv"]).ShouldRefuse("absent.tsv");
        CommandRun.Of("predict", folder["nowhere"], "text").ShouldRefuse("nowhere", "no such folder");
        CommandRun.Of("train", "text", "--data", model.Data, "--dev", folder["absent.tsv"], "--out", folder["model"]).ShouldRefuse("absent.tsv");
    });

    [Fact]
    public void A_missing_column() => Unchanged(folder =>
        CommandRun.Of("train", "text", "--data", model.Data, "--text", "txt", "--out", folder["model"]).ShouldRefuse("line 1", "'txt'", "Did you mean 'text'?"));

    [Fact]
    public void A_ragged_row() => Unchanged(folder =>
        CommandRun.Of("train", "text", "--data", folder["ragged.tsv"], "--out", folder["model"]).ShouldRefuse("ragged.tsv, line 3", "3 fields"));

    [Fact]
    public void An_empty_file() => Unchanged(folder =>
    {
        CommandRun.Of("train", "text", "--data", folder["empty.tsv"], "--out", folder["model"]).ShouldRefuse("empty.tsv", "the file is empty");
        CommandRun.Of("predict", model.Model).ShouldRefuse("standard input");
    });

    [Fact]
    public void A_label_that_the_model_does_not_know() => Unchanged(folder =>
        CommandRun.Of("eval", model.Model, "--data", folder["labels.tsv"]).ShouldRefuse("labels.tsv, line 2", "'bilking'", "Did you mean 'billing'?"));

    [Fact]
    public void One_label_only() => Unchanged(folder =>
        CommandRun.Of("train", "text", "--data", folder["same.tsv"], "--out", folder["model"], "--quiet").ShouldRefuse("one label only"));

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("training.json")]
    [InlineData("manifest.json")]
    public void A_truncated_model_folder(string file) => Unchanged(folder =>
    {
        string damaged = folder["damaged"];
        using (FileStream stream = new(Path.Combine(damaged, file), FileMode.Open))
            stream.SetLength(stream.Length / 2);
        foreach (string[] args in new string[][] { ["predict", damaged, "text"], ["describe", damaged], ["eval", damaged, "--data", model.Test] })
            CommandRun.Of(args).ShouldRefuse(file);
    }, changes: Path.Combine("damaged", file));

    [Theory]
    [InlineData("\"hiddenSize\": 12", "\"hiddenSize\": 65536", "more weights than model.safetensors holds")]
    [InlineData("\"hiddenSize\": 12", "\"hiddenSize\": 13", "other shapes")]
    [InlineData("\"version\": 2", "\"version\": 3", "reads up to 2; update it")]
    [InlineData("\"labels\": [", "\"labels\": null, \"x\": [", "is null")]
    [InlineData("\"cell\": \"lstm\"", "\"cell\": null", "lstm or gru")]
    [InlineData("\"temperature\":", "\"temperature\": -1, \"y\":", "above 0")]
    [InlineData("\"target\": \"Single\"", "\"target\": \"Number\"", "does not fit the target")]
    [InlineData("\"target\": \"Single\"", "\"target\": \"Multi\"", "thresholds must be one for each")]
    public void A_hostile_or_newer_configuration(string old, string updated, string expected) => Unchanged(folder =>
    {
        string path = Path.Combine(folder["damaged"], "config.json"), text = File.ReadAllText(path);
        text.ShouldContain(old);
        Forge(folder["damaged"], "config.json", text.Replace(old, updated, StringComparison.Ordinal));
        CommandRun.Of("predict", folder["damaged"], "text").ShouldRefuse(expected == "other shapes" ? "model.safetensors" : "config.json", expected);
    }, changes: "damaged");

    [SkippableFact]
    public void A_full_disk_gives_1()
    {
        Skip.IfNot(File.Exists("/dev/full"), "needs a device that is always full");
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["model"], "--epochs", "1", "--hidden", "4", "--quiet", "--log", "/dev/full");
        run.Code.ShouldBe(1);
        run.Error.ShouldStartWith("heed: the disk is full: ");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    [Fact]
    public void An_unknown_pooling_gets_the_list() => Unchanged(folder =>
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["model"], "--pooling", "avarage").ShouldRefuse("avarage", string.Join(", ", SequencePooling.Names)));

    [Theory]
    [InlineData("--hidden", "0", "0")]
    [InlineData("--hidden", "many", "whole number")]
    [InlineData("--dropout", "1", "[0, 1)")]
    [InlineData("--dropout", "0,5", "decimal point")]
    [InlineData("--monitor", "f2", "macro-f1")]
    [InlineData("--tokens", "bytes", "words, characters or byte-pairs")]
    [InlineData("--threads", "0", "1 to 1024")]
    [InlineData("--min-count", "0", "greater than or equal to '1'")]
    [InlineData("--colour", "red", "--colour")]
    public void A_wrong_option(string option, string value, string expected) => Unchanged(folder =>
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["model"], option, value).ShouldRefuse(expected));

    [Fact]
    public void A_folder_that_is_no_model_is_not_written_to() => Unchanged(folder =>
    {
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["mine"]).ShouldRefuse("mine", "no Heed model");
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["ragged.tsv"]).ShouldRefuse("is a file");
        CommandRun.Of("demo", "--out", folder["mine"]).ShouldRefuse("no Heed model");
    });

    [Fact]
    public void Wrong_usage()
    {
        CommandRun.Of("trian").ShouldRefuse("'trian'", "heed --help");
        CommandRun.Of("train").ShouldRefuse("heed train --help");
        CommandRun.Of("train", "txt").ShouldRefuse("'txt'");
        CommandRun.Of("train", "text", "--out", "model").ShouldRefuse("--data");
        CommandRun.Of("predict").ShouldRefuse("model");
        CommandRun.Of("predict", model.Model, "--wieghts", "text").ShouldRefuse("'--wieghts'");
        CommandRun.Of("predict", model.Model, "text", "--file", "x").ShouldRefuse("not both");
        CommandRun.Of("demo", "--lines", "3").ShouldRefuse("LineCount");
        CommandRun help = CommandRun.Of();
        help.Code.ShouldBe(2);
        help.Out.ShouldBeEmpty();
        help.Error.ShouldContain("predict");
    }

    [Fact]
    public void Behind_two_dashes_everything_is_a_text() =>
        CommandRun.Of("predict", model.Model, "--", "--weights").ShouldSucceed().Out.ShouldEndWith("\t--weights\n");

    // Runs in a folder with some files of the user's, and compares it before and after.
    private void Unchanged(Action<TemporaryFolder> command, string changes = "")
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["ragged.tsv"], "label\ttext\na\tfine\nb\ttoo\tmany\n");
        File.WriteAllText(folder["empty.tsv"], "");
        File.WriteAllText(folder["labels.tsv"], "label\ttext\nbilking\tx\n");
        File.WriteAllText(folder["same.tsv"], string.Concat("label\ttext\n", string.Concat(Enumerable.Range(0, 40).Select(i => $"a\ttext {i}\n"))));
        Directory.CreateDirectory(folder["mine"]);
        File.WriteAllText(Path.Combine(folder["mine"], "diary.txt"), "x");
        Directory.CreateDirectory(folder["damaged"]);
        foreach (string file in Directory.GetFiles(model.Model))
            File.Copy(file, Path.Combine(folder["damaged"], Path.GetFileName(file)));
        string[] before = Contents(folder, changes);
        command(folder);
        Contents(folder, changes).ShouldBe(before);
    }

    // Writes a file of a model with the manifest to match, as only somebody who means it would.
    private static void Forge(string folder, string file, string content)
    {
        string manifest = Path.Combine(folder, "manifest.json"), path = Path.Combine(folder, file);
        string Hash() => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
        (string hash, long length) = (Hash(), new FileInfo(path).Length);
        File.WriteAllText(path, content);
        System.Text.Json.Nodes.JsonNode root = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(manifest))!;
        string text = root.ToJsonString().Replace(hash, Hash(), StringComparison.Ordinal)
            .Replace(FormattableString.Invariant($":{length},"), FormattableString.Invariant($":{new FileInfo(path).Length},"), StringComparison.Ordinal);
        File.WriteAllText(manifest, text);
    }

    private static string[] Contents(TemporaryFolder folder, string except) =>
    [
        .. Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => except.Length == 0 || !path.Contains(except, StringComparison.Ordinal))
            .Select(path => path + (File.Exists(path) ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))) : "/")),
    ];
}
