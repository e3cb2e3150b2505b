using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Data;

/// <summary>Whatever the bytes are, a reader gives rows or one <see cref="InputException"/>, and takes memory in proportion to them.</summary>
public class ReaderFuzzTests
{
    private const string Rows = "id\ttext\tlabel\n1\tgood \"thing\", très bien\tpos\n2\t好吃；还行\tneg\n3\t\tneg\r\n\n4\t👍 ok\tpos\n";

    private static readonly byte[][] specials =
    [
        [0], [0xFF], [0xFE, 0xFF], [0xEF, 0xBB, 0xBF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80], "\""u8.ToArray(), "\"\""u8.ToArray(), "\n"u8.ToArray(), "\r\n"u8.ToArray(),
        "\t"u8.ToArray(), ","u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(), "[[[[[[[["u8.ToArray(), "\\ud800"u8.ToArray(), "\\u0000"u8.ToArray(), "1e999"u8.ToArray(), "|"u8.ToArray(),
        [0x1F, 0x8B], [0x81], [0x84, 0x31, 0xA4, 0x37], "text"u8.ToArray(), "\u2028"u8.ToArray(), "\u001E"u8.ToArray(),
    ];

    public static TheoryData<string, string?> Kinds => new()
    {
        { "a.tsv", null }, { "a.csv", null }, { "a.jsonl", null }, { "a.txt", null }, { "a.tsv", "utf-16" }, { "a.csv", "utf-16be" }, { "a.tsv", "gb18030" },
        { "a.tsv", "windows-1252" }, { "a.tsv", "shift_jis" }, { "a.tsv.gz", null },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Mutated_files(string name, string? encoding)
    {
        byte[] whole = Content(name, encoding);
        var random = new RandomStream(20261125, name + encoding);
        int read = 0, refused = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] mutated = Mutate(whole, random);
            TextReadOptions options = Options(random, encoding);
            bool isRead = Survives(mutated, name, options, $"round {round}");
            read += isRead ? 1 : 0;
            refused += isRead ? 0 : 1;
        }
        read.ShouldBeGreaterThan(20, "mutations that always break the file test little");
        refused.ShouldBeGreaterThan(20);
    }

    [Property(MaxTest = 300)]
    public void Arbitrary_bytes(byte[] bytes)
    {
        foreach (string name in new[] { "a.tsv", "a.csv", "a.jsonl", "a.gz" })
            Survives(bytes, name, new TextReadOptions(), name);
    }

    [Property(MaxTest = 300)]
    public Property Arbitrary_tables() => Prop.ForAll(
        Gen.Elements("\"", "\t", ",", "\n", "\r", "text", "label", "x", "好", " ", "{\"text\":", "\"a\"", "}", "\\", "|", ";", "0").ListOf().Select(string.Concat).ToArbitrary(), table =>
    {
        foreach (string name in new[] { "a.tsv", "a.csv", "a.jsonl", "a" })
        {
            Survives(Encoding.UTF8.GetBytes(table), name, new TextReadOptions { LabelRequired = false }, name);
            Survives(Encoding.UTF8.GetBytes("text,label\n" + table), name, new TextReadOptions(), name);
        }
    });

    // A small file that unpacks to a row without end, and depths and widths that a parser may stumble over.
    [Fact]
    public void Bombs()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] block = new byte[1 << 20];
            Array.Fill(block, (byte)'x');
            gzip.Write("text\tlabel\n"u8);
            for (int i = 0; i < 200; i++)
                gzip.Write(block);
        }
        packed.Length.ShouldBeLessThan(1 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InputException>(() => TextTable.Open(new MemoryStream(packed.ToArray())).Count()).Message.ShouldContain("longer than");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(200 << 20);
        foreach (string deep in new[] { new string('[', 100_000), "{\"text\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), "{" + string.Concat(Enumerable.Repeat("\"a\":1,", 100_000)) })
            Survives(Encoding.UTF8.GetBytes(deep), "a.jsonl", new TextReadOptions(), "deep").ShouldBeFalse();
    }

    private static bool Survives(byte[] bytes, string name, TextReadOptions options, string context)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isRead = true;
        try
        {
            using TextTable table = TextTable.Open(new MemoryStream(bytes), options, name);
            TextRow[] rows = [.. table.Where(row => row.Label is not null)];
            if (rows.Length > 0)
                TextData.FromRows(rows, options).Split(1);
        }
        catch (InputException e)
        {
            isRead = false;
            e.Message.Length.ShouldBeLessThan(1500, context);
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException($"{context}: {e.GetType().Name} on {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 400)))}", e);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((4L << 20) + 400L * bytes.Length, context);
        return isRead;
    }

    private static TextReadOptions Options(RandomStream random, string? encoding) => new()
    {
        Encoding = encoding,
        Quoted = random.Next(3) == 0 ? true : null,
        LabelRequired = random.Next(4) > 0,
        Target = random.Next(4) == 0 ? TargetKind.Multi : TargetKind.Single,
        Categories = random.Next(4) == 0 ? ["id"] : [],
        Numbers = random.Next(4) == 0 ? ["id"] : [],
        Group = random.Next(6) == 0 ? "id" : null,
        Time = random.Next(6) == 0 ? "id" : null,
    };

    private static byte[] Content(string name, string? encoding)
    {
        string rows = encoding == "windows-1252" ? Rows.Replace("好吃；还行", "café", StringComparison.Ordinal).Replace("👍", "€", StringComparison.Ordinal)
            : encoding == "shift_jis" ? Rows.Replace("très", "tres", StringComparison.Ordinal).Replace("还", "良", StringComparison.Ordinal).Replace("👍", "。", StringComparison.Ordinal) : Rows;
        string content = name switch
        {
            "a.csv" => "id,text,label\n1,\"good \"\"thing\"\", très\nbien\",pos\n2,\"好吃；还行\",neg\n3,,neg\n4,ok,pos\n",
            "a.jsonl" => "{\"id\":1,\"text\":\"good \\\"thing\\\"\",\"label\":\"pos\"}\n{\"label\":[\"a\",\"b\"],\"text\":\"好\\ud83d\\udc4d\",\"id\":null}\n{\"text\":\"\",\"label\":true,\"x\":[1,{\"y\":2}]}\n",
            _ => rows,
        };
        byte[] bytes = (encoding is null ? Encoding.UTF8 : TextEncodingName.Find(encoding)).GetBytes(content);
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
            return bytes;
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Mutate(byte[] whole, RandomStream random)
    {
        List<byte> bytes = [.. whole];
        for (int change = random.Next(4); change >= 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(1 + random.Next(8), bytes.Count - at)); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(1 + random.Next(60), bytes.Count - at))); break;
                default: bytes.InsertRange(at, Enumerable.Repeat(specials[random.Next(specials.Length)], 1 + random.Next(3) * random.Next(40)).SelectMany(s => s)); break;
            }
        }
        return [.. bytes];
    }
}
