using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Data;

public class TextTableTests
{
    private static readonly TextReadOptions unlabelled = new() { Label = null };

    [Fact]
    public void Plain_lines_are_texts_for_prediction()
    {
        Rows("one, two\n\nthree\n", unlabelled).Select(row => row.Text).ShouldBe(["one, two", "", "three"]);
        Rows("one; two", unlabelled with { Label = "label", LabelRequired = false }).ShouldBe([new TextRow("one; two", null, 1)]);
    }

    [Fact]
    public void A_header_is_seen_without_labels_too()
    {
        Rows("id\ttext\n1\tone\n", unlabelled).ShouldBe([new TextRow("one", null, 2)]);
        Rows("text\none\n", unlabelled).ShouldBe([new TextRow("one", null, 2)]);
        Rows("""{"text":"one"}""", unlabelled).ShouldBe([new TextRow("one", null, 1)]);
    }

    [Fact]
    public void Labels_are_read_where_they_stand()
    {
        var options = new TextReadOptions { LabelRequired = false };
        Rows("label,text\nx,one\n,two\n", options).ShouldBe([new TextRow("one", "x", 2), new TextRow("two", null, 3)]);
        Rows("text,id\none,1\n", options).ShouldBe([new TextRow("one", null, 2)]);
    }

    [Fact]
    public void Rows_arrive_while_the_source_is_still_open()
    {
        using var endless = new EndlessRows();
        using TextTable table = TextTable.Open(endless);
        table.Take(100_000).Last().ShouldBe(new TextRow("good", "pos", 100_001));
        table.Format.Kind.ShouldBe(TextFormat.Tsv);
        table.Columns.ShouldBe(["text", "label"]);
    }

    [Fact]
    public void Bytes_may_come_in_drops_and_compressed()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("text\tlabel\nä€𝄞\tx\n");
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        foreach (byte[] content in new[] { bytes, packed.ToArray() })
        {
            using TextTable table = TextTable.Open(new DropByDrop(content));
            table.ShouldBe([new TextRow("ä€𝄞", "x", 2)]);
        }
    }

    [Property(MaxTest = 300)]
    public Property Csv_gives_back_every_field() => Prop.ForAll(Fields(), fields =>
    {
        foreach (char separator in ",;")
        {
            var csv = new StringBuilder($"text{separator}label\n");
            foreach (string field in fields)
                csv.Append('"').Append(field.Replace("\"", "\"\"")).Append('"').Append(separator).Append("x\r\n");
            Rows(csv.ToString(), new TextReadOptions { Format = TextFormat.Csv }).Select(row => row.Text).ShouldBe(fields);
        }
    });

    private static Arbitrary<string[]> Fields() => Gen.Elements('a', '"', ',', ';', '\n', ' ', 'é', '\t').ListOf()
        .Select(units => new string([.. units])).ListOf().Select(list => list.ToArray()).ToArbitrary();

    private static TextRow[] Rows(string content, TextReadOptions options) => [.. TextTable.ReadRows(new StringReader(content), options)];

    internal sealed class EndlessRows(string text = "good") : TextReader
    {
        private readonly string line = $"{text}\tpos\n";
        private int row;

        public override int Read(Span<char> buffer)
        {
            string next = row++ == 0 ? "text\tlabel\n" : line;
            next.CopyTo(buffer);
            return next.Length;
        }
    }

    private sealed class DropByDrop(byte[] content) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));
    }
}
