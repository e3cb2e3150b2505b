namespace Heed.Cli.Tests;

public sealed class ArrivalsTests
{
    [Fact]
    public void Every_item_comes_once_and_in_order() => Arrivals.Group(Enumerable.Range(0, 5000)).SelectMany(group => group).ShouldBe(Enumerable.Range(0, 5000));

    [Fact]
    public void An_item_is_passed_on_while_the_next_is_still_awaited()
    {
        using ManualResetEventSlim taken = new();
        IEnumerable<int> Source()
        {
            yield return 1;
            // Comes only after the first was taken: a reader that waits for a full group would never end.
            taken.Wait(TimeSpan.FromSeconds(20)).ShouldBeTrue();
            yield return 2;
        }

        List<int> seen = [];
        foreach (IReadOnlyList<int> group in Arrivals.Group(Source()))
        {
            seen.AddRange(group);
            taken.Set();
        }
        seen.ShouldBe([1, 2]);
    }

    [Fact]
    public void What_the_source_throws_comes_behind_the_items_before_it()
    {
        static IEnumerable<int> Source()
        {
            yield return 1;
            throw new InputException("bad row", "file");
        }

        List<int> seen = [];
        Should.Throw<InputException>(() =>
        {
            foreach (IReadOnlyList<int> group in Arrivals.Group(Source()))
                seen.AddRange(group);
        });
        seen.ShouldBe([1]);
    }
}
