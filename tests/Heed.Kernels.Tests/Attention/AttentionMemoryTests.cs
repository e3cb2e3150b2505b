using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>The estimate of memory against what a call takes.</summary>
[Trait("Legs", "InstructionSets")]
[Trait("Weight", "heavy")]
[Collection(WorkerTests.Name)]
public class AttentionMemoryTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1, 1)]
    [InlineData(2, 4, 2, 100, 150, 64, 64)]
    [InlineData(1, 8, 2, 1, 5000, 128, 128)]
    [InlineData(1, 2, 1, 700, 1300, 33, 70)]
    [InlineData(1, 1, 1, 300, 300, 300, 16)]
    public void Bounds_what_one_thread_takes_and_is_not_far_off(int batch, int heads, int shared, int queries, int keys, int dim, int valueDim)
    {
        using var one = new WorkerDegree(1);
        var c = new AttentionCase(new(batch, heads, shared, queries, keys, dim) { ValueDim = valueDim });
        AttentionMemory estimate = FusedAttention.EstimateMemory(c.Shape, heads);
        float[] slopes = new float[heads], output = new float[c.Rows * valueDim], log = new float[c.Rows];
        Scratch.StartCounting();
        long before = Scratch.MostBytes;
        FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(Alibi), default(NoMask), slopes, new AttentionStatistics { LogSumExp = log });
        long forward = Scratch.MostBytes - before;
        forward.ShouldBeInRange(estimate.Forward / 8, estimate.Forward);
        Scratch.StartCounting();
        FusedAttention.Backward(c.DO, c.Q, c.K, c.V, output, log, new AttentionGradients(new float[c.Q.Length], new float[c.K.Length], new float[c.V.Length], new float[heads]), c.Shape, default(Alibi), default(NoMask), slopes);
        (Scratch.MostBytes - before).ShouldBeInRange(estimate.Backward / 8, estimate.Backward);
        estimate.Operands.ShouldBe(4L * (c.Q.Length + c.K.Length + c.V.Length + heads));
        estimate.Results.ShouldBe(4L * (output.Length + log.Length));
        estimate.Gradients.ShouldBe(estimate.Operands);
    }

    [Fact]
    public void Grows_with_the_sum_of_queries_and_keys()
    {
        AttentionMemory once = FusedAttention.EstimateMemory(new(1, 8, 8, 65_536, 65_536, 64)), twice = FusedAttention.EstimateMemory(new(1, 8, 8, 131_072, 131_072, 64));
        ((double)twice.Forward / once.Forward).ShouldBeLessThan(2.1);
        ((double)twice.Backward / once.Backward).ShouldBeLessThan(2.1);
        twice.Backward.ShouldBeLessThan(512L << 20);
        Should.Throw<ArgumentException>(() => FusedAttention.EstimateMemory(new(1, 3, 2, 4, 4, 4)));
    }
}
