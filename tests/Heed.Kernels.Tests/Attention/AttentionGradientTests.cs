using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>The backward pass: every shipped struct and pairs of them, against double precision and differences.</summary>
[Trait("Legs", "InstructionSets")]
[Trait("Weight", "heavy")]
[Collection(WorkerTests.Name)]
public class AttentionGradientTests
{
    private static readonly AttentionShape Small = new(2, 4, 2, 5, 7, 3) { ValueDim = 2 };
    private static readonly AttentionShape Odd = new(2, 4, 2, 131, 203, 33) { ValueDim = 18 };

    // Four rows for each head of keys, several blocks of keys.
    private static readonly AttentionShape Few = new(2, 4, 2, 2, 203, 41) { ValueDim = 18 };

    [Fact]
    public void Plain_with_masks_losses_and_sinks()
    {
        Both(default(PlainScore), default(NoMask));
        Both(default(PlainScore), new Causal(0));
        Both(default(PlainScore), new And<Causal, Window>(default, new(40, 0)));
        float[] sinks = [0.3f, -1, 2, 0];
        AttentionGradientCase.CheckReference(new AttentionCase(Small), default(PlainScore), new Causal(-2), null, new AttentionOptions { Sinks = sinks });
        AttentionGradientCase.Check(new AttentionCase(Odd), default(PlainScore), new Causal(-80), null, new AttentionOptions { Sinks = sinks }, losses: true);
        AttentionGradientCase.Check(new AttentionCase(Odd), default(PlainScore), new Causal(0), null, new AttentionOptions { Dropout = 0.3f, DropoutKey = 5, Sinks = sinks });
        AttentionGradientCase.CheckReference(new AttentionCase(Small), default(PlainScore), new Causal(0), null, new AttentionOptions { Dropout = 0.3f, DropoutKey = 5 });
    }

    [Fact]
    public void Every_modifier_and_pairs()
    {
        float[] slopes = [0.1f, 0.02f, 0.3f, 0.5f, 0.7f, 0.2f, 0.1f, 0.9f];
        Both(new SoftCap(1.5f), new Causal(0));
        Both(default(Alibi), new Causal(0), slopes);
        Both(default(DistanceDecay), default(NoMask), slopes);
        Both(new Then<SoftCap, Alibi>(new(2), new(4)), new Causal(0), slopes);
        Both(new Then<Alibi, DistanceDecay>(default, new(4)), new Window(20, 20), slopes);
        Both(new RelativeBias(4, 8, 20), default(NoMask), new AttentionCase(Small, 3).Numbers(32));
        Both(new Then<RelativeBias, SoftCap>(new RelativeBias(4, 8, 20, bothWays: false), new(3)), new Causal(0), new AttentionCase(Small, 3).Numbers(32));
    }

    [Fact]
    public void Additive_bias_over_any_axis()
    {
        foreach (AttentionShape shape in new[] { Small, Odd })
        {
            var c = new AttentionCase(shape);
            int matrix = shape.Queries * shape.Keys;
            One(c, AdditiveBias.For(shape, perBatch: true, perHead: true), c.Numbers(8 * matrix));
            One(c, AdditiveBias.For(shape, perBatch: false, perHead: true), c.Numbers(4 * matrix));
            One(c, new AdditiveBias(0, 0, 0, 1), c.Numbers(shape.Keys));
            One(c, new AdditiveBias(4, 1, 0, 0), c.Numbers(8));
        }

        static void One(AttentionCase c, AdditiveBias bias, float[] parameters)
        {
            c.Check(bias, new Causal(0), parameters);
            AttentionGradientCase.Check(c, bias, new Causal(0), parameters);
            if (c.Shape == Small)
                AttentionGradientCase.CheckReference(c, bias, new Causal(0), parameters);
        }
    }

    [Fact]
    public void Tables_and_terms()
    {
        var c = new AttentionCase(Odd);
        AttentionGradientCase.Check(c, new ShawScore(10, 0.5f), new Causal(0), null, new AttentionOptions { QueryTable = c.Numbers(c.Rows * 21) });
        AttentionGradientCase.Check(c, new Then<ShawScore, SoftCap>(new(10, 0.5f), new(3)), new Causal(0), null, new AttentionOptions { ValueTable = c.Numbers(21 * Odd.ValueDim), Dropout = 0.2f, DropoutKey = 3 });
        float[] queryTerms = new float[c.Rows], keyTerms = new float[2 * 2 * Odd.Keys];
        CosineTerms.Forward(c.Q, queryTerms);
        CosineTerms.Forward(c.K, keyTerms);
        AttentionGradientCase.Check(c, default(CosineScore), new Causal(0), [3, 5, 7, 9], new AttentionOptions { QueryTerms = queryTerms, KeyTerms = keyTerms, Scale = 1 });
        // A grid of seven rows of 17, near distances and all of them; and a small one of two rows of three.
        foreach (int clip in new[] { 2, 20 })
        {
            var grid = new AttentionCase(new AttentionShape(2, 4, 2, 119, 119, 33) { ValueDim = 18 });
            AttentionOptions table = new() { QueryTable = grid.Numbers(grid.Rows * 2 * ((2 * clip) + 1)) };
            grid.Check(new GridScore(17, clip, 0.5f), default(NoMask), null, table);
            AttentionGradientCase.Check(grid, new GridScore(17, clip, 0.5f), default(NoMask), null, table);
        }
        var six = new AttentionCase(new AttentionShape(2, 2, 1, 6, 6, 3));
        AttentionGradientCase.CheckReference(six, new GridScore(3, 1, 0.5f), default(NoMask), null, new AttentionOptions { QueryTable = six.Numbers(six.Rows * 6) });
        Should.Throw<ArgumentException>(() => six.Check(new GridScore(4, 1, 0.5f), default(NoMask), null, new AttentionOptions { QueryTable = six.Numbers(six.Rows * 6) })).Message.ShouldContain("same grid");
        Should.Throw<ArgumentException>(() => six.Check(new GridScore(3, 2, 0.5f), default(NoMask), null, new AttentionOptions { QueryTable = six.Numbers(six.Rows * 6) })).Message.ShouldContain("clip 2 needs 10");
        var s = new AttentionCase(Small);
        AttentionGradientCase.CheckReference(s, new ShawScore(2, 0.5f), new Causal(0), null, new AttentionOptions
        {
            QueryTable = s.Numbers(s.Rows * 5), ValueTable = s.Numbers(5 * Small.ValueDim), Sinks = s.Numbers(4), Dropout = 0.2f, DropoutKey = 3,
        });
        AttentionGradientCase.CheckReference(s, default(CosineScore), new Causal(0), [3, 5, 7, 9], new AttentionOptions { QueryTerms = s.Numbers(s.Rows), KeyTerms = s.Numbers(2 * 2 * 7), Scale = 1 });
    }

    [Fact]
    public void Sequences_of_few_rows_beside_longer_and_empty_ones()
    {
        int[] queries = [2, 0, 5], keys = [201, 150, 0], starts = [2, 7, 0];
        foreach (int[] lengths in new[] { queries, [1, 2, 2], [0, 0, 0] })
        {
            AttentionOptions options = new() { QueryLengths = lengths, KeyLengths = keys, KeyStarts = starts, Dropout = 0.1f, DropoutKey = 9 };
            AttentionGradientCase.Check(new AttentionCase(Few with { Batch = 3, Queries = 5 }), default(PlainScore), default(NoMask), null, options);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(70)]
    public void Gradients_of_keys_are_added_where_that_is_asked(int queries)
    {
        var c = new AttentionCase(Few with { Queries = queries });
        (float[] output, float[] log) = c.Run(default(PlainScore), default(NoMask));
        AttentionOptions options = new() { KeyLengths = new[] { 100, 203 } };
        float[] q = new float[c.Q.Length], k = new float[c.K.Length], v = new float[c.V.Length], moreK = c.Numbers(k.Length), moreV = c.Numbers(v.Length);
        float[] wereK = [.. moreK], wereV = [.. moreV];
        FusedAttention.Backward(c.DO, c.Q, c.K, c.V, output, log, new AttentionGradients(q, k, v), c.Shape, options);
        FusedAttention.Backward(c.DO, c.Q, c.K, c.V, output, log, new AttentionGradients(q, moreK, moreV) { AddsToKeys = true }, c.Shape, options);
        for (int i = 0; i < k.Length; i++)
            moreK[i].ShouldBe(wereK[i] + k[i], 1e-6f);
        for (int i = 0; i < v.Length; i++)
            moreV[i].ShouldBe(wereV[i] + v[i], 1e-6f);
        // Padding of the first sequence: 0 when written, as it was when added to.
        int padding = 150 * Few.HeadDim;
        (k[padding], moreK[padding]).ShouldBe((0f, wereK[padding]));
    }

    [Fact]
    public void Same_bits_on_any_number_of_threads()
    {
        var c = new AttentionCase(Odd with { Batch = 1, HeadCount = 2, KeyValueHeadCount = 1, Keys = 900 });
        float[][]? expected = null;
        foreach (int degree in new[] { 1, 2, 3, 8 })
        {
            using var workers = new WorkerDegree(degree);
            float[][] g = AttentionGradientCase.Fused(c, new Then<SoftCap, Alibi>(new(2), default), new Causal(0), [0.1f, 0.2f], default);
            expected ??= g;
            for (int i = 0; i < g.Length; i++)
                AttentionBitTests.Same(g[i], expected[i]);
        }
    }

    private static void Both<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        AttentionGradientCase.CheckReference(new AttentionCase(Small), modifier, mask, parameters);
        foreach (AttentionShape shape in new[] { Odd, Few })
        {
            var c = new AttentionCase(shape);
            c.Check(modifier, mask, parameters);
            AttentionGradientCase.Check(c, modifier, mask, parameters, losses: true);
        }
    }
}
