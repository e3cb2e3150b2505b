using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>What the kernel tells about its weights, against the weights of the reference.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionStatisticsTests
{
    [Theory]
    [InlineData(1, 2, 2, 70, 75, 9, 0)]
    [InlineData(2, 4, 2, 33, 600, 16, -3)]
    [InlineData(1, 4, 1, 3, 1200, 32, -1198)]
    public void Of_every_row(int batch, int heads, int shared, int queries, int keys, int dim, int shift)
    {
        const int Top = 4;
        var c = new AttentionCase(new(batch, heads, shared, queries, keys, dim));
        float[] slopes = c.Numbers(heads, 0.05f), sinks = c.Numbers(heads);
        var options = new AttentionOptions { Sinks = sinks };
        float[] output = new float[c.Q.Length], log = new float[c.Rows], most = new float[c.Rows], entropy = new float[c.Rows], distance = new float[c.Rows];
        float[] top = new float[c.Rows * Top], mass = new float[batch * heads * keys];
        int[] argMax = new int[c.Rows], topKeys = new int[c.Rows * Top];
        FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(Alibi), new Causal(shift), slopes, new AttentionStatistics
        {
            LogSumExp = log, Maximum = most, Entropy = entropy, ExpectedDistance = distance, ArgMax = argMax, TopKeys = topKeys, TopWeights = top, KeyMass = mass,
        }, options);
        (_, double[] expectedLog, double[] weights, double[] expectedEntropy) = c.Reference(default(Alibi), new Causal(shift), slopes, options);
        Tolerance.AssertWithin(log, expectedLog, 1e-5, "log-sum-exp");
        Tolerance.AssertWithin(entropy, expectedEntropy, 2e-5, "entropy");
        double[] expectedMass = new double[mass.Length];
        // e^(score − log-sum-exp): both are rounded in their own size, of which the weight keeps the relative error.
        double Rounding(int row) => 2e-6 + (Math.Pow(2, -22) * Math.Abs(expectedLog[row]));
        for (int row = 0; row < c.Rows; row++)
        {
            ReadOnlySpan<double> w = weights.AsSpan(row * keys, keys);
            double expectedDistance = 0;
            for (int j = 0; j < keys; j++)
            {
                expectedDistance += w[j] * Math.Abs(keys - queries + (row % queries) - j);
                expectedMass[(row / queries * keys) + j] += w[j];
            }
            ((double)distance[row]).ShouldBe(expectedDistance, 1e-4 * (1 + expectedDistance));
            (int key, double weight)[] order = [.. w.ToArray().Select((weight, key) => (key, weight)).Where(p => p.weight > 0).OrderByDescending(p => p.weight)];
            argMax[row].ShouldBe(order.Length == 0 ? -1 : order[0].key);
            if (order.Length == 0)
                most[row].ShouldBe(float.NegativeInfinity);
            else
                ((double)most[row]).ShouldBe(Math.Log(order[0].weight) + expectedLog[row], 1e-5);
            for (int i = 0; i < Top; i++)
            {
                topKeys[(row * Top) + i].ShouldBe(i < order.Length ? order[i].key : -1);
                ((double)top[(row * Top) + i]).ShouldBe(i < order.Length ? order[i].weight : 0, Rounding(row));
            }
        }
        Tolerance.AssertWithin(mass, expectedMass, 2e-5, "mass");
        float[] tile = new float[2 * (keys - 5)];
        FusedAttention.Weights(c.Q, c.K, log, tile, c.Shape, new(batch - 1, heads - 1, queries - 2, 2, 5, keys - 5), default(Alibi), new Causal(shift), slopes, options);
        for (int i = 0; i < 2; i++)
            Tolerance.AssertWithin(tile.AsSpan(i * (keys - 5), keys - 5), weights.AsSpan(((c.Rows - 2 + i) * keys) + 5, keys - 5), Rounding(c.Rows - 2 + i), "tile");
    }

    [Fact]
    public void Parts_of_the_keys_merge_to_the_whole()
    {
        const int Keys = 300, Cut = 113, Dim = 17;
        var c = new AttentionCase(new(1, 2, 2, 40, Keys, Dim));
        var mask = new CausalTopLeft();
        (double[] expected, double[] expectedLog, _, _) = c.Reference(default(PlainScore), mask);
        (float[] first, float[] firstLog) = Part(0, Cut, default(PlainScore), default(CausalTopLeft));
        // Row i sees none of the later part: that part counts for nothing.
        (float[] second, float[] secondLog) = Part(Cut, Keys - Cut, default(PlainScore), new Causal(-1000));
        FusedAttention.Merge(first, firstLog, second, secondLog);
        Tolerance.AssertWithin(first, expected, 1e-6);
        Tolerance.AssertWithin(firstLog, expectedLog, 2e-6);
        (expected, expectedLog, _, _) = c.Reference(default(PlainScore), default(NoMask));
        (first, firstLog) = Part(0, Cut, default(PlainScore), default(NoMask));
        (second, secondLog) = Part(Cut, Keys - Cut, default(PlainScore), default(NoMask));
        FusedAttention.Merge(first, firstLog, second, secondLog);
        Tolerance.AssertWithin(first, expected, 1e-6);
        Tolerance.AssertWithin(firstLog, expectedLog, 2e-6);

        (float[] Output, float[] Log) Part<TMask>(int from, int keys, PlainScore score, TMask part)
            where TMask : unmanaged, IAttentionMask
        {
            float[] output = new float[c.Q.Length], log = new float[c.Rows];
            AttentionShape shape = c.Shape with { Keys = keys, KeyStrides = c.Shape.KeyStrides, ValueStrides = c.Shape.ValueStrides };
            FusedAttention.Forward(c.Q, c.K.AsSpan(from * Dim), c.V.AsSpan(from * Dim), output, shape, score, part, default, new AttentionStatistics { LogSumExp = log });
            return (output, log);
        }
    }
}
