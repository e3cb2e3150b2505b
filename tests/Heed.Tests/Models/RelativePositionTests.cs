using Heed.Kernels;

namespace Heed.Tests.Models;

/// <summary>The numbers inside ALiBi and T5's buckets, against those of the papers.</summary>
public sealed class RelativePositionTests
{
    // Press et al. 2022: 8 heads have 1/2, 1/4, … 1/256; n heads the geometric sequence from 2^(−8/n) with that ratio.
    [Theory]
    [InlineData(4, new[] { 0.25, 0.0625, 0.015625, 0.00390625 })]
    [InlineData(8, new[] { 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625 })]
    [InlineData(12, new[] { 0.6299605, 0.3968503, 0.25, 0.1574901, 0.0992126, 0.0625, 0.0393725, 0.0248031, 0.015625, 0.0098431, 0.0062008, 0.00390625 })]
    public void Slopes_are_the_papers(int heads, double[] published)
    {
        float[] slopes = new float[heads];
        Alibi.Slopes(slopes);
        for (int i = 0; i < heads; i++)
            ((double)slopes[i]).ShouldBe(published[i], 1e-6 * published[i] + 5e-8);
    }

    // First distance of each bucket; 32 buckets, 128 the largest distance. Both ways earlier keys have 0 … 15, later ones 16 … 31 (bucket 16 stays empty); one way later keys share 0.
    private static readonly int[] both = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
    private static readonly int[] oneWay = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113];

    [Fact]
    public void Buckets_of_an_encoder_are_the_papers()
    {
        int[] buckets = Buckets(isCausal: false, 160, query: 0, 32, 0);
        int[] earlier = Buckets(isCausal: false, 160, query: 159, 32, 0);
        for (int distance = 0; distance < 160; distance++)
        {
            earlier[159 - distance].ShouldBe(Array.FindLastIndex(both, first => first <= distance), $"{distance} back");
            buckets[distance].ShouldBe(distance == 0 ? 0 : 16 + Array.FindLastIndex(both, first => first <= distance), $"{distance} ahead");
        }
    }

    [Fact]
    public void Buckets_of_a_decoder_are_the_papers()
    {
        int[] buckets = Buckets(isCausal: true, 160, query: 159, 32, 0);
        for (int distance = 0; distance < 160; distance++)
            buckets[159 - distance].ShouldBe(Array.FindLastIndex(oneWay, first => first <= distance), $"{distance} back");
    }

    // 8 buckets both ways: 0 and 1 one by one, then two steps up to the largest distance 8: 2·4^(1/2) = 4.
    [Fact]
    public void Fewer_buckets_and_another_distance_reach_the_layer()
    {
        int[] buckets = Buckets(isCausal: false, 12, query: 11, 8, 8);
        Enumerable.Reverse(buckets).ShouldBe([0, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
        TransformerLayer layer = new(new TransformerConfig { Size = 4, HeadCount = 2, Position = "t5", Buckets = 8, MaximumDistance = 8 });
        layer.Attention.Config.ShouldSatisfyAllConditions(c => c.Buckets.ShouldBe(8), c => c.MaximumDistance.ShouldBe(8));
        new TransformerLayer(new TransformerConfig { Size = 4, HeadCount = 2, Position = "t5" }).Attention.Config.Buckets.ShouldBe(32);
    }

    [Theory]
    [InlineData(6, 0, false, "Buckets of t5 must be a multiple of 4 in 4 … 1048576, got 6.")]
    [InlineData(-4, 0, false, "Buckets of t5 must be a multiple of 4 in 4 … 1048576, got -4.")]
    [InlineData(32, 8, false, "32 buckets of t5 hold the distances below 8 one by one, so MaximumDistance must be above 8, got 8.")]
    [InlineData(32, 16, true, "MaximumDistance must be above 16, got 16.")]
    [InlineData(1024, 0, false, "MaximumDistance must be above 256, got 128.")]
    public void Buckets_that_do_not_suit_are_refused_at_once(int buckets, int distance, bool isCausal, string message)
    {
        TransformerConfig config = new() { Size = 4, HeadCount = 2, Position = "t5", Buckets = buckets, MaximumDistance = distance, IsCausal = isCausal };
        Should.Throw<ArgumentException>(config.Validate).Message.ShouldContain(message);
        Should.Throw<ArgumentException>(() => new MultiHeadAttention(config.SelfAttention)).Message.ShouldContain(message);
        (config with { Position = "alibi" }).Validate();
    }

    [Fact]
    public void The_least_distance_beyond_the_single_ones_is_enough()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 2, HeadCount = 1, Position = "t5", MaximumDistance = 9 });
        layer.Initialize(1);
        Step.Evaluate(pass => layer.Forward(pass.Input(new float[40], new Shape(1, 20, 2)), null, pass).Context).Values.ToArray().ShouldAllBe(v => float.IsFinite(v));
    }

    // All scores are 0 but for the bias, which is the bucket's number over 8, so that the weights tell it.
    private static int[] Buckets(bool isCausal, int time, int query, int count, int largest)
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 2, HeadCount = 1, Position = "t5", IsCausal = isCausal, Buckets = count, MaximumDistance = largest });
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
            parameter.Assign(name == "relative_bias" ? [.. Enumerable.Range(0, count).Select(b => b / 8f)] : new float[parameter.Shape.Length]);
        Tensor weights = Step.Evaluate(pass => layer.Forward(pass.Input(new float[time * 2], new Shape(1, time, 2)), null, pass).Weights!, Capture.Weights);
        float[] row = weights.Values.Slice(query * time, time).ToArray();
        double[] buckets = [.. row.Select(w => 8 * Math.Log(w / row[query]))];
        buckets.ShouldAllBe(b => Math.Abs(b - Math.Round(b)) < 0.01);
        return [.. buckets.Select(b => (int)Math.Round(b))];
    }
}
