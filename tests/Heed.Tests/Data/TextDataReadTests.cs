using System.IO.Compression;
using System.Text;
using Heed.Testing;

namespace Heed.Tests.Data;

public sealed class TextDataReadTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("heed").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, string, string> Readable => new()
    {
        { "a.tsv", "label\ttext\npos\tgood \"thing\"\nneg\t\n", "TSV, header" },
        { "a.tsv", "\uFEFFtext\tother\tlabel\r\ngood \"thing\"\t1\tpos\r\n\r\n\t\t neg \r\n", "TSV, header" },
        { "a.csv", "label,text\npos,\"good \"\"thing\"\"\"\nneg,", "CSV with commas, header" },
        { "a.csv", "\"label\";\"text\"\npos;\"good \"\"thing\"\"\"\nneg;\n", "CSV with semicolons, header" },
        { "a.jsonl", """{"text":"good \"thing\"","x":[1,{"text":2}],"label":"pos"}""" + "\n\n" + """{"label":"neg","text":""}""", "JSON Lines" },
        { "unknown", """{"text":"good \"thing\"","label":"pos"}""" + "\n" + """{"label":"neg","text":""}""", "JSON Lines" },
        { "a.txt", "label\ttext\npos\tgood \"thing\"\nneg\t\n", "TSV, header" },
        { "a.csv", "label\ttext\npos\t\"good \"\"thing\"\"\"\nneg\t\n", "CSV with tabs, header" },
        { "a.csv", "label|a,b,c|text\npos|,|good \"thing\"\nneg||\n", "CSV with bars, header" },
        { "a.tsv", "label,text\npos,good \"thing\"\nneg,\n", "CSV with commas, header" },
        { "a.data", "label;text\npos;good \"thing\"\nneg;\n", "CSV with semicolons, header" },
    };

    [Theory]
    [MemberData(nameof(Readable))]
    public void Reads_each_format_plain_and_compressed(string file, string content, string format)
    {
        foreach (bool compressed in new[] { false, true })
        {
            TextData data = TextData.Read(Write(file, content, compressed));
            data.LabelNames.ShouldBe(["neg", "pos"]);
            data.Select(row => (row.Text, row.Label)).ShouldBe([("good \"thing\"", 1), ("", 0)]);
            data.Format!.ToString().ShouldBe(format + (compressed ? ", gzip" : ""));
        }
    }

    [Fact]
    public void Reads_a_table_without_header_by_numbers()
    {
        string path = Write("a.tsv", "pos\tgood\nneg\tbad\n");
        TextData data = TextData.Read(path, text: "2", label: "1");
        data.Select(row => (row.Text, data.LabelNames[row.Label], row.Line)).ShouldBe([("good", "pos", 1L), ("bad", "neg", 2L)]);
        TextData.Read(path, new TextReadOptions { Text = "2", Label = "1", Header = true }).Count.ShouldBe(1);
    }

    [Fact]
    public void Keeps_line_ends_in_quoted_fields_and_counts_lines()
    {
        TextData data = TextData.Read(Write("a.csv", "text,label\n\"one,\r\ntwo \"\"2\"\"\n\",a\nthree,b\n"));
        data.Select(row => (row.Text, row.Line)).ShouldBe([("one,\ntwo \"2\"\n", 2L), ("three", 5L)]);
    }

    [Fact]
    public void Reads_quoted_tsv_when_asked()
    {
        string path = Write("a.tsv", "text\tlabel\n\"a\tb\"\tx\n");
        TextData.Read(path, new TextReadOptions { Quoted = true })[0].Text.ShouldBe("a\tb");
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldBe(
            $"{path}, line 2, column 7: the row has 3 fields, the first line has 2; a tab inside a text must become a space (or ask for quoting).");
    }

    [Fact]
    public void Counts_what_was_dropped_and_why()
    {
        string path = Write("a.tsv", "text\tlabel\na\tx\na\tx\na\ty\n\tx\n\n");
        TextData data = TextData.Read(path, new TextReadOptions { DropDuplicates = true, DropEmptyTexts = true });
        data.Counts.ToString().ShouldBe("5 rows read, 2 kept (empty lines: 1, empty texts: 1, duplicates: 1); "
            + "texts that were there before: 1, of these with another label: 1");
        data.Select(row => (row.Text, row.Label)).ShouldBe([("a", 0), ("a", 1)]);
        TextData.Read(path).Counts.Kept.ShouldBe(4);
    }

    [Fact]
    public void Json_labels_may_be_numbers_and_truth_values() =>
        TextData.Read(Write("a.jsonl", """{"text":"a","label":1}""" + "\n" + """{"text":"b","label":true}""")).LabelNames.ShouldBe(["1", "true"]);

    [Fact]
    public void Label_names_are_sorted_ordinally_or_given()
    {
        string path = Write("a.tsv", "text\tlabel\na\tb\nb\tä\nc\tZ\nd\ta\n");
        TextData.Read(path).LabelNames.ShouldBe(["Z", "a", "b", "ä"]);
        TextData given = TextData.Read(path, new TextReadOptions { LabelNames = ["b", "none", "ä", "a", "Z"] });
        given.Select(row => row.Label).ShouldBe([0, 2, 4, 3]);
        given.CountLabels().ShouldBe([1, 0, 1, 1, 1]);
    }

    public static TheoryData<string, string, string> Broken => new()
    {
        { "a.tsv", "", ": the file is empty" },
        { "a.tsv", "text\tlabel\n", ": there is no row" },
        { "a.tsv", "text\tlabel\n\n\n", ": no row is left" },
        { "a.tsv", "text\tlabel\na\tx\nb\n", ", line 3, column 2: the row has 1 field, the first line has 2" },
        { "a.csv", "text,label\na,b,c\n", ", line 2, column 5: the row has 3 fields" },
        { "a.tsv", "txt\tlabel\na\tx\n", ", line 1: there is no column 'text' for the text; the first line has 'txt', 'label'. Did you mean 'txt'?" },
        { "a.tsv", "text\tLabel\na\tx\n", "no column 'label' for the label; the first line has 'text', 'Label'. Did you mean 'Label'?" },
        { "a.tsv", "good film\tpos\n", "give the columns by number" },
        { "a.tsv", "text\tlabel\na\t \n", ", line 2: the label is empty" },
        { "a.csv", "text,label\n\"a,b\n\nc", ", line 2, column 1: the quote that opens here is never closed" },
        { "a.csv", "text,label\n\"a\"b,c\n", ", line 2, column 4: something follows a closing quote" },
        { "a.jsonl", "{\"text\":\"a\",\"label\":\"b\"}\n{\"text\":\"ä\",}\n", ", line 2, column 13: this is not a JSON object" },
        { "a.jsonl", "{\"text\":\"a\",\"label\":\"b\"} x\n", ", line 1, column 26: this is not a JSON object" },
        { "a.jsonl", "[{\"text\":\"a\"}]", "without brackets" },
        { "a.jsonl", "[\n{\"text\":\"a\"}\n]", "without brackets" },
        { "a.jsonl", "{\"text\":\"a\",\"labels\":\"b\"}", ", line 1: there is no 'label'; the object has 'text', 'labels'. Did you mean 'labels'?" },
        { "a.jsonl", "{\"text\":3,\"label\":\"b\"}", ", line 1: 'text' is not a string" },
        { "a.jsonl", "{\"text\":\"a\",\"label\":null}", ", line 1: the label is empty" },
        { "a.jsonl", "{\"text\":\"\\ud800\",\"label\":\"b\"}", ", line 1: a string holds half of a surrogate pair" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_input_is_one_error_with_its_place(string file, string content, string expected)
    {
        string path = Write(file, content);
        InputException error = Should.Throw<InputException>(() => TextData.Read(path));
        error.Message.ShouldContain(expected);
        error.Message.ShouldStartWith(path);
        error.Message.ShouldNotContain("\n");
    }

    [Fact]
    public void Missing_file_and_folder_are_input_errors()
    {
        Should.Throw<InputException>(() => TextData.Read(Path.Combine(folder, "none.tsv"))).Message.ShouldContain("no such file");
        Should.Throw<InputException>(() => TextData.Read(Path.Combine(folder, "no", "none.tsv"))).Message.ShouldContain("no such file");
        Should.Throw<InputException>(() => TextData.Read(folder)).Message.ShouldContain("folder");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30_000)]
    public void Bytes_that_are_no_UTF8_are_an_error_with_line_and_column(int line)
    {
        byte[] rows = Encoding.UTF8.GetBytes("text\tlabel\n" + string.Concat(Enumerable.Repeat("grün\tx\n", line)) + "gr");
        foreach (byte[] tail in new byte[][] { [0xFC, (byte)'n'], [0xE4, 0xBD], [0xED, 0xA0, 0x80] })
        {
            string path = Path.Combine(folder, "a.tsv");
            File.WriteAllBytes(path, [.. rows, .. tail]);
            InputException error = Should.Throw<InputException>(() => TextData.Read(path));
            (error.Line, error.Column).ShouldBe((line + 2, 3));
            error.Message.ShouldContain("UTF-8");
        }
    }

    [Fact]
    public void Other_kinds_of_files_are_named()
    {
        string path = Path.Combine(folder, "a.tsv");
        File.WriteAllText(path, "text\tlabel\na\tb\n", Encoding.UTF32);
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldContain("UTF-32");
        File.WriteAllText(path, "text\tlabel\na\0b\tb\n");
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldContain(", line 2, column 2: there is a NUL character");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * i * 31 >> 3))]);
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldStartWith(path);
        File.WriteAllText(path, "%PDF-1.7\n");
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldContain("a PDF file");
        File.WriteAllBytes(path, [(byte)'P', (byte)'K', 3, 4, 0, 0]);
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldContain("spreadsheet");
        File.WriteAllText(path, "text\tlabel\n" + new string('x', 2000));
        var options = new TextReadOptions { MaximumRowLength = 1000 };
        Should.Throw<InputException>(() => TextData.Read(path, options)).Message.ShouldContain("longer than 1000");
    }

    [Fact]
    public void A_cut_or_damaged_gzip_file_is_an_input_error()
    {
        string rows = string.Concat(Enumerable.Range(0, 5000).Select(i => $"row {i * 7919 % 10007}\tx\n"));
        string path = Write("a.tsv", "text\tlabel\n" + rows, compressed: true);
        byte[] whole = File.ReadAllBytes(path);
        foreach (int length in new[] { 7, 12, whole.Length / 2, whole.Length - 20, whole.Length - 8, whole.Length - 4, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..length]);
            InputException error = Should.Throw<InputException>(() => TextData.Read(path), $"{length} bytes");
            error.Message.ShouldStartWith(path);
            error.Message.ShouldContain("it was cut off");
        }
        whole[whole.Length / 2] ^= 0x55;
        File.WriteAllBytes(path, whole);
        Should.Throw<InputException>(() => TextData.Read(path)).Message.ShouldStartWith(path);
    }

    [Fact]
    public void Several_gzip_members_are_one_file()
    {
        string first = Write("a.tsv", "text\tlabel\none\tx\n", compressed: true), second = Write("b.tsv", string.Concat(Enumerable.Repeat("two\tx\n", 9)), compressed: true);
        byte[] both = [.. File.ReadAllBytes(first), .. File.ReadAllBytes(second)];
        File.WriteAllBytes(first, both);
        TextData.Read(first).Count.ShouldBe(10);
        File.WriteAllBytes(first, both[..^5]);
        Should.Throw<InputException>(() => TextData.Read(first)).Message.ShouldContain("it was cut off");
    }

    [Fact]
    public void An_unknown_label_names_label_line_and_known_ones()
    {
        string path = Write("a.tsv", "text\tlabel\na\t1\nb\tpositiv\n");
        var options = new TextReadOptions { LabelNames = ["1", "positive", .. Enumerable.Range(10, 20).Select(i => $"{i}")] };
        Should.Throw<InputException>(() => TextData.Read(path, options)).Message.ShouldBe(
            $"{path}, line 3: the label 'positiv' is not known; known are "
            + "'1', 'positive', '10', '11', '12', '13', '14', '15', '16', '17' and 12 more. Did you mean 'positive'?");
    }

    [SkippableFact]
    public void Real_sets_have_the_rows_that_their_descriptions_say()
    {
        (string File, int Rows)[] sets =
            [("sst2/train.tsv", 6920), ("waimai_10k/all.tsv", 11987), ("sms_spam/all.tsv", 5574), ("imdb/test.tsv.gz", 0)];
        Skip.If(sets.Any(set => RealData.Find(set.File) is null), RealData.Reason);
        foreach ((string file, int rows) in sets[..3])
            TextData.Read(RealData.Find(file)!).Count.ShouldBe(rows);
        TextTable.ReadRows(RealData.Find("imdb/test.tsv.gz")!).Take(100).Count(row => row.Label is "0" or "1").ShouldBe(100);
    }

    private string Write(string file, string content, bool compressed = false)
    {
        string path = Path.Combine(folder, compressed ? file + ".gz" : file);
        using Stream stream = compressed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        stream.Write(Encoding.UTF8.GetBytes(content));
        return path;
    }
}
