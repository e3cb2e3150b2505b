namespace Heed.Tests.Inspection;

public sealed class HeadStatisticsTests
{
    [Fact]
    public void Statistics_are_those_worked_by_hand()
    {
        // One head looks at all that it may see, the other at the token before (the first at itself).
        CapturedAttention attention = Captured(3, [[1, 0, 0, 0.5f, 0.5f, 0, 0.25f, 0.25f, 0.5f], [1, 0, 0, 1, 0, 0, 0, 1, 0]]);
        HeadStatistics.Entropy(attention).ShouldBe([(Math.Log(2) + ((0.5 * Math.Log(4)) + (0.5 * Math.Log(2)))) / 3, 0], 1e-9);
        HeadStatistics.MeanDistance(attention).ShouldBe([(0.5 + 0.75) / 3, 2 / 3.0], 1e-9);
        HeadStatistics.FirstTokenMass(attention).ShouldBe([1.75 / 3, 2 / 3.0], 1e-9);
        HeadStatistics.PreviousTokenScore(attention).ShouldBe([(0.5 + 0.25) / 2, 1], 1e-9);
        // With a period of 2 the third token is the first again; the second followed it.
        HeadStatistics.InductionScore(attention, 2).ShouldBe([0.25, 1], 1e-9);
        HeadStatistics.InductionScore(attention, 3).ShouldBe([double.NaN, double.NaN]);
    }

    [Fact]
    public void A_trained_induction_head_is_told_from_others()
    {
        int[] ids = HeadStatistics.RepeatedTokens(50, 10);
        ids[..10].Distinct().Count().ShouldBe(10);
        ids[10..].ShouldBe(ids[..10]);
        HeadStatistics.RepeatedTokens(50, 10, seed: 2).ShouldNotBe(ids);
        HeadStatistics.RepeatedTokens(2, 5).ShouldAllBe(id => id < 2);
        float[] perfect = new float[20 * 20];
        for (int i = 0; i < 20; i++)
            perfect[(i * 20) + Math.Max(0, i - 9)] = 1;
        HeadStatistics.InductionScore(Captured(20, [perfect]), 10).ShouldBe([1.0]);
        HeadStatistics.PreviousTokenScore(Captured(20, [perfect]))[0].ShouldBe(1 / 19.0, 1e-9);
    }

    [Fact]
    public void Rollout_is_the_product_of_half_the_identity_and_half_the_mean_head()
    {
        CapturedAttention first = Captured(2, [[1, 0, 1, 0], [1, 0, 0, 1]]), second = Captured(2, [[1, 0, 0, 1], [1, 0, 0.5f, 0.5f]]);
        // Â1 = [[1, 0], [0.25, 0.75]]; Â2 = [[1, 0], [0.125, 0.875]]; Â2·Â1 = [[1, 0], [0.125 + 0.21875, 0.65625]].
        AttentionRollout.Of([first, second]).ShouldBe([[1, 0], [0.34375f, 0.65625f]]);
        AttentionRollout.Of([first, second], rows: [1]).ShouldBe([[0.34375f, 0.65625f]]);
        AttentionRollout.Of([first, second], residual: 1).ShouldBe([[1, 0], [0, 1]]);
        AttentionRollout.Of([first], residual: 0).ShouldBe([[1, 0], [0.5f, 0.5f]]);
        Should.Throw<ArgumentException>(() => AttentionRollout.Of([])).Message.ShouldContain("no layer");
        Should.Throw<ArgumentException>(() => AttentionRollout.Of([first, Captured(3, [new float[9]])])).Message.ShouldContain("capture all rows");
    }

    [Fact]
    public void Rollout_of_a_model_leaves_out_padding_and_sums_to_one()
    {
        Transformer model = new(new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 3, MaximumLength = 8, Dropout = 0 }, 11);
        model.Initialize(1);
        float[][] Of(int[] ids, SequenceRanges ranges, int sequence)
        {
            AttentionCapture capture = new(model);
            Step.Evaluate(pass => model.Forward(ids, ranges, pass).States, request: capture);
            return AttentionRollout.Of(capture.Results, sequence);
        }
        float[][] alone = Of([3, 4, 5], new SequenceRanges(new[] { 3 }), 0), padded = Of([1, 2, 3, 4, 5, 0, 3, 4, 5, 0], new SequenceRanges(new[] { 5, 3 }, new[] { 0, 1 }), 1);
        padded.ShouldBe(alone);
        alone.ShouldAllBe(row => Math.Abs(row.Sum() - 1) < 1e-5);
    }

    private static CapturedAttention Captured(int time, float[][] heads)
    {
        CapturedAttention attention = new(0, "attention", 1, [.. Enumerable.Range(0, heads.Length)], [.. Enumerable.Range(0, time)], time, []);
        for (int h = 0; h < heads.Length; h++)
            heads[h].CopyTo(attention.Rows(0, h, 0, time * time));
        return attention;
    }
}
