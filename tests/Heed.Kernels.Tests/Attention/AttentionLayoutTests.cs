namespace Heed.Kernels.Tests;

/// <summary>Layouts, packed and padded sequences, and what stands behind a mask.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionLayoutTests
{
    // Of whole panels, rows that lie side by side are read where they are, others are copied first.
    [Theory]
    [InlineData(13)]
    [InlineData(32)]
    [InlineData(64)]
    public void Interleaved_rows_first_has_the_bits_of_heads_first(int dim)
    {
        const int Batch = 2, Heads = 3, Length = 45;
        var c = new AttentionCase(new(Batch, Heads, Heads, Length, Length, dim));
        (float[] expected, float[] log) = c.Run(default(PlainScore), default(Causal));
        float[] together = new float[3 * c.Q.Length], output = new float[c.Q.Length], gradient = new float[together.Length];
        for (int part = 0; part < 3; part++)
        {
            float[] source = part == 0 ? c.Q : part == 1 ? c.K : c.V;
            for (int i = 0; i < source.Length; i++)
                together[Interleaved(i, part)] = source[i];
        }
        AttentionStrides strides = AttentionStrides.Interleaved(3, Heads, Length, dim);
        AttentionShape shape = c.Shape.RowsFirst() with { QueryStrides = strides, KeyStrides = strides, ValueStrides = strides };
        int step = Heads * dim;
        FusedAttention.Forward(together, together.AsSpan(step), together.AsSpan(2 * step), output, shape, default(PlainScore), default(Causal));
        float[] dO = new float[output.Length];
        for (int i = 0; i < output.Length; i++)
        {
            BitConverter.SingleToInt32Bits(output[RowsFirst(i)]).ShouldBe(BitConverter.SingleToInt32Bits(expected[i]));
            dO[RowsFirst(i)] = c.DO[i];
        }
        float[][] g = AttentionGradientCase.Fused(c, default(PlainScore), default(Causal), [], default);
        FusedAttention.Backward(dO, together, together.AsSpan(step), together.AsSpan(2 * step), output, log,
            new AttentionGradients(gradient, gradient.AsSpan(step), gradient.AsSpan(2 * step)), shape, default(PlainScore), default(Causal));
        for (int part = 0; part < 3; part++)
        {
            for (int i = 0; i < c.Q.Length; i++)
                BitConverter.SingleToInt32Bits(gradient[Interleaved(i, part)]).ShouldBe(BitConverter.SingleToInt32Bits(g[part][i]));
        }

        int RowsFirst(int i) => (((((i / (Heads * Length * dim)) * Length) + (i / dim % Length)) * Heads) + (i / (Length * dim) % Heads)) * dim + (i % dim);
        int Interleaved(int i, int part) => (((((((i / (Heads * Length * dim)) * Length) + (i / dim % Length)) * 3) + part) * Heads) + (i / (Length * dim) % Heads)) * dim + (i % dim);
    }

    [Fact]
    public void Packed_padded_and_single_sequences_have_the_same_bits()
    {
        const int Heads = 2, Dim = 8, Most = 90;
        int[] queries = [0, 7, 90, 1, 33], keys = [5, 40, 90, 0, 61], starts = [3, 50, 0, 90, 29], queryStarts = [0, 83, 0, 10, 2];
        int batch = queries.Length, allQueries = queries.Sum(), allKeys = keys.Sum();
        int[] queryOffsets = [.. Enumerable.Range(0, batch + 1).Select(i => queries.Take(i).Sum())], keyOffsets = [.. Enumerable.Range(0, batch + 1).Select(i => keys.Take(i).Sum())];
        var padded = new AttentionCase(new(batch, Heads, Heads, Most, Most, Dim));
        var options = new AttentionOptions { QueryLengths = queries, QueryStarts = queryStarts, KeyLengths = keys, KeyStarts = starts };
        (float[] output, float[] log) = padded.Run(default(PlainScore), default(Causal), null, options);
        padded.Check(default(PlainScore), default(Causal), null, options);
        float[][] g = AttentionGradientCase.Fused(padded, default(PlainScore), default(Causal), [], options);
        AttentionGradientCase.Check(padded, default(PlainScore), default(Causal), null, options);
        var packed = new AttentionCase(new(1, Heads, Heads, allQueries, allKeys, Dim));
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < Heads; h++)
            {
                int from = ((((b * Heads) + h) * Most) + queryStarts[b]) * Dim, to = ((h * allQueries) + queryOffsets[b]) * Dim;
                padded.Q.AsSpan(from, queries[b] * Dim).CopyTo(packed.Q.AsSpan(to));
                padded.DO.AsSpan(from, queries[b] * Dim).CopyTo(packed.DO.AsSpan(to));
                from = ((((b * Heads) + h) * Most) + starts[b]) * Dim;
                to = ((h * allKeys) + keyOffsets[b]) * Dim;
                padded.K.AsSpan(from, keys[b] * Dim).CopyTo(packed.K.AsSpan(to));
                padded.V.AsSpan(from, keys[b] * Dim).CopyTo(packed.V.AsSpan(to));
            }
        }
        float[] packedOutput = new float[packed.Q.Length], packedLog = new float[Heads * allQueries];
        float[] dq = new float[packed.Q.Length], dk = new float[packed.K.Length], dv = new float[packed.V.Length];
        AttentionShape shape = packed.Shape with { Batch = batch };
        var offsets = new AttentionOptions { QueryOffsets = queryOffsets, KeyOffsets = keyOffsets };
        FusedAttention.Forward(packed.Q, packed.K, packed.V, packedOutput, shape, default(PlainScore), default(Causal), default, new AttentionStatistics { LogSumExp = packedLog }, offsets);
        FusedAttention.Backward(packed.DO, packed.Q, packed.K, packed.V, packedOutput, packedLog, new AttentionGradients(dq, dk, dv), shape, default(PlainScore), default(Causal), default, offsets);
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < Heads; h++)
            {
                int from = (((b * Heads) + h) * Most) + queryStarts[b], to = (h * allQueries) + queryOffsets[b];
                AttentionBitTests.Same(packedOutput.AsSpan(to * Dim, queries[b] * Dim), output.AsSpan(from * Dim, queries[b] * Dim));
                AttentionBitTests.Same(packedLog.AsSpan(to, queries[b]), log.AsSpan(from, queries[b]));
                AttentionBitTests.Same(dq.AsSpan(to * Dim, queries[b] * Dim), g[0].AsSpan(from * Dim, queries[b] * Dim));
                from = (((b * Heads) + h) * Most) + starts[b];
                to = (h * allKeys) + keyOffsets[b];
                AttentionBitTests.Same(dk.AsSpan(to * Dim, keys[b] * Dim), g[1].AsSpan(from * Dim, keys[b] * Dim));
                AttentionBitTests.Same(dv.AsSpan(to * Dim, keys[b] * Dim), g[2].AsSpan(from * Dim, keys[b] * Dim));
            }
        }
    }

    [Fact]
    public void Many_short_sequences_of_which_the_next_is_fetched_have_the_bits_of_each_alone()
    {
        // More than the caches are taken to hold.
        const int Batch = 24, Heads = 8, Queries = 40, Keys = 50, Dim = 64;
        var c = new AttentionCase(new(Batch, Heads, Heads, Queries, Keys, Dim));
        (float[] all, float[] log) = c.Run(default(PlainScore), default(Causal));
        AttentionShape one = new(1, 1, 1, Queries, Keys, Dim);
        float[] output = new float[Queries * Dim], own = new float[Queries];
        for (int head = 0; head < Batch * Heads; head += 19)
        {
            FusedAttention.Forward(
                c.Q.AsSpan(head * Queries * Dim, output.Length), c.K.AsSpan(head * Keys * Dim, Keys * Dim), c.V.AsSpan(head * Keys * Dim, Keys * Dim), output, one, default(PlainScore), default(Causal), default,
                new AttentionStatistics { LogSumExp = own });
            AttentionBitTests.Same(all.AsSpan(head * Queries * Dim, output.Length), output);
            AttentionBitTests.Same(log.AsSpan(head * Queries, Queries), own);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_masked_never_leaks(float poison)
    {
        const int Length = 80, Dim = 20;
        AttentionShape shape = new(1, 2, 2, Length, Length, Dim);
        bool[] flags = [.. Enumerable.Range(0, Length * Length).Select(i => i % Length != 33 && (i * 7919 % 11) != 0)];
        int[] documents = [.. Enumerable.Range(0, Length).Select(i => i == 33 ? 5 : i / 20)];
        // Key 33 is hidden from all but, in some masks, queries 33 and later: those are not compared.
        Poisoned(default(Causal), 33, default);
        Poisoned(new Window(3, 2), 31, default);
        Poisoned(new Or<Prefix, And<Causal, Window>>(new(5), new(default, new(10, 0))), 33, default);
        Poisoned(DenseMask.For(shape, false, false), Length, new AttentionOptions { MaskFlags = flags });
        Poisoned(new LengthMask(0), Length, new AttentionOptions { MaskNumbers = new[] { 33 } });
        Poisoned(new DocumentMask(Length, 0, Length, Length), Length, new AttentionOptions { MaskNumbers = (int[])[.. documents, .. Enumerable.Range(0, Length).Select(i => i / 20)] });
        Poisoned(new BlockSparseMask(3, Length), Length, new AttentionOptions { MaskFlags = Enumerable.Range(0, 27 * 27).Select(i => i % 27 != 11).ToArray() });

        void Poisoned<TMask>(TMask mask, int unaffected, AttentionOptions options)
            where TMask : unmanaged, IAttentionMask
        {
            var clean = new AttentionCase(shape);
            clean.DO.AsSpan().Clear();
            for (int i = 0; i < 2 * unaffected * Dim; i++)
                clean.DO[(i / (unaffected * Dim) * Length * Dim) + (i % (unaffected * Dim))] = 1 + (i % 7);
            clean.Check(default(PlainScore), mask, null, options);
            (float[] expected, _) = clean.Run(default(PlainScore), mask, null, options);
            float[][] gradients = AttentionGradientCase.Fused(clean, new SoftCap(3), mask, [], options);
            for (int head = 0; head < 2; head++)
            {
                clean.K.AsSpan(((head * Length) + 33) * Dim, Dim).Fill(poison);
                clean.V.AsSpan(((head * Length) + 33) * Dim, Dim).Fill(poison);
            }
            (float[] actual, _) = clean.Run(default(PlainScore), mask, null, options);
            float[][] poisoned = AttentionGradientCase.Fused(clean, new SoftCap(3), mask, [], options);
            for (int head = 0; head < 2; head++)
            {
                AttentionBitTests.Same(actual.AsSpan(head * Length * Dim, unaffected * Dim), expected.AsSpan(head * Length * Dim, unaffected * Dim));
                AttentionBitTests.Same(poisoned[0].AsSpan(head * Length * Dim, unaffected * Dim), gradients[0].AsSpan(head * Length * Dim, unaffected * Dim));
                if (unaffected == Length)
                    AttentionBitTests.Same(poisoned[2].AsSpan(head * Length * Dim, Length * Dim), gradients[2].AsSpan(head * Length * Dim, Length * Dim));
            }
        }
    }

    [Fact]
    public void A_bias_of_minus_infinity_masks()
    {
        var c = new AttentionCase(new(1, 1, 1, 20, 50, 8));
        float[] bias = [.. Enumerable.Range(0, 50).Select(i => i % 3 == 0 ? float.NegativeInfinity : 0.1f * i)];
        c.Check(new AdditiveBias(0, 0, 0), default(NoMask), bias);
        (float[] expected, _) = c.Run(new AdditiveBias(0, 0, 0), default(NoMask), bias);
        c.V.AsSpan(33 * 8, 8).Fill(float.NaN);
        AttentionBitTests.Same(c.Run(new AdditiveBias(0, 0, 0), default(NoMask), bias).Output, expected);
    }
}
