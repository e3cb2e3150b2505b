namespace Heed.Kernels.Tests;

/// <summary>The forward pass against double precision.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionForwardTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1, 1)]
    [InlineData(2, 3, 3, 17, 19, 23, 23)]
    [InlineData(1, 2, 1, 70, 70, 64, 64)]
    [InlineData(1, 4, 2, 13, 700, 33, 7)]
    [InlineData(2, 6, 2, 5, 1100, 64, 40)]
    [InlineData(1, 1, 1, 300, 600, 128, 128)]
    [InlineData(1, 8, 2, 1, 1500, 128, 128)]
    [InlineData(1, 2, 2, 40, 300, 200, 17)]
    public void Against_double_precision(int batch, int heads, int shared, int queries, int keys, int dim, int valueDim)
    {
        var c = new AttentionCase(new(batch, heads, shared, queries, keys, dim) { ValueDim = valueDim });
        c.Check(default(PlainScore), default(NoMask));
        c.Check(default(PlainScore), new Causal(0));
        c.Check(default(PlainScore), new Window(5, 3));
        c.Check(default(PlainScore), default(CausalTopLeft));
        c.Check(default(PlainScore), new Or<And<Causal, Window>, CausalTopLeft>(new(default, new(40, 0)), default));
    }

    [Fact]
    public void Every_size_up_to_seventy()
    {
        for (int n = 0; n <= 70; n++)
        {
            new AttentionCase(new(1, 1, 1, n, 37, 5)).Check(default(PlainScore), new Causal(0));
            new AttentionCase(new(1, 1, 1, 7, n, 5)).Check(default(PlainScore), new Causal(0));
            new AttentionCase(new(1, 2, 1, 7, 37, n) { ValueDim = 3 }).Check(default(PlainScore), new Causal(0));
            new AttentionCase(new(1, 2, 1, 7, 37, 3) { ValueDim = n }).Check(default(PlainScore), new Causal(0));
        }
    }
}
