using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Data;

public class SplitWithoutLeakTests
{
    [Fact]
    public void Texts_that_differ_in_case_and_white_space_alone_are_kept_together()
    {
        string[] forms = ["Hello  World", "hello world ", "\tHELLO\nWORLD", "hello\u00A0world"];
        TextData data = TextData.FromRows(Enumerable.Range(0, 60).Select(i => (i % 15 == 0 ? forms[i / 15] : $"text {i}", $"{i % 2}")));
        for (ulong seed = 0; seed < 20; seed++)
        {
            TextSplit split = data.Split(seed, 0.2, 0.2);
            new[] { split.Train, split.Dev, split.Test }.Count(part => part.Texts.Any(text => text.Contains('o', StringComparison.OrdinalIgnoreCase))).ShouldBe(1);
            split.Test.CountShared(split.Train).ShouldBe(0);
        }
        data.Counts.Noted.ShouldBe([new("texts that were there before", 3), new("of these with another label", 2)]);
        data.CountShared(TextData.FromRows([("hello world", "x")])).ShouldBe(4);
    }

    [Property(MaxTest = 100)]
    public Property Groups_stay_in_one_part(PositiveInt seed) => Prop.ForAll(Grouped(), rows =>
    {
        TextData data = TextData.FromRows(rows, new TextReadOptions { Group = "g" });
        (TextData train, TextData dev, TextData test) = data.Split((ulong)seed.Get, 0.2, 0.2);
        (train.Count + dev.Count + test.Count).ShouldBe(data.Count);
        Apart(train, dev);
        Apart(train, test);
        Apart(dev, test);
        data.Split((ulong)seed.Get, 0.2, 0.2).Test.ShouldBe(test);
    });

    [Fact]
    public void Groups_get_their_shares_of_rows_and_labels()
    {
        var random = new RandomStream(5, "groups");
        TextRow[] rows = [.. Enumerable.Range(0, 2000).Select(i => new TextRow($"{i}", random.Next(4) == 0 ? "rare" : "common", 0) { Group = $"{random.Next(150)}" })];
        TextData data = TextData.FromRows(rows, new TextReadOptions { Group = "g" });
        TextSplit split = data.Split(1);
        double share = data.CountLabels()[1] / 2000.0;
        foreach ((TextData part, int size) in new[] { (split.Dev, 200), (split.Test, 200), (split.Train, 1600) })
        {
            part.Count.ShouldBeInRange(size - 10, size + 10);
            (part.CountLabels()[1] / (double)part.Count).ShouldBe(share, 0.01);
        }
        split.Test.ShouldNotBe(data.Split(2).Test);
    }

    [Fact]
    public void Equal_texts_chain_groups_together()
    {
        TextRow[] rows = [.. Enumerable.Range(0, 40).Select(i => new TextRow(i is 3 or 17 ? "same" : $"{i}", "x", 0) { Group = $"{i / 2}" })];
        TextData data = TextData.FromRows(rows, new TextReadOptions { Group = "g" });
        for (ulong seed = 0; seed < 10; seed++)
        {
            TextSplit split = data.Split(seed, 0.3, 0.3);
            new[] { split.Train, split.Dev, split.Test }.Count(part => part.Any(row => row.Group is "1" or "8")).ShouldBe(1);
        }
    }

    [Fact]
    public void The_newest_rows_are_tested()
    {
        string[] days = ["2026-03-01", "2025-12-31T23:00:00Z", "2026-01-02 10:00", "2026-01-01T01:00:00+02:00", "2026-02-01"];
        TextRow[] rows = [.. days.Select((day, i) => new TextRow($"{i}", "x", 0) { Time = day })];
        TextSplit split = TextData.FromRows(rows, new TextReadOptions { Time = "day" }).Split(1, 0.2, 0.2);
        // One hour past midnight two hours east of Greenwich is 23:00 of the day before: as old as row 1.
        split.Train.Texts.ShouldBe(["1", "2", "3"]);
        split.Dev.Texts.ShouldBe(["4"]);
        split.Test.Texts.ShouldBe(["0"]);
    }

    [Fact]
    public void One_time_is_in_one_part_and_a_text_counts_from_its_oldest_row()
    {
        TextRow[] rows = [.. Enumerable.Range(0, 100).Select(i => new TextRow(i == 99 ? "TEXT 0" : $"text {i}", "x", 0) { Time = $"{2000 + i / 25}" })];
        TextSplit split = TextData.FromRows(rows, new TextReadOptions { Time = "year" }).Split(1, 0.2, 0.2);
        split.Train.Count.ShouldBe(51);
        split.Train.Texts.ShouldContain("TEXT 0");
        split.Dev.Count.ShouldBe(25);
        split.Test.Select(row => row.Time).Distinct().ShouldBe(["2003"]);
    }

    [Theory]
    [InlineData("03/04/2026", "'03/04/2026' is no time")]
    [InlineData("", "the time is empty")]
    [InlineData("2026-13-01", "is no time")]
    public void A_time_that_cannot_be_read_is_an_error(string time, string expected) =>
        Should.Throw<InputException>(() => TextData.FromRows([new("a", "x", 7) { Time = time }], new TextReadOptions { Time = "t" })).Message.ShouldContain(expected);

    [Fact]
    public void Numbers_and_dates_do_not_mix() => Should.Throw<InputException>(() => TextData.FromRows(
        [new("a", "x", 2) { Time = "2026" }, new("b", "x", 3) { Time = "2026-01-01" }], new TextReadOptions { Time = "t" }).Split(1)).Message.ShouldContain("write all in one form");

    [Property(MaxTest = 60)]
    public Property Each_row_is_tested_once(PositiveInt seed) => Prop.ForAll(Grouped(), Gen.Choose(2, 4).ToArbitrary(), (rows, count) =>
    {
        TextData data = TextData.FromRows(rows, new TextReadOptions { Group = "g" });
        IReadOnlyList<TextSplit> folds;
        try
        {
            folds = data.Folds(count, (ulong)seed.Get, 0.2);
        }
        catch (InputException e)
        {
            e.Message.ShouldContain("folds need at least");
            return;
        }
        folds.Count.ShouldBe(count);
        folds.SelectMany(fold => fold.Test).Order(byText).ShouldBe(data.Order(byText));
        foreach (TextSplit fold in folds)
        {
            (fold.Train.Count + fold.Dev.Count + fold.Test.Count).ShouldBe(data.Count);
            Apart(fold.Train, fold.Test);
            Apart(fold.Dev, fold.Test);
            Apart(fold.Train, fold.Dev);
        }
    });

    [Fact]
    public void Folds_have_their_shares_of_labels()
    {
        TextData data = TextData.FromRows(Enumerable.Range(0, 103).Select(i => ($"{i}", i % 10 == 0 ? "rare" : i % 3 == 0 ? "some" : "most")));
        IReadOnlyList<TextSplit> folds = data.Folds(5, seed: 3);
        foreach (TextSplit fold in folds)
        {
            fold.Test.Count.ShouldBeInRange(20, 21);
            for (int label = 0; label < 3; label++)
                Math.Abs(fold.Test.CountLabels()[label] - data.CountLabels()[label] / 5.0).ShouldBeLessThan(1);
        }
        data.Folds(5, seed: 3)[2].Dev.ShouldBe(folds[2].Dev);
        data.Folds(5, seed: 4)[2].Test.ShouldNotBe(folds[2].Test);
        Should.Throw<ArgumentOutOfRangeException>(() => data.Folds(1, 1));
        Should.Throw<ArgumentOutOfRangeException>(() => data.Folds(2, 1, double.NaN));
    }

    [Fact]
    public void Folds_over_time_learn_from_the_past_alone()
    {
        TextRow[] rows = [.. Enumerable.Range(0, 120).Select(i => new TextRow($"{i}", "x", 0) { Time = $"{i * 7919 % 120}" })];
        IReadOnlyList<TextSplit> folds = TextData.FromRows(rows, new TextReadOptions { Time = "t" }).Folds(3, seed: 1, dev: 0.1);
        folds.Select(fold => (fold.Train.Count, fold.Dev.Count, fold.Test.Count)).ShouldBe([(27, 3, 30), (54, 6, 30), (81, 9, 30)]);
        foreach ((TextData train, TextData dev, TextData test) in folds)
        {
            Times(train).Max().ShouldBeLessThan(Times(dev).Min());
            Times(dev).Max().ShouldBeLessThan(Times(test).Min());
        }

        static IEnumerable<int> Times(TextData data) => data.Select(row => int.Parse(row.Time!, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static readonly IComparer<TextExample> byText = Comparer<TextExample>.Create((a, b) =>
        string.CompareOrdinal(a.Text, b.Text) is var order and not 0 ? order : (a.Label, a.Group).CompareTo((b.Label, b.Group)));

    private static void Apart(TextData a, TextData b)
    {
        a.CountShared(b).ShouldBe(0);
        a.Select(row => row.Group).Where(group => group!.Length > 0).Intersect(b.Select(row => row.Group), StringComparer.Ordinal).ShouldBeEmpty();
    }

    private static Arbitrary<TextRow[]> Grouped() =>
        Gen.Choose(0, 200).SelectMany(text => Gen.Elements("x", "y", "z").SelectMany(label => Gen.Choose(0, 30).Select(author =>
            new TextRow($"t{text}", label, 0) { Group = author == 0 ? "" : $"g{author}" }))).NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();
}
