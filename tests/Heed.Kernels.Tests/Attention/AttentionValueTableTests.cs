using Heed.Kernels.Tests.Parallel;
using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Vectors of a table added to the values (Shaw's value term): against double precision, and with the same bits however it is computed.</summary>
[Trait("Legs", "InstructionSets")]
[Collection(WorkerTests.Name)]
public class AttentionValueTableTests
{
    [Theory]
    [InlineData(2, 4, 2, 33, 70, 9, 18, 3)]
    [InlineData(1, 2, 1, 5, 1100, 16, 40, 16)]
    [InlineData(1, 1, 1, 130, 130, 64, 64, 0)]
    public void Against_double_precision(int batch, int heads, int shared, int queries, int keys, int dim, int valueDim, int clip)
    {
        var c = new AttentionCase(new(batch, heads, shared, queries, keys, dim) { ValueDim = valueDim });
        int rows = (2 * clip) + 1;
        float[] table = c.Numbers(rows * valueDim), mass = new float[c.Rows * rows], output = new float[c.Rows * valueDim];
        var options = new AttentionOptions { ValueTable = table, QueryTable = c.Numbers(c.Rows * rows), Sinks = c.Numbers(heads) };
        var score = new ShawScore(clip, 0.3f);
        FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, score, new Causal(2), default, new AttentionStatistics { ValueMass = mass }, options);
        (double[] expected, _, double[] weights, _) = c.Reference(score, new Causal(2), null, options);
        Tolerance.AssertWithin(output, expected, 3e-6, "output");
        double[] expectedMass = new double[mass.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            int row = i / keys, query = keys - queries + (row % queries);
            expectedMass[(row * rows) + Math.Clamp((i % keys) - query, -clip, clip) + clip] += weights[i];
        }
        Tolerance.AssertWithin(mass, expectedMass, 2e-6, "mass");
        AttentionGradientCase.Check(c, score, new Causal(2), null, options);
    }

    [Fact]
    [Trait("Weight", "heavy")]
    public void Same_bits_in_chunks_and_on_any_number_of_threads()
    {
        const int Length = 900, Dim = 24, Clip = 5;
        var c = new AttentionCase(new(1, 2, 1, Length, Length, Dim));
        float[] table = c.Numbers(11 * Dim);
        var score = new ShawScore(Clip, 0.3f);
        var options = new AttentionOptions { ValueTable = table };
        float[][]? gradients = null;
        (float[] whole, _) = c.Run(score, default(Causal), null, options);
        foreach (int degree in new[] { 1, 2, 3, 8 })
        {
            using var workers = new WorkerDegree(degree);
            AttentionBitTests.Same(c.Run(score, default(Causal), null, options).Output, whole);
            float[][] again = AttentionGradientCase.Fused(c, score, default(Causal), [], options);
            gradients ??= again;
            for (int i = 0; i < again.Length; i++)
                AttentionBitTests.Same(again[i], gradients[i]);
            foreach ((int at, int count) in new[] { (0, 1), (300, 7), (511, 2), (600, 300) })
            {
                float[] part = new float[2 * count * Dim];
                AttentionShape shape = c.Shape with { Queries = count, Keys = at + count, QueryStrides = c.Shape.QueryStrides, KeyStrides = c.Shape.KeyStrides, ValueStrides = c.Shape.ValueStrides };
                FusedAttention.Forward(c.Q.AsSpan(at * Dim), c.K, c.V, part, shape, score, default(Causal), default, default, options);
                for (int h = 0; h < 2; h++)
                    AttentionBitTests.Same(part.AsSpan(h * count * Dim, count * Dim), whole.AsSpan(((h * Length) + at) * Dim, count * Dim));
            }
        }
    }

    [Fact]
    public void Wrong_tables_are_named()
    {
        var c = new AttentionCase(new(1, 1, 1, 3, 3, 4));
        Should.Throw<ArgumentException>(() => c.Run(default(PlainScore), default(NoMask), null, new AttentionOptions { ValueTable = new float[12] })).Message.ShouldContain("ValueTable");
        Should.Throw<ArgumentException>(() => c.Run(new ShawScore(1, 1), default(NoMask), null, new AttentionOptions { ValueTable = new float[11] })).Message.ShouldContain("valueDim = 4");
        Should.Throw<ArgumentException>(() => c.Run(new ShawScore(2, 1), default(NoMask), null, new AttentionOptions { ValueTable = new float[12] })).Message.ShouldContain("clip 2");
        Should.Throw<ArgumentException>(() => c.Run(new ShawScore(2, 1), default(NoMask), null, new AttentionOptions { QueryTable = new float[12] })).Message.ShouldContain("QueryTable");
    }
}
