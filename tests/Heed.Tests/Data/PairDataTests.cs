namespace Heed.Tests.Data;

public sealed class PairDataTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("heed-pairs").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("pairs.tsv", "source\ttarget\nhello\tbonjour\n\ngood\tbien\n")]
    [InlineData("pairs.csv", "target,source\nbonjour,hello\n\nbien,good\n")]
    [InlineData("pairs.jsonl", "{\"source\": \"hello\", \"target\": \"bonjour\"}\n\n{\"target\": \"bien\", \"source\": \"good\"}\n")]
    public void Tables_of_any_kind_are_read(string name, string text)
    {
        PairData data = PairData.Read(Write(name, text));
        data.Select(row => (row.Source, row.Target)).ShouldBe([("hello", "bonjour"), ("good", "bien")]);
        data.Counts.ToString().ShouldBe("3 rows read, 2 kept (empty lines: 1)");
    }

    [Fact]
    public void Columns_are_named_or_numbered()
    {
        PairData.Read(Write("a.tsv", "en\tde\nyes\tja\n"), new PairReadOptions { Source = "de", Target = "en" })[0].ShouldBe(new PairExample("ja", "yes", 2));
        PairData.Read(Write("b.tsv", "yes\tja\n"), new PairReadOptions { Source = "1", Target = "2" })[0].Target.ShouldBe("ja");
        Should.Throw<InputException>(() => PairData.Read(Write("c.tsv", "en\tde\nyes\tja\n"))).Message.ShouldContain("no column 'source'");
        Should.Throw<ArgumentException>(() => PairData.Read("x", new PairReadOptions { Source = "en", Target = "en" })).Message.ShouldContain("both the column 'en'");
    }

    [Fact]
    public void Two_files_belong_together_line_by_line()
    {
        string source = Write("a.en", "yes\nno\n"), target = Write("a.de", "ja\nnein\n"), shorter = Write("b.de", "ja\n");
        PairData.ReadFiles(source, target)[1].ShouldBe(new PairExample("no", "nein", 2));
        InputException error = Should.Throw<InputException>(() => PairData.ReadFiles(source, shorter));
        error.Message.ShouldContain("b.de, line 2");
        error.Message.ShouldContain("has 1 lines, but");
        Should.Throw<InputException>(() => PairData.ReadFiles(shorter, source)).Message.ShouldContain("b.de, line 2");
    }

    [Fact]
    public void An_empty_side_is_refused_with_its_place_or_dropped_and_counted()
    {
        string path = Write("a.tsv", "source\ttarget\nyes\tja\nno\t\n \tnein\n");
        Should.Throw<InputException>(() => PairData.Read(path)).Message.ShouldContain("a.tsv, line 3: the target is empty");
        PairData data = PairData.Read(path, new PairReadOptions { DropEmpty = true });
        data.Counts.ToString().ShouldBe("3 rows read, 1 kept (with an empty side: 2)");
        Should.Throw<InputException>(() => PairData.FromPairs([("a", " ")], new PairReadOptions { DropEmpty = true })).Message.ShouldContain("no pair");
    }

    [Fact]
    public void Duplicates_are_kept_unless_told_otherwise()
    {
        (string, string)[] pairs = [("a", "b"), ("a", "c"), ("a", "b")];
        PairData.FromPairs(pairs).Count.ShouldBe(3);
        PairData data = PairData.FromPairs(pairs, new PairReadOptions { DropDuplicates = true });
        (data.Count, data.Counts.Dropped[0].Reason).ShouldBe((2, "duplicates"));
    }

    [Fact]
    public void Equal_sources_never_are_in_two_parts()
    {
        PairData data = PairData.FromPairs(Enumerable.Range(0, 400).Select(i => ($"{(i % 3 == 0 ? "Text" : "text")} {i % 57}", $"t{i}")));
        PairSplit split = data.Split(seed: 4, dev: 0.2, test: 0.2);
        (split.Train.Count + split.Dev.Count + split.Test.Count).ShouldBe(400);
        split.Dev.Count.ShouldBeInRange(70, 80);
        split.Test.Count.ShouldBeInRange(70, 80);
        (split.Train.CountShared(split.Dev), split.Train.CountShared(split.Test), split.Dev.CountShared(split.Test)).ShouldBe((0, 0, 0));
        data.Split(seed: 4, dev: 0.2, test: 0.2).Test.Select(r => r.Target).ShouldBe(split.Test.Select(r => r.Target));
        data.Split(seed: 5, dev: 0.2, test: 0.2).Test.Select(r => r.Target).ShouldNotBe(split.Test.Select(r => r.Target));
        Should.Throw<ArgumentOutOfRangeException>(() => data.Split(1, 0.5, 0.5));
    }

    [Fact]
    public void Batches_hold_targets_behind_their_edge()
    {
        PairBatch batch = PairBatch.Create([[5, 6], [7]], [[2], [3, 9]], [1, 0], [[5, 10], [8]]);
        batch.SourceIds.ShouldBe([7, 0, 5, 6]);
        batch.SourceLengths.ShouldBe([1, 2]);
        batch.CopyIds.ShouldBe([8, -1, 5, 10]);
        batch.TargetLengths.ShouldBe([3, 2]);
        batch.TargetInputs(timeFirst: true, count: 9).ShouldBe([0, 0, 3, 2, 1, 0]);
        batch.TargetInputs(timeFirst: false, count: 10).ShouldBe([0, 3, 9, 0, 2, 0]);
        (int[] places, int[] ids) = batch.TargetTokens(timeFirst: true);
        places.ShouldBe([0, 2, 4, 1, 3]);
        ids.ShouldBe([3, 9, 0, 2, 0]);
    }

    [Fact]
    public void Dates_are_the_same_day_in_many_languages_and_formats()
    {
        (int languages, int formats) = CultureDates.Count();
        languages.ShouldBeGreaterThanOrEqualTo(40);
        formats.ShouldBeGreaterThan(200);
        PairSplit split = CultureDates.Make(count: 5000, seed: 3);
        split.Train.Count.ShouldBe(4600);
        split.Train.ShouldAllBe(row => row.Target.Length == 10 && row.Source.Contains(row.Target.Substring(0, 4)) && row.Source.Contains(row.Target.Substring(8).TrimStart('0')));
        HashSet<string> learned = [.. split.Train.Targets];
        split.Test.Targets.Count(learned.Contains).ShouldBe(0, "dates of the test were not learned in any language");
        // What is written the same means the same.
        CultureDates.Make(count: 20_000).Train.GroupBy(row => row.Source.ToLowerInvariant()).ShouldAllBe(same => same.Select(row => row.Target).Distinct().Count() == 1);
        CultureDates.Make(count: 300).Train.Sources.ShouldBe(CultureDates.Make(count: 300).Train.Sources);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
