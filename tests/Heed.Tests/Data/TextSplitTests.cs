using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Data;

public class TextSplitTests
{
    [Property(MaxTest = 200)]
    public Property Every_row_is_in_one_part_and_equal_texts_are_together() => Prop.ForAll(Rows(), Gen.Choose(0, 1000).ToArbitrary(), (rows, seed) =>
    {
        TextData data = TextData.FromRows(rows);
        (TextData train, TextData dev, TextData test) = data.Split((ulong)seed, 0.2, 0.3);
        train.Concat(dev).Concat(test).OrderBy(row => row.Text, StringComparer.Ordinal).ThenBy(row => row.Label)
            .ShouldBe(data.OrderBy(row => row.Text, StringComparer.Ordinal).ThenBy(row => row.Label));
        train.Texts.Intersect(dev.Texts).Concat(train.Texts.Intersect(test.Texts)).Concat(dev.Texts.Intersect(test.Texts)).ShouldBeEmpty();
        test.LabelNames.ShouldBe(data.LabelNames);
        TextSplit again = data.Split((ulong)seed, 0.2, 0.3);
        again.Train.ShouldBe(train);
        again.Dev.ShouldBe(dev);
    });

    [Property(MaxTest = 100)]
    public Property Each_label_has_its_share(PositiveInt seed) => Prop.ForAll(Gen.Choose(1, 60).ListOf(7).ToArbitrary(), sizes =>
    {
        TextData data = TextData.FromRows(sizes.SelectMany((size, label) => Enumerable.Range(0, size).Select(i => ($"{label}/{i}", $"{label}"))));
        TextSplit split = data.Split((ulong)seed.Get, 0.1, 0.25);
        int[] dev = split.Dev.CountLabels(), test = split.Test.CountLabels(), train = split.Train.CountLabels();
        for (int label = 0; label < 7; label++)
        {
            Math.Abs(dev[label] - 0.1 * sizes[label]).ShouldBeLessThanOrEqualTo(1);
            Math.Abs(test[label] - 0.25 * sizes[label]).ShouldBeLessThanOrEqualTo(1);
            train[label].ShouldBePositive();
        }
        Math.Abs(split.Dev.Count - 0.1 * data.Count).ShouldBeLessThan(4);
    });

    [Fact]
    public void Seeds_differ_and_rows_keep_their_order()
    {
        TextData data = TextData.FromRows(Enumerable.Range(0, 1000).Select(i => ($"{i:D4}", i % 3 == 0 ? "a" : "b")));
        TextSplit one = data.Split(1), two = data.Split(2);
        one.Test.Count.ShouldBe(100);
        one.Dev.Count.ShouldBe(100);
        one.Test.ShouldNotBe(two.Test);
        one.Train.Texts.ShouldBeInOrder();
    }

    [Fact]
    public void A_split_with_a_seed_stays_what_it_is()
    {
        TextData data = TextData.FromRows(Enumerable.Range(0, 40).Select(i => ($"{i}", $"{i % 2}")));
        string.Join(' ', data.Split(7).Test.Texts).ShouldBe("1 6 9 20");
    }

    [Fact]
    public void Impossible_shares_and_unequal_labels_are_refused()
    {
        TextData data = TextData.FromRows([("a", "x"), ("b", "y")]), other = TextData.FromRows([("a", "x")]);
        Should.Throw<ArgumentOutOfRangeException>(() => data.Split(1, 0.5, 0.5));
        Should.Throw<ArgumentOutOfRangeException>(() => data.Split(1, -0.1, 0.5));
        Should.Throw<ArgumentOutOfRangeException>(() => data.Split(1, double.NaN, 0.1));
        Should.Throw<ArgumentException>(() => new TextSplit(data, other, data)).Message.ShouldContain("label names");
    }

    private static Arbitrary<(string, string)[]> Rows() =>
        (from text in Gen.Choose(0, 40) from label in Gen.Elements("x", "y", "z") select ($"t{text}", label))
        .NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();
}
