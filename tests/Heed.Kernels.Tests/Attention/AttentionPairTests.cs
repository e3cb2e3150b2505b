namespace Heed.Kernels.Tests;

/// <summary>Every score after every other, and every score under every mask: the double-precision gradients against differences, the fused ones against those.</summary>
public class AttentionPairTests
{
    private static readonly AttentionShape Shape = new(2, 4, 2, 4, 6, 3) { ValueDim = 2 };
    private static readonly AttentionShape Wide = new(1, 4, 2, 19, 150, 9) { ValueDim = 5 };

    // Offsets keep the parameters of two scores apart.
    private const int First = 0, Second = 64, All = 2000;

    [Fact]
    public void Scores_after_each_other() => EveryScore<AfterEachOther>();

    [Fact]
    public void Scores_under_masks() => EveryScore<UnderMasks>();

    [Fact]
    [Trait("Legs", "InstructionSets")]
    public void Fused_scores_of_three() => EveryScore<FusedOfThree>();

    [Fact]
    [Trait("Legs", "InstructionSets")]
    public void Fused_scores_under_masks() => EveryScore<FusedUnderMasks>();

    [Fact]
    [Trait("Legs", "InstructionSets")]
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

    private static void EveryScore<TAction>()
        where TAction : IScoreAction
    {
        TAction.Run(new SoftCap(2));
        TAction.Run(new Alibi(First));
        TAction.Run(new DistanceDecay(First));
        TAction.Run(new RelativeBias(4, 8, 20, offset: First));
        TAction.Run(new AdditiveBias(4, 1, 0, 0, First));
        TAction.Run(new ShawScore(3, 0.5f));
        TAction.Run(new CosineScore(First));
        TAction.Run(default(PlainScore));
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

    private interface IScoreAction
    {
        static abstract void Run<TScore>(TScore score)
            where TScore : unmanaged, IDifferentiableScoreModifier;
    }

    private readonly struct AfterEachOther : IScoreAction
    {
        public static void Run<TScore>(TScore score)
            where TScore : unmanaged, IDifferentiableScoreModifier
        {
            Reference(new Then<TScore, SoftCap>(score, new(3)), default(Causal));
            Reference(new Then<TScore, Alibi>(score, new(Second)), default(Causal));
            Reference(new Then<TScore, DistanceDecay>(score, new(Second)), default(Causal));
            Reference(new Then<TScore, RelativeBias>(score, new(4, 8, 20, offset: Second)), default(Causal));
            Reference(new Then<TScore, AdditiveBias>(score, new(0, 6 * 4, 6, 1, Second)), default(Causal));
            Reference(new Then<TScore, ShawScore>(score, new(3, 0.3f)), default(Causal));
            Reference(new Then<TScore, CosineScore>(score, new(Second)), default(Causal));
            Reference(new Then<TScore, PlainScore>(score, default), default(Causal));
        }
    }

    private readonly struct UnderMasks : IScoreAction
    {
        public static void Run<TScore>(TScore score)
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
        }
    }

    // One fused kernel for each score: what is compiled differs by how numbers are read and gradients added. The double-precision gradients know no vectors; these do.
    private readonly struct FusedOfThree : IScoreAction
    {
        public static void Run<TScore>(TScore score)
            where TScore : unmanaged, IDifferentiableScoreModifier => Fused(new Then<TScore, Then<SoftCap, Alibi>>(score, new(new(3), new(Second))), new Window(40, 40));
    }

    private readonly struct FusedUnderMasks : IScoreAction
    {
        public static void Run<TScore>(TScore score)
            where TScore : unmanaged, IDifferentiableScoreModifier => Fused(score, new Or<Prefix, And<Causal, BlockSparseMask>>(new(20), new(default, new(16, 150))));
    }
}
