using Heed.Testing;

namespace Heed.Tests.Data;

public sealed class FeatureTests : IDisposable
{
    private static readonly TextReadOptions options = new() { Categories = ["country", "plan"], Numbers = ["price"] };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Columns_are_learned_from_the_training_rows()
    {
        FeatureEncoder encoder = FeatureEncoder.Build(Train());
        encoder.Categories[0].Values.ShouldBe(["at", "de"]);
        encoder.Categories[1].Values.ShouldBe(["free"]);
        NumberFeature price = encoder.Numbers.ShouldHaveSingleItem();
        price.ShouldBe(new NumberFeature("price", 3, Math.Sqrt(3.5), 1));
        encoder.VectorSize.ShouldBe(4 + 3 + 2);
    }

    [Fact]
    public void Rows_become_ids_numbers_and_vectors()
    {
        FeatureEncoder encoder = FeatureEncoder.Build(Train());
        FeatureTable table = encoder.Encode(Read("country\tplan\tprice\ttext\tlabel\nde\tpaid\t3\tx\tp\nfr\t\tNA\ty\tp\nat\tfree\t1e9\tz\tp\n"));
        table.Ids(0).ToArray().ShouldBe([3, CategoryFeature.Unknown]);
        table.Ids(1).ToArray().ShouldBe([CategoryFeature.Unknown, CategoryFeature.Missing]);
        table.Numbers(0).ToArray().ShouldBe([0f]);
        table.Numbers(2).ToArray().ShouldBe([10f]);
        (table.IsMissing(0, 0), table.IsMissing(1, 0)).ShouldBe((false, true));
        float[] vectors = new float[2 * encoder.VectorSize];
        table.WriteVectors([2, 1], vectors);
        vectors.ShouldBe([0, 0, 1, 0, 0, 0, 1, 10, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1]);
        Should.Throw<ArgumentException>(() => table.WriteVectors([0], new float[8])).Message.ShouldContain("(1, 9)");
        Should.Throw<ArgumentException>(() => encoder.Encode([["de"]])).Message.ShouldContain("row 0 has 1 fields");
        Should.Throw<ArgumentException>(() => encoder.Encode(TextData.FromRows([("a", "b")]))).Message.ShouldContain("'country'");
        Should.Throw<InputException>(() => encoder.Encode([["de", "free", "cheap"]])).Message.ShouldContain("'cheap' in 'price' is no number");
    }

    [Fact]
    public void Missing_values_are_counted_and_no_numbers_refused()
    {
        Train().Counts.ToString().ShouldBe("5 rows read, 5 kept; without country: 1, without price: 1");
        InputException error = Should.Throw<InputException>(() => Read("country\tplan\tprice\ttext\tlabel\nde\tpaid\tcheap\tx\tp\n"));
        error.Message.ShouldContain(", line 2: 'cheap' in 'price' is no number");
        Read("""{"text":"x","label":"p","country":"de","price":2}""", "a.jsonl").Counts.Noted.ShouldBe([new("without plan", 1)]);
        Should.Throw<InputException>(() => Read("country\tprice\ttext\tlabel\n")).Message.ShouldContain("no column 'plan' for the category");
    }

    [Fact]
    public void Limits_keep_the_frequent_values()
    {
        TextReadOptions one = new() { Categories = ["c"] };
        TextData data = TextData.FromRows("b a b a c c c d".Split(' ').Select((c, i) => new TextRow($"{i}", "p", 0) { Values = [c] }), one);
        FeatureEncoder.Build(data, new() { MinimumCount = 1 }).Categories[0].Values.ShouldBe(["a", "b", "c", "d"]);
        FeatureEncoder.Build(data, new() { MaximumSize = 2 }).Categories[0].Values.ShouldBe(["a", "c"]);
        Should.Throw<ArgumentOutOfRangeException>(() => FeatureEncoder.Build(data, new() { MinimumCount = 0 }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4 4 4")]
    [InlineData("1e308 -1e308 1e308")]
    public void Odd_numbers_stay_finite(string numbers)
    {
        IEnumerable<TextRow> rows = numbers.Split(' ').Select((n, i) => new TextRow($"{i}", "p", 0) { Values = [n] });
        TextData data = TextData.FromRows(rows, new() { Numbers = ["n"] });
        FeatureTable table = FeatureEncoder.Build(data).Encode(data);
        for (int i = 0; i < table.Count; i++)
            float.IsFinite(table.Numbers(i)[0]).ShouldBeTrue();
    }

    [Fact]
    public void Comes_back_from_its_file_and_damage_is_one_error()
    {
        FeatureEncoder encoder = FeatureEncoder.Build(Train());
        string path = folder["features.json"];
        using (FileStream stream = File.Create(path))
            encoder.Save(stream);
        FeatureEncoder loaded = FeatureEncoder.Load(path);
        loaded.Numbers.ShouldBe(encoder.Numbers);
        loaded.Categories.Select(c => string.Join('|', c.Values)).ShouldBe(encoder.Categories.Select(c => string.Join('|', c.Values)));
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length += 3)
        {
            File.WriteAllBytes(path, whole[..length]);
            Should.Throw<InputException>(() => FeatureEncoder.Load(path)).Message.ShouldStartWith(path);
        }
        File.WriteAllText(path, """{"format":"heed-features","version":2}""");
        Should.Throw<InputException>(() => FeatureEncoder.Load(path)).Message.ShouldContain("newer Heed");
        File.WriteAllText(path, """{"format":"heed-features","version":1,"categories":[],"numbers":[{"name":"a","mean":1,"deviation":0,"missing":0}]}""");
        Should.Throw<InputException>(() => FeatureEncoder.Load(path)).Message.ShouldContain("out of its range");
    }

    private TextData Train() => Read(
        "country\tplan\tprice\ttext\tlabel\nde\tfree\t2\ta\tp\nde\tfree\t1\tb\tp\nat\tpaid\tNA\tc\tn\nat\tfree\t3\td\tp\n\tfree\t6\te\tn\n");

    private TextData Read(string content, string name = "a.tsv")
    {
        File.WriteAllText(folder[name], content);
        return TextData.Read(folder[name], options);
    }
}
