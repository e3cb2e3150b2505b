namespace Heed.Kernels.Tests;

/// <summary>NaN and infinity behind every kind of mask, in what padding holds, and in what dropout drops: neither the forward nor the backward pass lets them through.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionPoisonTests
{
    private const int Length = 80, Dim = 20, Hidden = 33;
    private static readonly AttentionShape Shape = new(2, 4, 2, Length, Length, Dim);

    [Theory]
    [Trait("Weight", "heavy")]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_key_that_nobody_sees_leaves_no_trace(float poison)
    {
        bool[] flags = [.. Enumerable.Range(0, Length * Length).Select(i => i % Length != Hidden && i * 7919 % 11 != 0)];
        int[] documents = [.. Enumerable.Range(0, 2 * Length).Select(i => i % Length / 20), .. Enumerable.Range(0, 2 * Length).Select(i => i % Length == Hidden ? 9 : i % Length / 20)];
        Check(default(PlainScore), DenseMask.For(Shape, false, false), null, new AttentionOptions { MaskFlags = flags });
        Check(default(PlainScore), new LengthMask(0), null, new AttentionOptions { MaskNumbers = new[] { Hidden, Hidden } });
        Check(default(PlainScore), new DocumentMask(0, 2 * Length, Length, Length), null, new AttentionOptions { MaskNumbers = documents });
        Check(default(PlainScore), new BlockSparseMask(3, Length), null, new AttentionOptions { MaskFlags = [.. Enumerable.Range(0, 27 * 27).Select(i => i % 27 != 11)] });
        Check(default(PlainScore), new Prefix(Hidden));
        Check(default(PlainScore), new Causal(Hidden - Length));
        Check(default(PlainScore), new And<Causal, Prefix>(default, new(Hidden)));
        Check(default(PlainScore), new Or<Prefix, LengthMask>(new(10), new(0)), null, new AttentionOptions { MaskNumbers = new[] { Hidden, Hidden } });
        Check(new SoftCap(3), new Prefix(Hidden));
        Check(new Then<SoftCap, Alibi>(new(3), default), new Prefix(Hidden), [0.1f, 0.2f, 0.3f, 0.4f]);
        Check(new AdditiveBias(0, 0, 0), default(NoMask), [.. Enumerable.Range(0, Length).Select(i => i == Hidden ? float.NegativeInfinity : 0.1f)]);
        Check(default(PlainScore), default(NoMask), null, new AttentionOptions { KeyLengths = new[] { Hidden, Hidden }, QueryLengths = new[] { 70, 80 } });
        Check(default(PlainScore), default(NoMask), null, new AttentionOptions { KeyLengths = new[] { Hidden, Hidden }, QueryLengths = new[] { 2, 1 } });
        Check(default(PlainScore), DenseMask.For(Shape, false, false), null, new AttentionOptions { MaskFlags = flags, QueryLengths = new[] { 2, 1 } });
        Check(default(PlainScore), default(Causal), null, new AttentionOptions { KeyStarts = new[] { Hidden + 1, Hidden + 1 }, QueryStarts = new[] { 40, 0 } });
        Check(new ShawScore(3, 1), new Prefix(Hidden), null, new AttentionOptions { ValueTable = new AttentionCase(Shape).Numbers(7 * Dim), QueryTable = new AttentionCase(Shape).Numbers(2 * 4 * Length * 7), Dropout = 0.2f });
        Check(new Distributed<PlainScore, SparsemaxFunction>(default, default), new Prefix(Hidden));
        float[] queryTerms = [.. Enumerable.Repeat(0.5f, 2 * 4 * Length)], keyTerms = [.. Enumerable.Range(0, 2 * 2 * Length).Select(i => 0.3f + (i % 7 * 0.1f))];
        Check(new CosineScore(0), new Prefix(Hidden), [0.9f, 1.1f, 0.7f, 1.3f], new AttentionOptions { QueryTerms = queryTerms, KeyTerms = keyTerms }, keyTerms);
        Check(new CosineScore(0), DenseMask.For(Shape, false, false), [0.9f, 1.1f, 0.7f, 1.3f], new AttentionOptions { QueryTerms = queryTerms, KeyTerms = keyTerms, MaskFlags = flags }, keyTerms);

        void Check<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default, float[]? keyTerms = null)
            where TModifier : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask
        {
            var c = new AttentionCase(Shape);
            (float[] expected, float[] log) = c.Run(modifier, mask, parameters, options);
            expected.ShouldAllBe(x => float.IsFinite(x));
            float[][] gradients = AttentionGradientCase.Fused(c, modifier, mask, parameters ?? [], options);
            for (int row = 0; row < 2 * 2; row++)
            {
                c.K.AsSpan(((row * Length) + Hidden) * Dim, Dim).Fill(poison);
                c.V.AsSpan(((row * Length) + Hidden) * Dim, Dim).Fill(poison);
                if (keyTerms is not null)
                    keyTerms[(row * Length) + Hidden] = poison;
            }
            string name = $"{typeof(TModifier).Name}, {typeof(TMask).Name}";
            (float[] actual, float[] poisonedLog) = c.Run(modifier, mask, parameters, options);
            actual.ShouldBe(expected, name);
            poisonedLog.ShouldBe(log, name);
            float[][] poisoned = AttentionGradientCase.Fused(c, modifier, mask, parameters ?? [], options);
            for (int i = 0; i < gradients.Length; i++)
                poisoned[i].ShouldBe(gradients[i], $"{name}: gradient {i}");
            for (int row = 0; row < 2 * 2 && keyTerms is not null; row++)
                keyTerms[(row * Length) + Hidden] = 0.3f;
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_norm_that_nobody_asked_for_passes_nothing_on(float poison)
    {
        float[] x = [3, 4, poison, 1], terms = new float[2], dx = new float[4];
        CosineTerms.Forward(x, terms);
        CosineTerms.Backward(x, terms, [1, 0], dx);
        dx.ShouldBe([-3f / 125, -4f / 125, 0, 0], 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Padding_of_queries_leaves_no_trace(float poison)
    {
        var options = new AttentionOptions { QueryStarts = new[] { 5, 0 }, QueryLengths = new[] { 40, 0 } };
        var c = new AttentionCase(Shape);
        (float[] expected, _) = c.Run(default(PlainScore), default(Causal), null, options);
        float[][] gradients = AttentionGradientCase.Fused(c, default(PlainScore), default(Causal), [], options);
        for (int row = 0; row < c.Rows; row++)
        {
            if (row / Length < 4 && row % Length is >= 5 and < 45)
                continue;
            c.Q.AsSpan(row * Dim, Dim).Fill(poison);
            c.DO.AsSpan(row * Dim, Dim).Fill(poison);
        }
        c.Run(default(PlainScore), default(Causal), null, options).Output.ShouldBe(expected);
        float[][] poisoned = AttentionGradientCase.Fused(c, default(PlainScore), default(Causal), [], options);
        for (int i = 0; i < 3; i++)
            poisoned[i].ShouldBe(gradients[i]);
    }

    [Fact]
    public void A_poisoned_key_that_is_seen_shows()
    {
        var c = new AttentionCase(Shape);
        c.V[(Hidden * Dim) + 2] = float.NaN;
        (float[] output, _) = c.Run(default(PlainScore), default(Causal));
        for (int query = 0; query < Length; query++)
            float.IsNaN(output[(query * Dim) + 2]).ShouldBe(query >= Hidden);
        output.Count(float.IsNaN).ShouldBe(2 * (Length - Hidden));
    }
}
