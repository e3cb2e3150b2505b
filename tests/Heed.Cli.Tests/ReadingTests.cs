using System.Text;
using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>What the commands say about the files that they read.</summary>
public sealed class ReadingTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] small = ["--epochs", "1", "--hidden", "4", "--embedding", "4", "--attention", "4"];

    [Fact]
    public void Rows_read_kept_and_dropped_are_said_with_reasons()
    {
        using TemporaryFolder folder = new();
        string rows = "label,text\n" + string.Concat(TinyData.Rows(60).Select(row => $"{row.Label},\"{row.Text}\"\n"));
        File.WriteAllText(folder["a.csv"], rows + "billing,\nbilling,one\nbilling,one\n\n");
        CommandRun run = CommandRun.Of(["train", "text", "--data", folder["a.csv"], "--out", folder["model"], "--drop-duplicates", "--drop-empty", .. small]).ShouldSucceed();
        run.Error.ShouldContain($"{folder["a.csv"]}: CSV with commas, header; 64 rows read, 61 kept (empty lines: 1, empty texts: 1, duplicates: 1)");
        CommandRun.Of(["train", "text", "--data", folder["a.csv"], "--out", folder["model"], "--quiet", .. small]).ShouldSucceed().Error.ShouldBeEmpty();
    }

    [Fact]
    public void Texts_in_two_files_are_counted_in_a_warning()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(folder["dev.tsv"], File.ReadLines(model.Data).Skip(1).Take(30).Select(line => line.Split('\t'))
            .Select(row => $"{row[0]}\t  {row[1].ToUpperInvariant()}").Prepend("label\ttext"));
        CommandRun.Of(["train", "text", "--data", model.Data, "--dev", folder["dev.tsv"], "--out", folder["model"], .. small]).ShouldSucceed()
            .Error.ShouldContain($"warning: 30 of the 30 rows of {folder["dev.tsv"]} have a text of {model.Data}");
    }

    [Fact]
    public void Encodings_and_separators_can_be_named()
    {
        using TemporaryFolder folder = new();
        Encoding gb = CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!;
        string rows = string.Concat(Enumerable.Range(0, 40).Select(i => $"{(i % 2 == 0 ? "好" : "坏")}~房间{(i % 2 == 0 ? "很大" : "太小")}，第{i}天\n"));
        File.WriteAllText(folder["a.txt"], "label~text\n" + rows, gb);
        string[] train = ["train", "text", "--data", folder["a.txt"], "--out", folder["model"], .. small];
        CommandRun.Of([.. train, "--separator", "~"]).ShouldRefuse("looks like gb18030");
        CommandRun.Of([.. train, "--encoding", "gb18030", "--separator", "~"]).ShouldSucceed().Error.ShouldContain("CSV with '~', header, gb18030; 40 rows read");
        CommandRun.Of([.. train, "--encoding", "gb-18030"]).ShouldRefuse("no encoding 'gb-18030'", "gb18030");
        CommandRun.Of([.. train, "--separator", "abc"]).ShouldRefuse("--separator must be one character");
        CommandRun.Of([.. train, "--target", "multy"]).ShouldRefuse("--target must be single, multi, ordinal or number");
        File.WriteAllText(folder["b.txt"], "房间很大\n", gb);
        CommandRun.Of("predict", folder["model"], "--file", folder["b.txt"]).ShouldRefuse("looks like gb18030");
        CommandRun.Of("predict", folder["model"], "--file", folder["b.txt"], "--encoding", "gb18030").ShouldSucceed().Out.ShouldContain("房间很大");
    }

    [Fact]
    public void Text_columns_are_joined_or_set_beside_each_other()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(folder["a.tsv"], TinyData.Rows(60).Select((row, i) => $"{row.Label}\t{row.Text}\tsubject {i}\treply").Prepend("label\tbody\tsubject\treply"));
        CommandRun.Of(["train", "text", "--data", folder["a.tsv"], "--text", "subject", "--text", "body", "--pair", "reply", "--out", folder["model"], .. small]).ShouldSucceed();
        TextClassifier.Load(folder["model"]).Encoder.Vocabulary.Id([TextPair.Separator]).ShouldNotBe(Vocabulary.Unknown);
    }

    [Fact]
    public void Rows_are_divided_by_group_or_time()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(folder["a.tsv"], TinyData.Rows(100).Select((row, i) => $"{row.Label}\t{row.Text} {i}\t{i / 5}").Prepend("label\ttext\tn"));
        string[] train = ["train", "text", "--data", folder["a.tsv"], "--out", folder["model"], .. small];
        CommandRun.Of([.. train, "--group", "n"]).ShouldSucceed().Error.ShouldContain("by seed 1, one 'n' in one part)");
        CommandRun.Of([.. train, "--time", "n"]).ShouldSucceed().Error.ShouldContain("80 for training, 10 for dev and 10 for the test (80/10/10, by 'n', oldest rows first)");
        CommandRun.Of([.. train, "--time", "text"]).ShouldRefuse("line 2", "is no time");
        CommandRun.Of([.. train, "--group", "author"]).ShouldRefuse("no column 'author' for the group");
    }

    [Fact]
    public void Offsets_count_units_or_code_points()
    {
        const string text = "👍 the parcel";
        JsonElement units = Answer(), points = Answer("--offsets", "codepoint");
        string[] words = [.. units.GetProperty("weights").EnumerateArray().Select(w => w.GetProperty("text").GetString()!)];
        words.ShouldBe(["👍", "the", "parcel"]);
        Ranges(units).ShouldBe([(0, 2), (3, 3), (7, 6)]);
        Ranges(points).ShouldBe([(0, 1), (2, 3), (6, 6)]);
        CommandRun.Of("predict", model.Model, text, "--offsets", "bytes").ShouldRefuse("utf16 or codepoint");

        JsonElement Answer(params string[] more) => JsonDocument.Parse(CommandRun.Of(["predict", model.Model, text, "--json", .. more]).ShouldSucceed().Out).RootElement;

        static IEnumerable<(int, int)> Ranges(JsonElement answer) =>
            answer.GetProperty("weights").EnumerateArray().Select(w => (w.GetProperty("start").GetInt32(), w.GetProperty("length").GetInt32()));
    }

    [Fact]
    public void Byte_pairs_are_learned_saved_and_used()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--tokens", "byte-pairs", "--merges", "50", .. small]).ShouldSucceed();
        TextEncoder encoder = TextClassifier.Load(folder["model"]).Encoder;
        encoder.Tokenizer.ShouldBeOfType<BytePairTokenizer>().Merges.Count.ShouldBe(50);
        string[] weights = [.. JsonDocument.Parse(CommandRun.Of("predict", folder["model"], "ห้องใหญ่ the chair 👩‍👩‍👧", "--json").ShouldSucceed().Out).RootElement
            .GetProperty("weights").EnumerateArray().Select(w => w.GetProperty("text").GetString()!)];
        string.Concat(weights).ShouldBe("ห้องใหญ่ the chair 👩‍👩‍👧");
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("byte-pair");
    }
}
