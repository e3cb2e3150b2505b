using Heed.Benchmarks;

namespace Heed.Tests.Testing;

public sealed class PairRatiosTests
{
    [Fact]
    public void Every_second_pair_runs_the_other_way_round_and_times_stay_with_their_own()
    {
        List<string> calls = [];
        for (int pair = 0; pair < 3; pair++)
        {
            (double one, double other) = PairRatios.Time(
                () =>
                {
                    calls.Add("one");
                    Thread.Sleep(30);
                },
                () => calls.Add("other"), pair);
            one.ShouldBeGreaterThan(other);
        }
        calls.ShouldBe(["one", "other", "other", "one", "one", "other"]);
    }

    // Ranks of the interval of 95 % from tables of the sign test: 6 pairs 1 and 6, 10 pairs 2 and 9, 20 pairs 6 and 15, 100 pairs 40 and 61.
    [Theory]
    [InlineData(6, 1, 6, 2, 5, 3.5)]
    [InlineData(10, 2, 9, 3, 8, 5.5)]
    [InlineData(20, 6, 15, 6, 15, 10.5)]
    [InlineData(21, 6, 16, 6, 16, 11)]
    [InlineData(100, 40, 61, 26, 75, 50.5)]
    [InlineData(2001, 957, 1045, 501, 1501, 1001)]
    public void Median_interval_and_quartiles_by_rank(int count, int low, int high, int first, int third, double median)
    {
        // Ratios 1 … count, not in order.
        PairRatios ratios = new(Enumerable.Range(0, count).Select(n => (2.0, 2.0 * (1 + (n * 7919 % count)))));
        ratios.Median.ShouldBe(new Interval(median, low, high));
        ratios.Quartiles.ShouldBe((first, third));
    }
}
