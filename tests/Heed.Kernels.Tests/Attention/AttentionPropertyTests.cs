using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>What holds for attention whatever the numbers are.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionPropertyTests
{
    [Property(MaxTest = 60)]
    public void The_order_of_keys_does_not_matter(int seed, byte queries, ushort keys, byte dim)
    {
        var c = Case(seed, queries, keys, dim);
        int[] order = [.. Enumerable.Range(0, c.Shape.Keys)];
        c.Random.Shuffle(order);
        var moved = new AttentionCase(c.Shape, seed);
        Move(c.K, moved.K, c.Shape.HeadDim, order);
        Move(c.V, moved.V, c.Shape.ValueDim, order);
        (float[] expected, float[] log) = c.Run(default(PlainScore), default(NoMask));
        (float[] actual, float[] movedLog) = moved.Run(default(PlainScore), default(NoMask));
        Close(actual, expected);
        Close(movedLog, log);
        float[][] g = AttentionGradientCase.Fused(c, default(PlainScore), default(NoMask), [], default), h = AttentionGradientCase.Fused(moved, default(PlainScore), default(NoMask), [], default);
        Close(h[0], g[0]);
        float[] dK = new float[g[1].Length], dV = new float[g[2].Length];
        Move(g[1], dK, c.Shape.HeadDim, order);
        Move(g[2], dV, c.Shape.ValueDim, order);
        Close(h[1], dK);
        Close(h[2], dV);
    }

    [Property(MaxTest = 60)]
    public void The_future_changes_nothing_behind_a_causal_mask(int seed, byte queries, ushort keys, byte dim, byte now)
    {
        var c = Case(seed, queries, keys, dim);
        AttentionShape s = c.Shape;
        int seen = now % (s.Queries + 1), lastKey = s.Keys - s.Queries + seen;
        (float[] expected, float[] log) = c.Run(default(PlainScore), default(Causal));
        float[][] before = Gradients();
        for (int head = 0; head < s.HeadCount; head++)
        {
            Change(c.Q, head, s.Queries, seen, s.HeadDim);
            Change(c.K, head, s.Keys, Math.Max(0, lastKey), s.HeadDim);
            Change(c.V, head, s.Keys, Math.Max(0, lastKey), s.ValueDim);
        }
        (float[] actual, float[] laterLog) = c.Run(default(PlainScore), default(Causal));
        float[][] after = Gradients();
        for (int head = 0; head < s.HeadCount; head++)
        {
            AttentionBitTests.Same(actual.AsSpan(head * s.Queries * s.ValueDim, seen * s.ValueDim), expected.AsSpan(head * s.Queries * s.ValueDim, seen * s.ValueDim));
            AttentionBitTests.Same(laterLog.AsSpan(head * s.Queries, seen), log.AsSpan(head * s.Queries, seen));
            AttentionBitTests.Same(after[0].AsSpan(head * s.Queries * s.HeadDim, seen * s.HeadDim), before[0].AsSpan(head * s.Queries * s.HeadDim, seen * s.HeadDim));
        }

        // The loss looks at the seen queries only.
        float[][] Gradients()
        {
            for (int head = 0; head < s.HeadCount; head++)
                c.DO.AsSpan(((head * s.Queries) + seen) * s.ValueDim, (s.Queries - seen) * s.ValueDim).Clear();
            return AttentionGradientCase.Fused(c, default(PlainScore), default(Causal), [], default);
        }

        void Change(float[] x, int head, int rows, int from, int size)
        {
            for (int i = ((head * rows) + from) * size; i < (head + 1) * rows * size; i++)
                x[i] = 100 * c.Random.NextSingle();
        }
    }

    [Property(MaxTest = 60)]
    public void A_shift_of_all_scores_moves_the_log_sum_exp_only(int seed, byte queries, ushort keys, byte dim, sbyte shift)
    {
        var c = Case(seed, queries, keys, dim);
        (float[] expected, float[] log) = c.Run(default(PlainScore), default(Causal));
        (float[] actual, float[] movedLog) = c.Run(new AdditiveBias(0, 0, 0, 0), default(Causal), [shift]);
        Close(actual, expected, 1e-5 + (Math.Abs((int)shift) * 2e-6));
        for (int i = 0; i < log.Length; i++)
        {
            if (float.IsNegativeInfinity(log[i]))
                movedLog[i].ShouldBe(log[i]);
            else
                movedLog[i].ShouldBe(log[i] + shift, 1e-5f + (Math.Abs((int)shift) * 1e-6f));
        }
    }

    [Property(MaxTest = 40)]
    public void Masks_compose_as_their_truth_tables_do(int seed, byte queries, ushort keys, byte left, byte right, byte length, sbyte shift)
    {
        var c = Case(seed, queries, keys, 9);
        var window = new Window(left, right);
        var prefix = new Prefix(length);
        var causal = new Causal(shift);
        bool W(int distance) => distance <= left && -distance <= right;
        bool C(int distance) => distance + shift >= 0;
        Same(new And<Window, Prefix>(window, prefix), (distance, key) => W(distance) && key < length);
        Same(new Or<Window, Prefix>(window, prefix), (distance, key) => W(distance) || key < length);
        Same(new And<Causal, Or<Prefix, Window>>(causal, new(prefix, window)), (distance, key) => C(distance) && (key < length || W(distance)));
        Same(new Or<And<Causal, Prefix>, And<Causal, Window>>(new(causal, prefix), new(causal, window)), (distance, key) => C(distance) && (key < length || W(distance)));

        // A dense mask with the same truths sees other tiles as whole, and must give the same bits.
        void Same<TMask>(TMask mask, Func<int, int, bool> allows)
            where TMask : unmanaged, IAttentionMask
        {
            (int m, int n) = (c.Shape.Queries, c.Shape.Keys);
            bool[] flags = [.. Enumerable.Range(0, m * n).Select(i => allows(n - m + (i / n) - (i % n), i % n))];
            (float[] actual, float[] log) = c.Run(default(PlainScore), mask);
            (float[] expected, float[] expectedLog) = c.Run(default(PlainScore), DenseMask.For(c.Shape, false, false), null, new AttentionOptions { MaskFlags = flags });
            AttentionBitTests.Same(actual, expected);
            AttentionBitTests.Same(log, expectedLog);
            float[][] g = AttentionGradientCase.Fused(c, default(PlainScore), mask, [], default);
            float[][] h = AttentionGradientCase.Fused(c, default(PlainScore), DenseMask.For(c.Shape, false, false), [], new AttentionOptions { MaskFlags = flags });
            for (int i = 0; i < 3; i++)
                Close(g[i], h[i]);
        }
    }

    private static AttentionCase Case(int seed, byte queries, ushort keys, byte dim) => new(new(1, 2, 2, (queries % 75) + 1, (keys % 700) + 1, dim % 40) { ValueDim = (dim / 3 % 40) + 1 }, seed);

    private static void Move(float[] from, float[] to, int size, int[] order)
    {
        for (int i = 0; i < 2 * order.Length; i++)
            from.AsSpan(((i / order.Length * order.Length) + order[i % order.Length]) * size, size).CopyTo(to.AsSpan(i * size));
    }

    private static void Close(float[] actual, float[] expected, double tolerance = 5e-6)
    {
        double largest = 1;
        foreach (float x in expected)
            largest = float.IsFinite(x) ? Math.Max(largest, Math.Abs(x)) : largest;
        Tolerance.AssertWithin(actual, AttentionCase.Double(expected), tolerance * largest);
    }
}
