using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Data;

public class BatchTests
{
    [Fact]
    public void Pads_on_either_side()
    {
        int[][] sequences = [[5, 6], [], [7, 8, 9]];
        TextBatch right = TextBatch.Create(sequences, [2, 0, 1], [10, 11, 12]);
        right.Ids.ShouldBe([7, 8, 9, 5, 6, 0, 0, 0, 0]);
        right.Lengths.ShouldBe([3, 2, 0]);
        right.Starts.ShouldBe([0, 0, 0]);
        right.Targets.ShouldBe([12, 10, 11]);
        right.RowIndices.ShouldBe([2, 0, 1]);
        TextBatch left = TextBatch.Create(sequences, [2, 0, 1], padding: PaddingSide.Left);
        left.Ids.ShouldBe([7, 8, 9, 0, 5, 6, 0, 0, 0]);
        left.Starts.ShouldBe([0, 1, 3]);
        left.Targets.ShouldBe([-1, -1, -1]);
        TextBatch.Create(sequences, [1]).MaximumLength.ShouldBe(1);
        Should.Throw<ArgumentException>(() => TextBatch.Create(sequences, []));
        Should.Throw<ArgumentException>(() => TextBatch.Create(sequences, [0], [1, 2]));
    }

    [Property(MaxTest = 100)]
    public Property Every_row_is_in_one_batch() => Prop.ForAll(Gen.Choose(0, 50).ListOf().ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(),
        (lengths, size) =>
    {
        foreach (BatchPlan plan in new[] { BatchPlan.Training([.. lengths], size, 3), BatchPlan.Evaluation([.. lengths], size) })
        {
            int[][] batches = [.. plan.Epoch(2).Select(batch => batch.ToArray())];
            batches.Length.ShouldBe(plan.BatchCount);
            batches.SelectMany(batch => batch).Order().ShouldBe(Enumerable.Range(0, lengths.Count));
            batches.Count(batch => batch.Length != size).ShouldBeLessThanOrEqualTo(1);
            foreach (int[] batch in batches)
                batch.Select(row => lengths[row]).ShouldBeInOrder();
        }
    });

    [Fact]
    public void An_epoch_can_be_made_again_and_differs_from_others()
    {
        int[] lengths = [.. Enumerable.Range(0, 500).Select(i => i * 37 % 41)];
        string[] orders = [.. new[] { (1ul, 0), (1ul, 1), (2ul, 0) }.Select(run => Order(lengths, run.Item1, run.Item2))];
        orders.Distinct().Count().ShouldBe(3);
        Order(lengths, 1, 1).ShouldBe(orders[1]);
    }

    [Fact]
    public void Little_is_padding()
    {
        int[] lengths = [.. Enumerable.Range(0, 6400).Select(i => 1 + i * 7919 % 50)];
        BatchPlan plan = BatchPlan.Training(lengths, 64, 1);
        long cells = plan.Epoch(0).Sum(batch => (long)batch.Length * batch.ToArray().Max(row => lengths[row]));
        (lengths.Sum() / (double)cells).ShouldBeGreaterThan(0.93);
    }

    [Fact]
    public void Evaluation_is_in_order_of_length_and_stable()
    {
        int[] lengths = [3, 1, 3, 1, 2];
        BatchPlan.Evaluation(lengths, 2).Epoch(0).SelectMany(batch => batch.ToArray()).ShouldBe([1, 3, 4, 0, 2]);
    }

    private static string Order(int[] lengths, ulong seed, int epoch) =>
        string.Join(' ', BatchPlan.Training(lengths, 8, seed).Epoch(epoch).SelectMany(batch => batch.ToArray()));
}
