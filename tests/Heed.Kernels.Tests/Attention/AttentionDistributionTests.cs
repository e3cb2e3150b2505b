using Heed.Kernels.Tests.Parallel;
using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Distributions with exact zeros enter the same kernel: sparsemax against sorting, entmax-1.5 against double precision, both against differences.</summary>
[Trait("Legs", "InstructionSets")]
[Collection(WorkerTests.Name)]
public class AttentionDistributionTests
{
    private static readonly AttentionShape Small = new(2, 4, 2, 5, 7, 3) { ValueDim = 2 };
    private static readonly AttentionShape Odd = new(2, 4, 2, 37, 603, 17) { ValueDim = 18 };

    [Fact]
    public void Sparsemax_is_what_sorting_gives()
    {
        var c = new AttentionCase(new(1, 2, 1, 40, 700, 16));
        float[] output = new float[c.Q.Length], normalizers = new float[c.Rows], weights = new float[40 * 700], top = new float[c.Rows * 3], mass = new float[2 * 700];
        int[] keys = new int[top.Length];
        Distributed<PlainScore, SparsemaxFunction> sparse = default;
        FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, sparse, new Causal(-650), default,
            new AttentionStatistics { LogSumExp = normalizers, TopKeys = keys, TopWeights = top, KeyMass = mass });
        FusedAttention.Weights(c.Q, c.K, normalizers, weights, c.Shape, new(0, 1, 0, 40, 0, 700), sparse, new Causal(-650));
        (_, double[] logs, double[] softmax, _) = c.Reference(default(PlainScore), new Causal(-650));
        for (int query = 0; query < 40; query++)
        {
            int row = 40 + query;
            double[] scores = [.. Enumerable.Range(0, 700).Select(j => softmax[(row * 700) + j] == 0 ? double.NegativeInfinity : Math.Log(softmax[(row * 700) + j]) + logs[row])], sorted = [.. scores.OrderDescending()];
            double sum = 0, threshold = double.PositiveInfinity;
            for (int k = 0; k < 700 && sorted[k] > double.NegativeInfinity && 1 + ((k + 1) * sorted[k]) > sum + sorted[k]; k++)
            {
                sum += sorted[k];
                threshold = (sum - 1) / (k + 1);
            }
            double[] expected = [.. scores.Select(x => Math.Max(x - threshold, 0))];
            Tolerance.AssertWithin(weights.AsSpan(query * 700, 700), expected, 2e-6, "weights");
            ((double)top[row * 3]).ShouldBe(expected.Max(), 2e-6);
            for (int i = 0; i < 16; i++)
                ((double)output[(row * 16) + i]).ShouldBe(expected.Select((w, j) => w * c.V[(j * 16) + i]).Sum(), 5e-6);
        }
        ((double)mass.Skip(700).Sum()).ShouldBe(normalizers.Skip(40).Count(float.IsFinite), 1e-3);
        weights.Count(w => w > 0).ShouldBeInRange(30, 40 * 60);
    }

    [Fact]
    [Trait("Weight", "heavy")]
    public void Forward_and_backward_against_double_precision_and_differences()
    {
        Both(default(Distributed<PlainScore, SparsemaxFunction>), default(NoMask));
        Both(default(Distributed<PlainScore, Entmax15Function>), default(Causal));
        Both(new Distributed<Then<SoftCap, Alibi>, Entmax15Function>(new(new(2), default), default), new Causal(-3), [0.1f, 0.02f, 0.3f, 0.5f]);
        var c = new AttentionCase(Odd);
        var options = new AttentionOptions { Dropout = 0.3f, DropoutKey = 5, ValueTable = c.Numbers(7 * 18) };
        AttentionGradientCase.Check(c, new Distributed<ShawScore, Entmax15Function>(new(3, 1), default), default(Causal), null, options);

        static void Both<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null)
            where TModifier : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask
        {
            AttentionGradientCase.CheckReference(new AttentionCase(Small), modifier, mask, parameters, losses: false);
            var c = new AttentionCase(Odd);
            (float[] output, float[] normalizers) = c.Run(modifier, mask, parameters);
            (double[] expected, double[] expectedNormalizers, _, _) = c.Reference(modifier, mask, parameters);
            Tolerance.AssertWithin(output, expected, 5e-6, "output");
            Tolerance.AssertWithin(normalizers, expectedNormalizers, 5e-6, "normalizers");
            AttentionGradientCase.Check(c, modifier, mask, parameters);
        }
    }

    [Fact]
    [Trait("Weight", "heavy")]
    public void Same_bits_on_any_number_of_threads_and_in_chunks()
    {
        const int Length = 700, Dim = 24;
        var c = new AttentionCase(new(1, 2, 1, Length, Length, Dim));
        Distributed<PlainScore, Entmax15Function> score = default;
        float[][]? gradients = null;
        (float[] whole, _) = c.Run(score, default(Causal));
        foreach (int degree in new[] { 1, 3 })
        {
            using var workers = new WorkerDegree(degree);
            AttentionBitTests.Same(c.Run(score, default(Causal)).Output, whole);
            float[][] again = AttentionGradientCase.Fused(c, score, default(Causal), [], default);
            gradients ??= again;
            for (int i = 0; i < again.Length; i++)
                AttentionBitTests.Same(again[i], gradients[i]);
        }
        float[] part = new float[2 * 7 * Dim];
        AttentionShape shape = c.Shape with { Queries = 7, Keys = 307, QueryStrides = c.Shape.QueryStrides, KeyStrides = c.Shape.KeyStrides, ValueStrides = c.Shape.ValueStrides };
        FusedAttention.Forward(c.Q.AsSpan(300 * Dim), c.K, c.V, part, shape, score, default(Causal));
        for (int h = 0; h < 2; h++)
            AttentionBitTests.Same(part.AsSpan(h * 7 * Dim, 7 * Dim), whole.AsSpan(((h * Length) + 300) * Dim, 7 * Dim));
    }

    [Fact]
    public void What_only_softmax_has_is_refused()
    {
        var c = new AttentionCase(Small);
        Should.Throw<ArgumentException>(() => c.Run(default(Distributed<PlainScore, SparsemaxFunction>), default(NoMask), null, new AttentionOptions { Sinks = new float[4] })).Message.ShouldContain("sinks");
        Should.Throw<ArgumentException>(() => c.Run(default(Then<Distributed<PlainScore, SparsemaxFunction>, PlainScore>), default(NoMask))).Message.ShouldContain("around Then");
        Should.Throw<ArgumentException>(() => FusedAttention.Forward(c.Q, c.K, c.V, new float[c.Rows * 2], c.Shape, default(Distributed<PlainScore, SparsemaxFunction>), default(NoMask),
            default, new AttentionStatistics { Entropy = new float[c.Rows] })).Message.ShouldContain("softmax only");
    }
}
