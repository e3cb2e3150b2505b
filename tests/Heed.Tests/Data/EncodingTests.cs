using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Tests.Data;

public sealed class EncodingTests : IDisposable
{
    private const string Chinese = "房间很大，服务也不错，下次还会来住。价格有点贵，但是位置很好，交通方便。";
    private const string Russian = "Комната была большой и чистой, завтрак вкусный, приедем ещё раз. ";
    private const string French = "La chambre était grande, le petit-déjeuner très bon; nous reviendrons à Noël. ";
    private const string Greek = "Το δωμάτιο ήταν μεγάλο και καθαρό, το πρωινό πολύ καλό. ";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Encodings => new()
    {
        { "utf-8", Chinese }, { "gb18030", Chinese }, { "gbk", Chinese }, { "utf-16le", Chinese }, { "utf-16be", Russian }, { "utf-16", French },
        { "windows-1251", Russian }, { "windows-1252", French }, { "cp1252", French }, { "windows-1253", Greek }, { "iso-8859-1", French },
        { "koi8-r", Russian }, { "big5", "房間很大" }, { "shift_jis", "部屋は広い" }, { "euc-kr", "방이 크다" }, { "windows-1256", "الغرفة كبيرة" },
        { "windows-1255", "החדר גדול" }, { "windows-874", "ห้องใหญ่" }, { "utf-32", Russian },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Reads_what_the_encoding_holds(string name, string text)
    {
        foreach (int times in new[] { 1, 3000 })
        {
            string long_ = string.Concat(Enumerable.Repeat(text, times));
            string path = Write(name, $"text\tlabel\n{long_}\tx\nplain\ty\n");
            TextData data = TextData.Read(path, new TextReadOptions { Encoding = name });
            data.Texts.ShouldBe([long_, "plain"]);
            data.Format!.ToString().ShouldBe("TSV, header" + (name == "utf-8" ? "" : ", " + TextEncodingName.Normal(name)));
        }
    }

    [Theory]
    [InlineData("utf-16le")]
    [InlineData("utf-16be")]
    [InlineData("utf-8")]
    public void A_byte_order_mark_says_the_encoding(string name)
    {
        string path = Write(name, "\uFEFFtext\tlabel\n" + Chinese + "\tx\n");
        TextData.Read(path).Texts.ShouldBe([Chinese]);
        TextData.Read(path, new TextReadOptions { Encoding = name }).Texts.ShouldBe([Chinese]);
        Should.Throw<InputException>(() => TextData.Read(path, new TextReadOptions { Encoding = "gb18030" })).Message
            .ShouldContain($"said to be gb18030, but the byte order mark says {name}");
    }

    [Theory]
    [InlineData("gb18030", Chinese)]
    [InlineData("windows-1252", French)]
    [InlineData("windows-1251", Russian)]
    public void Without_a_name_the_message_says_what_it_looks_like(string name, string text)
    {
        string path = Write(name, $"label\ttext\nx\t{text}{text}\n");
        InputException error = Should.Throw<InputException>(() => TextData.Read(path));
        error.Message.ShouldContain($"this is not UTF-8 text; it looks like {name}");
        error.Line.ShouldBe(2);
    }

    [Theory]
    [InlineData("utf-8", "gb18030", Chinese, "utf-8")]
    [InlineData("utf-8", "windows-1252", French, "utf-8")]
    [InlineData("utf-8", "windows-1251", Russian, "utf-8")]
    [InlineData("utf-8", "utf-16", French, "utf-8")]
    [InlineData("gb18030", "windows-1252", Chinese, "gb18030")]
    [InlineData("gb18030", "windows-1251", Chinese, "gb18030")]
    [InlineData("gb18030", "utf-8", Chinese, "gb18030")]
    [InlineData("windows-1251", "windows-1252", Russian, "windows-1251")]
    [InlineData("windows-1252", "gb18030", French, "windows-1252")]
    [InlineData("utf-16le", "gb18030", Chinese, "utf-16le")]
    [InlineData("utf-16le", "utf-8", French, "utf-16le")]
    [InlineData("utf-16be", "windows-1252", French, "utf-16be")]
    public void A_wrong_name_is_noticed_and_the_right_one_named(string actual, string said, string text, string expected)
    {
        foreach (int times in new[] { 1, 2, 500 })
        {
            string path = Write(actual, "label\ttext\n" + string.Concat(Enumerable.Repeat($"x\t{text}\n", times)));
            InputException error = Should.Throw<InputException>(() => TextData.Read(path, new TextReadOptions { Encoding = said }), $"{times}");
            error.Message.ShouldContain(expected);
            error.Message.ShouldStartWith(path);
        }
    }

    [Fact]
    public void Bytes_that_an_encoding_leaves_open_have_a_place()
    {
        string path = folder["a.tsv"];
        File.WriteAllBytes(path, [.. "text\tlabel\nab"u8, 0x81, .. "\tx\n"u8]);
        InputException error = Should.Throw<InputException>(() => TextData.Read(path, new TextReadOptions { Encoding = "windows-1252" }));
        (error.Line, error.Column).ShouldBe((2, 3));
        error.Message.ShouldContain("no character of windows-1252");
        File.WriteAllBytes(path, [.. Bytes("gb18030", "text\tlabel\n" + Chinese), 0xFF, .. "\tx\n"u8]);
        error = Should.Throw<InputException>(() => TextData.Read(path, new TextReadOptions { Encoding = "gb18030" }));
        (error.Line, error.Column).ShouldBe((2, Chinese.Length + 1));
        File.WriteAllBytes(path, [.. Bytes("gb18030", "text\tlabel\n" + Chinese), 0xB7]);
        Should.Throw<InputException>(() => TextData.Read(path, new TextReadOptions { Encoding = "gb18030" })).Column.ShouldBe(Chinese.Length + 1);
    }

    [Fact]
    public void An_unknown_encoding_gets_the_list() =>
        Should.Throw<ArgumentException>(() => new TextReadOptions { Encoding = "windows-1525" }.Validate()).Message.ShouldContain("Did you mean 'windows-125");

    [Fact]
    public void Nothing_is_registered_in_the_process()
    {
        TextData.Read(Write("gb18030", "text\tlabel\n" + Chinese + "\tx\n"), new TextReadOptions { Encoding = "gb18030" });
        Should.Throw<ArgumentException>(() => Encoding.GetEncoding("gb18030"));
    }

    [Property(MaxTest = 200)]
    public Property Short_texts_of_any_letters_come_back() => Prop.ForAll(
        Gen.Elements("été", "naïve", "ÄÖÜ", "ß", "œuvre", "€5", "a", "“q”", " ", "Ñandú", "Ã", "façade – l’été").NonEmptyListOf().Select(words => string.Join(' ', words)).ToArbitrary(),
        text => TextData.Read(Write("windows-1252", $"text\tlabel\n{text}\tx\n"), new TextReadOptions { Encoding = "windows-1252" }).Texts.ShouldBe([text]));

    private static byte[] Bytes(string name, string content)
    {
        name = TextEncodingName.Normal(name);
        return TextEncodingName.Find(name).GetBytes(content);
    }

    private string Write(string name, string content)
    {
        File.WriteAllBytes(folder["a.tsv"], Bytes(name, content));
        return folder["a.tsv"];
    }
}
