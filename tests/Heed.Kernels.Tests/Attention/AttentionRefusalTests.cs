namespace Heed.Kernels.Tests;

/// <summary>What does not fit is named, and nothing is written.</summary>
public class AttentionRefusalTests
{
    private static readonly AttentionShape Shape = new(2, 4, 2, 5, 7, 3);
    private readonly AttentionCase c = new(Shape);

    [Fact]
    public void Sizes_and_layouts()
    {
        Refuses(Shape with { Batch = -1 }, "sizes must not be negative");
        Refuses(Shape with { HeadDim = -3 }, "sizes must not be negative");
        Refuses(Shape with { HeadCount = 5 }, "multiple of KeyValueHeadCount");
        Refuses(Shape with { KeyValueHeadCount = 0 }, "multiple of KeyValueHeadCount");
        Refuses(Shape with { HeadDim = 600_000 }, "524,287");
        Refuses(Shape with { Queries = 6, OutputStrides = Shape.OutputStrides with { Row = 0 } }, "output");
        Refuses(Shape with { QueryStrides = new(60, 15, 4) }, "q has 120 values, 124");
        Refuses(Shape with { Keys = 8 }, "k has");
        Refuses(Shape with { ValueDim = 4 }, "output has 120 values, 160");
        Refuses(Shape with { ValueStrides = new(42, 21, 4) }, "v has");
        Refuses(Shape with { Keys = int.MaxValue, KeyStrides = new(0, 0, 0), ValueStrides = new(0, 0, 0) }, "positions");
        Refuses(Shape with { KeyStrides = new(long.MaxValue, long.MaxValue, long.MaxValue) }, "k has");
        Refuses(Shape with { QueryStrides = new(60, 15, -3) }, "q has negative strides");
        Refuses(Shape with { OutputStrides = new(60, 15, 2) }, "rows of output would overlap");
        Refuses(Shape with { OutputStrides = new(60, 3, 3) }, "rows of output would overlap");
    }

    [Fact]
    public void Options()
    {
        Refuses(new AttentionOptions { Scale = float.NaN }, "scale must be finite");
        Refuses(new AttentionOptions { Dropout = 1.5f }, "Dropout");
        Refuses(new AttentionOptions { Dropout = float.NaN }, "Dropout");
        Refuses(new AttentionOptions { Sinks = new float[3] }, "Sinks has 3 values, 4");
        Refuses(new AttentionOptions { QueryLengths = new[] { 5, -1 } }, "QueryLength -1");
        Refuses(new AttentionOptions { KeyLengths = new[] { 8, 7 } }, "KeyLength 8");
        Refuses(new AttentionOptions { KeyStarts = new[] { 3, 0 }, KeyLengths = new[] { 5, 7 } }, "KeyStart 3");
        Refuses(new AttentionOptions { KeyStarts = new[] { int.MaxValue, 0 } }, "KeyStart 2147483647");
        Refuses(new AttentionOptions { KeyStarts = new[] { 0 } }, "KeyStarts has 1 values, 2");
        Refuses(new AttentionOptions { QueryOffsets = new[] { 0, 2, 5 } }, "need QueryOffsets and KeyOffsets");
        Refuses(new AttentionOptions { QueryOffsets = new[] { 0, 3, 2 }, KeyOffsets = new[] { 0, 1, 2 } }, "QueryOffsets[2] is 2");
        Refuses(new AttentionOptions { QueryOffsets = new[] { 0, 3 }, KeyOffsets = new[] { 0, 1, 2 } }, "QueryOffsets");
        Refuses(new AttentionOptions { QueryOffsets = new[] { 0, 3, 5 }, KeyOffsets = new[] { 0, 1, 2 }, KeyLengths = new[] { 1, 1 } }, "not both");
        Refuses(new AttentionOptions { KeyPosition = -1 }, "KeyPosition -1");
        Refuses(new AttentionOptions { KeyPosition = 1 << 24 }, "KeyPosition 16777216");
        Refuses(new AttentionOptions { QueryPosition = int.MinValue }, "QueryPosition -2147483648");
        Refuses(new AttentionOptions { QueryTerms = new float[3] }, "QueryTerms");
        Refuses(new AttentionOptions { KeyTerms = new float[3] }, "KeyTerms");
        Refuses(new AttentionOptions { QueryTable = new float[41] }, "QueryTable");
    }

    [Fact]
    public void Masks_and_scores()
    {
        Should.Throw<ArgumentException>(() => new Window(-1, 0)).Message.ShouldContain("left");
        Should.Throw<ArgumentException>(() => new Window(0, int.MaxValue)).Message.ShouldContain("right");
        Should.Throw<ArgumentException>(() => new BlockSparseMask(0, 4)).Message.ShouldContain("size");
        Should.Throw<ArgumentException>(() => new DenseMask(-1, 0, 0)).Message.ShouldContain("batchStep");
        Should.Throw<ArgumentException>(() => new DenseMask(0, 0, 0, 2)).Message.ShouldContain("keyStep");
        Should.Throw<ArgumentException>(() => new RelativeBias(4, 7)).Message.ShouldContain("buckets");
        Refuses(default(PlainScore), new Causal(int.MaxValue), "Causal");
        Refuses(default(PlainScore), new Prefix(-1), "Prefix");
        Refuses(default(PlainScore), new LengthMask(0), "LengthMask");
        Refuses(default(PlainScore), new LengthMask(-1), "LengthMask");
        Refuses(default(PlainScore), new DocumentMask(0, 0, 5, 7), "DocumentMask");
        Refuses(default(PlainScore), new DocumentMask(0, 0, 5, -1), "DocumentMask");
        Refuses(default(PlainScore), new BlockSparseMask(2, 7), "BlockSparseMask");
        Refuses(default(PlainScore), new BlockSparseMask(2, 4), "BlockSparseMask");
        Refuses(default(PlainScore), DenseMask.For(Shape, true, true), "DenseMask");
        Refuses(default(PlainScore), new And<Causal, DenseMask>(default, DenseMask.For(Shape, true, true)), "DenseMask");
        Refuses(default(PlainScore), new Or<LengthMask, Causal>(default, default), "LengthMask");
        Refuses(default(Alibi), default(NoMask), "Alibi: parameters 0 … 3");
        Refuses(new Alibi(-1), default(NoMask), "Alibi");
        Refuses(new Alibi(int.MaxValue), default(NoMask), "Alibi");
        Refuses(default(CosineScore), default(NoMask), "CosineScore");
        Refuses(new SoftCap(0), default(NoMask), "SoftCap");
        Refuses(new SoftCap(float.NaN), default(NoMask), "SoftCap");
        Refuses(new RelativeBias(2), default(NoMask), "2 heads");
        Refuses(default(RelativeBias), default(NoMask), "RelativeBias");
        Refuses(new ShawScore(-1, 1), default(NoMask), "clip");
        Refuses(new Then<SoftCap, AdditiveBias>(new(1), AdditiveBias.For(Shape, true, true)), default(NoMask), "AdditiveBias");
    }

    [Fact]
    public void Destructive_overlap()
    {
        float[] all = new float[1000];
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(all.AsSpan(0, 120), c.K, c.V, all.AsSpan(119, 120), Shape)).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(c.Q, all.AsSpan(0, 84), c.V, all.AsSpan(0, 120), Shape)).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(c.Q, c.K, all.AsSpan(0, 84), all.AsSpan(80, 120), Shape)).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(c.Q, c.K, c.V, all.AsSpan(0, 120), Shape, new AttentionStatistics { LogSumExp = all.AsSpan(100, 40) })).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(c.Q, c.K, c.V, new float[120], Shape, new AttentionStatistics { LogSumExp = all.AsSpan(100, 40), Entropy = all.AsSpan(120, 40) })).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Backward(c.DO, all.AsSpan(0, 120), c.K, c.V, new float[120], new float[40], new AttentionGradients(all.AsSpan(50, 120), default, default), Shape)).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Backward(c.DO, c.Q, c.K, c.V, new float[120], new float[40], new AttentionGradients(all.AsSpan(0, 120), all.AsSpan(100, 84), default), Shape)).Message.ShouldContain("overlap");
        Should.Throw<ArgumentException>(() => FusedAttention.Backward(c.DO, c.Q, c.K, c.V, new float[120], all.AsSpan(0, 40), new AttentionGradients(all.AsSpan(0, 120), default, default), Shape)).Message.ShouldContain("overlap");
        all.ShouldAllBe(x => x == 0);
    }

    [Fact]
    public void Statistics_gradients_and_tiles()
    {
        float[] log = new float[40];
        Should.Throw<ArgumentException>(() => Ask(new AttentionStatistics { LogSumExp = new float[39] })).Message.ShouldContain("LogSumExp");
        Should.Throw<ArgumentException>(() => Ask(new AttentionStatistics { ArgMax = new int[41] })).Message.ShouldContain("ArgMax");
        Should.Throw<ArgumentException>(() => Ask(new AttentionStatistics { KeyMass = new float[56] })).Message.ShouldContain("LogSumExp");
        Should.Throw<ArgumentException>(() => Ask(new AttentionStatistics { LogSumExp = new float[40], TopKeys = new int[80], TopWeights = new float[40] })).Message.ShouldContain("TopKeys");
        Should.Throw<ArgumentException>(() => Ask(new AttentionStatistics { ValueMass = new float[40] })).Message.ShouldContain("ValueMass");
        Should.Throw<ArgumentException>(() => Back(new AttentionGradients(new float[119], default, default))).Message.ShouldContain("gradients.Query");
        Should.Throw<ArgumentException>(() => Back(new AttentionGradients { Sinks = new float[4] })).Message.ShouldContain("gradients.Sinks");
        Should.Throw<ArgumentException>(() => Back(new AttentionGradients { FromEntropy = new float[40] })).Message.ShouldContain("gradients.Entropy");
        foreach (WeightTile tile in new WeightTile[] { new(2, 0, 0, 1, 0, 1), new(0, 4, 0, 1, 0, 1), new(0, 0, 5, 1, 0, 1), new(0, 0, 0, 1, 7, 1), new(0, 0, -1, 1, 0, 1), new(0, 0, int.MaxValue, 1, 0, 1) })
            Should.Throw<ArgumentException>(() => FusedAttention.Weights(c.Q, c.K, log, new float[1], Shape, tile, default(PlainScore), default(NoMask))).Message.ShouldContain("WeightTile");
        Should.Throw<ArgumentException>(() => FusedAttention.Weights(c.Q, c.K, log, new float[3], Shape, new(0, 0, 0, 2, 0, 2), default(PlainScore), default(NoMask))).Message.ShouldContain("weights");
        Should.Throw<ArgumentException>(() => FusedAttention.Merge(new float[7], new float[2], new float[7], new float[2]));
        Should.Throw<ArgumentException>(() => FusedAttention.Merge(new float[8], new float[2], new float[7], new float[2])).Message.ShouldContain("otherOutput");

        void Ask(AttentionStatistics statistics) => FusedAttention.Forward(c.Q, c.K, c.V, new float[120], Shape, statistics);
        void Back(AttentionGradients gradients) => FusedAttention.Backward(c.DO, c.Q, c.K, c.V, new float[120], log, gradients, Shape);
    }

    private void Refuses(AttentionShape shape, string part) => Refuses(shape, default(PlainScore), default(NoMask), default, part);

    private void Refuses(AttentionOptions options, string part) => Refuses(Shape, default(PlainScore), default(NoMask), options, part);

    private void Refuses<TModifier, TMask>(TModifier modifier, TMask mask, string part)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask => Refuses(Shape, modifier, mask, default, part);

    private void Refuses<TModifier, TMask>(AttentionShape shape, TModifier modifier, TMask mask, AttentionOptions options, string part)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        float[] output = new float[120], gradient = new float[120];
        string? message = null;
        try
        {
            FusedAttention.Forward(c.Q, c.K, c.V, output, shape, modifier, mask, default, default, options);
        }
        catch (ArgumentException e)
        {
            message = e.Message;
        }
        message.ShouldNotBeNull(part).ShouldContain(part);
        output.ShouldAllBe(x => x == 0);
        // The backward pass reads outputs and their gradients, which may be broadcast.
        if (part.Contains("overlap", StringComparison.Ordinal))
            return;
        message = null;
        try
        {
            FusedAttention.Backward(c.DO, c.Q, c.K, c.V, output, new float[40], new AttentionGradients(gradient, default, default), shape, modifier, mask, default, options);
        }
        catch (ArgumentException e)
        {
            message = e.Message;
        }
        message.ShouldNotBeNull("backward: " + part);
        output.ShouldAllBe(x => x == 0);
        gradient.ShouldAllBe(x => x == 0);
    }
}
