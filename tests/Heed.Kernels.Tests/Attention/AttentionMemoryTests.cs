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

    // Many rows, few rows, and blocks of keys as tasks of their own, which stay on this thread inside of shared work.
    [Theory]
    [InlineData(60, 1)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void What_a_score_or_a_mask_throws_costs_no_memory(int queries, int degree)
    {
        using var workers = new WorkerDegree(degree);
        var c = new AttentionCase(new(1, 2, 2, queries, 1300, 32));
        float[] output = new float[c.Q.Length], log = new float[c.Rows], gradient = new float[c.Q.Length];
        Workers.Share(2, piece =>
        {
            if (piece != 0)
                return;
            (float[] expected, float[] expectedLog) = c.Run(default(PlainScore), default(NoMask));
            Throws(() => FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, new Throwing(700, false), default(NoMask)));
            Throws(() => FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(PlainScore), new Throwing(700, false)));
            Throws(() => FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(PlainScore), new Throwing(700, true)));
            Throws(() => FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, new Distributed<Throwing, SparsemaxFunction>(new(700, false), default), default(NoMask)));
            Throws(() => FusedAttention.Backward(c.DO, c.Q, c.K, c.V, expected, expectedLog, new AttentionGradients(gradient, default, default), c.Shape, new Throwing(700, true), default(NoMask)));
            Throws(() => FusedAttention.Weights(c.Q, c.K, expectedLog, new float[1300], c.Shape, new(0, 1, 0, 1, 0, 1300), new Throwing(700, false), default(NoMask)));
            AttentionBitTests.Same(c.Run(default(PlainScore), default(NoMask)).Output, expected);
        });

        static void Throws(Action call)
        {
            Scratch.StartCounting();
            long held = Scratch.MostBytes;
            Should.Throw<NotSupportedException>(call);
            Scratch.MostBytes.ShouldBeGreaterThan(held, "the call took memory");
            Scratch.StartCounting();
            Scratch.MostBytes.ShouldBe(held, "and gave it back");
        }
    }

    // Throws at a key: a score in its forward or backward pass, a mask when asked for pairs or for a tile.
    private readonly struct Throwing(int key, bool later) : IDifferentiableScoreModifier, IAttentionMask
    {
        public V Forward<V>(V score, in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => later ? score : Passed(score, at.KeyIndex);

        public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
            where V : unmanaged, ISimd<V> => Passed(gradient, at.KeyIndex);

        public TileCoverage Cover(in MaskTile tile) => later ? Passed(TileCoverage.Partly, tile.LastKey) : TileCoverage.Partly;

        public V Allows<V>(in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => Passed(V.AreEqual(V.Zero, V.Zero), at.KeyIndex);

        private T Passed<T>(T result, int reached) => reached < key ? result : throw new NotSupportedException();
    }
}
