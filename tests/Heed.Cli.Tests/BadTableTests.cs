using System.IO.Compression;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>Tables that cannot be learned from: one line with place and fix, exit code 2.</summary>
public sealed class BadTableTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string, string[]> Tables => new()
    {
        { "a.tsv", "text\tlabel\none\tx\ntwo\n", [", line 3, column 4", "the row has 1 field, the first line has 2", "a separator is missing"] },
        { "a.csv", "text,label\none,two,x\n", [", line 2, column 9", "must stand in double quotes"] },
        { "a.csv", "text,label\n\"one,x\ntwo,y\n", [", line 2, column 1", "the quote that opens here is never closed"] },
        { "a.csv", "text,label\n\"o\"ne\",x\n", [", line 2, column 4", "double the quotes"] },
        { "a.tsv", "text\tlabel\no\0ne\tx\n", [", line 2, column 2", "a NUL character", "is this a text file"] },
        { "a.tsv", "t\0e\0x\0t\0\t\0l\0a\0b\0e\0l\0\n\0a\0\t\0b\0", ["utf-16le"] },
        { "a.tsv", "text\tlabel\n\n\n", ["no row is left (empty lines: 2", "the right file"] },
        { "a.tsv", "text\tlabel\n\tx\n\ty\n", ["no row is left", "empty texts: 2", "'text' the text column"] },
        { "a.tsv", "text\tlabel\n", ["there is no row"] },
        { "a.tsv", "", ["the file is empty"] },
        { "a.tsv", "text\tlabel\none\tx\ntwo\t\n", [", line 3", "the label is empty; fill in 'label' or remove the row"] },
        { "a.jsonl", "{\"text\":\"a\",\"label\":\"b\"}\n{\"text\":\"a\"\n", [", line 2", "this is not a JSON object"] },
        { "a.jsonl", "{\"text\":\"a\"}\n", [", line 1", "there is no 'label'"] },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_table_that_cannot_be_read(string name, string content, string[] parts)
    {
        File.WriteAllText(folder[name], content);
        Refuse(name, [name, .. parts]);
    }

    [Fact]
    public void Files_that_are_no_tables()
    {
        File.WriteAllBytes(folder["a.tsv"], [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13]);
        Refuse("a.tsv", "a.tsv: this is a picture");
        var random = new RandomStream(1, "bytes");
        File.WriteAllBytes(folder["a.csv"], [.. Enumerable.Range(0, 100_000).Select(_ => (byte)random.Next(256))]);
        Refuse("a.csv", "a.csv");
        using (var packed = new GZipStream(File.Create(folder["a.tsv.gz"]), CompressionLevel.Optimal))
            packed.Write([.. "text\tlabel\n"u8, .. Enumerable.Range(0, 50_000).SelectMany(i => System.Text.Encoding.ASCII.GetBytes($"{random.Next(1 << 20)}\tx\n"))]);
        using (FileStream cut = new(folder["a.tsv.gz"], FileMode.Open))
            cut.SetLength(cut.Length / 2);
        Refuse("a.tsv.gz", "a.tsv.gz, line ", "cannot be read to its end");
        Refuse(".", "this is a folder");
    }

    [Theory]
    [InlineData("a.tsv", "text\tlabel\n")]
    [InlineData("a.csv", "text,label\n\"")]
    [InlineData("a.jsonl", "{\"text\":\"")]
    public void A_line_of_50_MB(string name, string start)
    {
        using (var writer = new StreamWriter(folder[name]))
        {
            writer.Write(start);
            string part = new('x', 1 << 16);
            for (int i = 0; i < 50 << 4; i++)
                writer.Write(part);
        }
        Refuse(name, name, "longer than 16777216 characters");
    }

    [Fact]
    public void A_row_of_nothing_but_separators()
    {
        File.WriteAllText(folder["a.csv"], "text,label\n" + new string(',', 1_000_000));
        Refuse("a.csv", ", line 2, column 65537", "more than 65536 fields");
    }

    [Fact]
    public void Labels_that_are_no_classes()
    {
        File.WriteAllLines(folder["a.tsv"], Enumerable.Range(0, 300).Select(i => $"{i}.5\ttext").Prepend("label\ttext"));
        Refuse("a.tsv", "a.tsv: there are 300 different labels in 300 rows, such as '0.5'", "is 'label' the label column?");
        File.WriteAllLines(folder["dev.tsv"], ["text\tlabel", "a\t" + new string('z', 1_000_000)]);
        File.WriteAllLines(folder["a.tsv"], TinyData.Rows(60).Select(row => $"{row.Label}\t{row.Text}").Prepend("label\ttext"));
        CommandRun run = Refuse("a.tsv", ["dev.tsv, line 2: the label 'zzz"], "--dev", folder["dev.tsv"]);
        run.Error.Length.ShouldBeLessThan(500);
    }

    [Fact]
    public void No_token_is_left()
    {
        File.WriteAllLines(folder["a.tsv"], TinyData.Rows(60).Select(row => $"{row.Label}\t{row.Text}").Prepend("label\ttext"));
        CommandRun run = CommandRun.Of("train", "text", "--data", folder["a.tsv"], "--out", folder["model"], "--min-count", "1000", "--quiet");
        run.ShouldRefuse("no token occurs 1000 times", "lower the minimum count");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    private void Refuse(string name, params string[] parts) => Refuse(name, parts, []);

    private CommandRun Refuse(string name, string[] parts, params string[] more)
    {
        CommandRun run = CommandRun.Of(["train", "text", "--data", folder[name], "--out", folder["model"], "--drop-empty", .. more]).ShouldRefuse(parts);
        Directory.Exists(folder["model"]).ShouldBeFalse();
        return run;
    }
}
