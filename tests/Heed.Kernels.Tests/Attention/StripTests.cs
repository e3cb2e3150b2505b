namespace Heed.Kernels.Tests;

/// <summary>Strips of rows end where a mask's blocks do, which changes no bit.</summary>
[Trait("Legs", "InstructionSets")]
public unsafe class StripTests
{
    [Theory]
    [InlineData(0, 40, 0, new[] { 0, 12, 24, 36, 40 })]
    [InlineData(0, 128, 64, new[] { 0, 10, 21, 32, 42, 53, 64, 74, 85, 96, 106, 117, 128 })]
    [InlineData(50, 40, 64, new[] { 0, 7, 14, 22, 31, 40 })]
    [InlineData(5, 30, 12, new[] { 0, 7, 19, 30 })]
    [InlineData(0, 30, 11, new[] { 0, 12, 24, 30 })]
    [InlineData(60, 12, 64, new[] { 0, 12 })]
    [InlineData(0, 0, 64, new[] { 0 })]
    [InlineData(7, 25, int.MaxValue, new[] { 0, 8, 16, 25 })]
    public void Reach_across_no_line_and_are_equal_between_two(int firstRow, int rows, int period, int[] expected)
    {
        int[] starts = new int[Strips.Most(rows, 12) + 1];
        fixed (int* p = starts)
        {
            int count = Strips.Cut(firstRow, rows, period, 12, p);
            starts[..(count + 1)].ShouldBe(expected);
        }
    }

    [Fact]
    public void Have_room()
    {
        int[] room = new int[Strips.Most(200, 12) + 2];
        fixed (int* starts = room)
        {
            for (int rows = 1; rows < 200; rows++)
            {
                int most = Strips.Most(rows, 12);
                for (int period = 0; period < 60; period++)
                {
                    starts[most + 1] = -7;
                    for (int firstRow = 0; firstRow < 60; firstRow += 7)
                    {
                        int count = Strips.Cut(firstRow, rows, period, 12, starts);
                        count.ShouldBeLessThanOrEqualTo(most);
                        for (int i = 0; i < count; i++)
                            (starts[i + 1] - starts[i]).ShouldBeInRange(1, 12);
                    }
                    starts[most + 1].ShouldBe(-7);
                }
            }
        }
    }

    [Theory]
    [InlineData(5, 2, 2)]
    [InlineData(12, 2, 1)]
    [InlineData(16, 6, 2)]
    [InlineData(64, 2, 2)]
    [InlineData(100, 3, 1)]
    public void Of_block_sparse_masks_have_the_bits_of_others(int size, int heads, int shared)
    {
        const int Queries = 300, Keys = 431;
        int columns = (Keys + size - 1) / size;
        bool[] flags = [.. Enumerable.Range(0, columns * columns).Select(i => (i * 7) % 3 == 0 || i % columns == 0)];
        AttentionOptions options = new() { MaskFlags = flags };
        var c = new AttentionCase(new(2, heads, shared, Queries, Keys, 24) { ValueDim = 40 });
        BlockSparseMask mask = new(size, Keys);
        AttentionGradientCase.Fused(c, default(PlainScore), mask, [], options).Zip(AttentionGradientCase.Fused(c, default(PlainScore), new Unannounced(mask), [], options))
            .ShouldAllBe(pair => Enumerable.SequenceEqual(pair.First.Select(BitConverter.SingleToInt32Bits), pair.Second.Select(BitConverter.SingleToInt32Bits)));
        (float[] output, float[] log) = c.Run(default(PlainScore), mask, options: options);
        (float[] other, float[] otherLog) = c.Run(default(PlainScore), new Unannounced(mask), options: options);
        output.Concat(log).Select(BitConverter.SingleToInt32Bits).ShouldBe(other.Concat(otherLog).Select(BitConverter.SingleToInt32Bits));
        c.Check(default(PlainScore), mask, options: options);
    }

    [Theory]
    [InlineData(5, 24)]
    [InlineData(5, 64)]
    [InlineData(37, 64)]
    [InlineData(517, 64)]
    public void Without_any_weight_give_zeros(int keys, int dim)
    {
        // Keys end within a panel, of which a strip of rows sees nothing: by a mask that does not know, or by scores of −∞; values are packed, or read as they lie.
        const int Queries = 40;
        var c = new AttentionCase(new(1, 2, 2, Queries, keys, dim));
        (float[] output, float[] log) = c.Run(default(PlainScore), default(Nothing));
        output.ShouldAllBe(x => x == 0);
        log.ShouldAllBe(x => float.IsNegativeInfinity(x));
        float[] bias = [.. Enumerable.Range(0, Queries * keys).Select(i => i / keys < 30 ? float.NegativeInfinity : 0.1f)];
        (output, log) = c.Run(new AdditiveBias(0, 0, keys), default(NoMask), bias);
        for (int i = 0; i < output.Length; i++)
            (i / dim % Queries < 30 ? output[i] == 0 : float.IsFinite(output[i]) && output[i] != 0).ShouldBeTrue();
    }

    [Fact]
    public void Follow_the_larger_blocks_of_two_masks()
    {
        new And<Causal, BlockSparseMask>(default, new(16, 150)).QueryBlock.ShouldBe(16);
        new Or<BlockSparseMask, BlockSparseMask>(new(16, 150), new(32, 150)).QueryBlock.ShouldBe(32);
        ((IAttentionMask)default(Causal)).QueryBlock.ShouldBe(0);
    }

    // Says partly of every tile, and no of every pair.
    private readonly struct Nothing : IAttentionMask
    {
        public TileCoverage Cover(in MaskTile tile) => TileCoverage.Partly;

        public V Allows<V>(in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => V.Zero;
    }

    // The mask, which keeps its blocks to itself.
    private readonly struct Unannounced(BlockSparseMask mask) : IAttentionMask
    {
        private readonly BlockSparseMask mask = mask;

        public TileCoverage Cover(in MaskTile tile) => mask.Cover(tile);

        public V Allows<V>(in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => mask.Allows(at);
    }
}
