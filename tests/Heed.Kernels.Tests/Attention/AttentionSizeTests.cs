using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>Every size from 0 to 70 in every dimension, and the backward pass alone and in a batch.</summary>
[Trait("Legs", "InstructionSets")]
[Trait("Weight", "heavy")]
[Collection(WorkerTests.Name)]
public class AttentionSizeTests
{
    [Fact]
    public void Backward_at_every_size_up_to_seventy()
    {
        for (int n = 0; n <= 70; n++)
        {
            Check(new(1, 1, 1, n, 37, 5));
            Check(new(1, 1, 1, 7, n, 5));
            Check(new(1, 2, 1, 7, 37, n) { ValueDim = 3 });
            Check(new(1, 2, 1, 7, 37, 3) { ValueDim = n });
            Check(new(n, 2, 1, 3, 5, 4));
            Check(new(1, n, n, 3, 5, 4));
            Check(new(1, 2 * n, n, 3, 5, 4));
            Check(new(1, n, n == 0 ? 0 : 1, 3, 5, 4));
        }

        static void Check(AttentionShape shape)
        {
            var c = new AttentionCase(shape);
            c.Check(default(PlainScore), new Causal(1));
            AttentionGradientCase.Check(c, default(PlainScore), new Causal(1));
        }
    }

    [Fact]
    public void Gradients_of_a_sequence_have_the_same_bits_alone_and_in_a_batch()
    {
        var c = new AttentionCase(new(3, 4, 2, 130, 210, 33) { ValueDim = 18 });
        float[][]? expected = null;
        foreach (int degree in new[] { 1, 2, 3, 8 })
        {
            using var workers = new WorkerDegree(degree);
            float[][] all = AttentionGradientCase.Fused(c, new SoftCap(3), default(Causal), [], default);
            expected ??= all;
            var one = new AttentionCase(c.Shape with { Batch = 1 });
            Take(c.Q, one.Q);
            Take(c.K, one.K);
            Take(c.V, one.V);
            Take(c.DO, one.DO);
            float[][] alone = AttentionGradientCase.Fused(one, new SoftCap(3), default(Causal), [], default);
            for (int i = 0; i < 3; i++)
            {
                AttentionBitTests.Same(all[i], expected[i]);
                AttentionBitTests.Same(alone[i], all[i].AsSpan(alone[i].Length, alone[i].Length));
            }
        }

        static void Take(float[] from, float[] to) => from.AsSpan(to.Length, to.Length).CopyTo(to);
    }
}
