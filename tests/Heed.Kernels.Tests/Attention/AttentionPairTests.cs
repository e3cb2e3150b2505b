namespace Heed.Kernels.Tests;

/// <summary>Every score after every other, and every score under every mask: the double-precision gradients against differences, the fused ones against those.</summary>
public class AttentionPairTests
{
    private static readonly AttentionShape Shape = new(2, 4, 2, 4, 6, 3) { ValueDim = 2 };
    private static readonly AttentionShape Wide = new(1, 4, 2, 19, 150, 9) { ValueDim = 5 };

    // Offsets keep the parameters of two scores apart.
    private const int First = 0, Second = 64, All = 2000;

    [Fact]
    public void Scores_after_each_other()
    {
        After(new SoftCap(2));
        After(new Alibi(First));
        After(new DistanceDecay(First));
        After(new RelativeBias(4, 8, 20, offset: First));
        After(new AdditiveBias(4, 1, 0, 0, First));
        After(new ShawScore(3, 0.5f));
        After(new CosineScore(First));
        After(default(PlainScore));

        static void After<TFirst>(TFirst first)
            where TFirst : unmanaged, IDifferentiableScoreModifier
        {
            Reference(new Then<TFirst, SoftCap>(first, new(3)), default(Causal));
            Reference(new Then<TFirst, Alibi>(first, new(Second)), default(Causal));
            Reference(new Then<TFirst, DistanceDecay>(first, new(Second)), default(Causal));
            Reference(new Then<TFirst, RelativeBias>(first, new(4, 8, 20, offset: Second)), default(Causal));
            Reference(new Then<TFirst, AdditiveBias>(first, new(0, 6 * 4, 6, 1, Second)), default(Causal));
            Reference(new Then<TFirst, ShawScore>(first, new(3, 0.3f)), default(Causal));
            Reference(new Then<TFirst, CosineScore>(first, new(Second)), default(Causal));
            Reference(new Then<TFirst, PlainScore>(first, default), default(Causal));
            // One fused kernel for each first score: what is compiled differs by how numbers are read and gradients added.
            Fused(new Then<TFirst, Then<SoftCap, Alibi>>(first, new(new(3), new(Second))), new Window(40, 40));
        }
    }

    [Fact]
    public void Scores_under_masks()
    {
        Under(new SoftCap(2));
        Under(new Alibi(First));
        Under(new DistanceDecay(First));
        Under(new RelativeBias(4, 8, 20, offset: First));
        Under(new AdditiveBias(4, 1, 0, 0, First));
        Under(new ShawScore(3, 0.5f));
        Under(new CosineScore(First));
        Under(default(PlainScore));

        static void Under<TScore>(TScore score)
            where TScore : unmanaged, IDifferentiableScoreModifier
        {
            Reference(score, default(NoMask));
            Reference(score, default(CausalTopLeft));
            Reference(score, new Window(1, 2));
            Reference(score, new Prefix(3));
            Reference(score, new LengthMask(0));
            Reference(score, new DocumentMask(2, 20, 4, 6));
            Reference(score, new BlockSparseMask(2, 6));
            Reference(score, DenseMask.For(Shape, perBatch: true, perHead: true));
            Reference(score, new And<Causal, Window>(new(1), new(2, 1)));
            Reference(score, new Or<Prefix, Window>(new(1), new(1, 0)));
            Fused(score, new Or<Prefix, And<Causal, BlockSparseMask>>(new(20), new(default, new(16, 150))));
        }
    }

    [Fact]
    public void A_bias_is_broadcast_over_any_axes()
    {
        for (int axes = 0; axes < 16; axes++)
        {
            var bias = AdditiveBias.For(Shape, (axes & 1) != 0, (axes & 2) != 0, (axes & 4) != 0, (axes & 8) != 0);
            int count = ((axes & 1) != 0 ? 2 : 1) * ((axes & 2) != 0 ? 4 : 1) * ((axes & 4) != 0 ? 4 : 1) * ((axes & 8) != 0 ? 6 : 1);
            var c = new AttentionCase(Shape);
            float[] parameters = c.Numbers(count);
            AttentionGradientCase.CheckReference(c, bias, new Causal(1), parameters);
            AttentionGradientCase.Check(c, bias, new Causal(1), parameters);
            float[] full = [.. Enumerable.Range(0, 2 * 4 * 4 * 6).Select(i => parameters[Place(i, axes)])];
            AttentionBitTests.Same(c.Run(bias, new Causal(1), parameters).Output, c.Run(AdditiveBias.For(Shape, true, true), new Causal(1), full).Output);
            Should.Throw<ArgumentException>(() => c.Run(bias, new Causal(1), parameters[..^1])).Message.ShouldContain("AdditiveBias");
        }

        static int Place(int i, int axes)
        {
            int place = 0;
            foreach ((int bit, int index, int size) in new[] { (1, i / 96, 2), (2, i / 24 % 4, 4), (4, i / 6 % 4, 4), (8, i % 6, 6) })
                place = (axes & bit) == 0 ? place : (place * size) + index;
            return place;
        }
    }

    private static void Reference<TScore, TMask>(TScore score, TMask mask)
        where TScore : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        var c = new AttentionCase(Shape);
        AttentionGradientCase.CheckReference(c, score, mask, Numbers<TScore>(c), Options<TScore>(c));
    }

    private static void Fused<TScore, TMask>(TScore score, TMask mask)
        where TScore : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        var c = new AttentionCase(Wide);
        AttentionGradientCase.Check(c, score, mask, Numbers<TScore>(c), Options<TScore>(c), losses: true);
    }

    // Only as many as are read where every one costs a difference.
    private static float[] Numbers<TScore>(AttentionCase c) => [.. c.Numbers(c.Shape == Shape ? Second + 96 : All).Select(x => 0.5f + (0.2f * x))];

    private static AttentionOptions Options<TScore>(AttentionCase c)
    {
        string name = typeof(TScore).ToString();
        bool cosine = name.Contains("Cosine", StringComparison.Ordinal), shaw = name.Contains("Shaw", StringComparison.Ordinal);
        int[] numbers = [3, 5, .. Enumerable.Range(0, 60).Select(i => i / 3)];
        bool[] flags = [.. Enumerable.Range(0, 500).Select(i => i * 7919 % 5 != 0)];
        return new AttentionOptions
        {
            QueryTerms = cosine ? c.Numbers(c.Rows) : default,
            KeyTerms = cosine ? c.Numbers(c.Shape.Batch * 2 * c.Shape.Keys) : default,
            QueryTable = shaw ? c.Numbers(c.Rows * 7) : default,
            ValueTable = shaw ? c.Numbers(7 * c.Shape.ValueDim) : default,
            MaskNumbers = numbers,
            MaskFlags = flags,
        };
    }
}
