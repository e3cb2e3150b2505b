namespace Heed.Kernels.Tests;

/// <summary>The public checkers accept every shipped struct and find what is wrong with others.</summary>
[Trait("Legs", "InstructionSets")]
public class StructCheckerTests
{
    private static readonly AttentionShape Shape = new(2, 4, 2, 5, 23, 3) { ValueDim = 2 };

    [Fact]
    public void Every_shipped_score_passes()
    {
        var c = new AttentionCase(Shape);
        float[] slopes = [0.1f, 0.02f, 0.3f, 0.5f, 0.7f, 0.2f, 0.1f, 0.9f];
        ScoreChecker.Check(default(PlainScore), Shape).ShouldBeLessThan(1e-5);
        ScoreChecker.Check(new SoftCap(1.5f), Shape).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(default(Alibi), Shape, slopes).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(default(DistanceDecay), Shape, slopes).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(new RelativeBias(4, 8, 20), Shape, c.Numbers(32)).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(AdditiveBias.For(Shape, perBatch: true, perHead: true), Shape, c.Numbers(8 * 5 * 23)).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(new AdditiveBias(4, 1, 0, 0), Shape, c.Numbers(8)).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(new ShawScore(3, 0.5f), Shape, default, new AttentionOptions { QueryTable = c.Numbers(c.Rows * 7), ValueTable = c.Numbers(14) }).ShouldBeInRange(1e-9, 1e-5);
        ScoreChecker.Check(default(CosineScore), Shape, [3, 5, 7, 9], new AttentionOptions { QueryTerms = c.Numbers(c.Rows), KeyTerms = c.Numbers(2 * 2 * 23) }).ShouldBeInRange(1e-9, 1e-4);
        ScoreChecker.Check(new Then<SoftCap, Alibi>(new(2), new(4)), Shape, slopes, new AttentionOptions { KeyLengths = new[] { 23, 7 }, KeyPosition = 100 }).ShouldBeInRange(1e-9, 1e-5);
    }

    [Fact]
    public void Every_shipped_mask_passes()
    {
        var shape = new AttentionShape(2, 4, 2, 70, 130, 1);
        bool[] flags = [.. Enumerable.Range(0, 2 * 4 * 70 * 130).Select(i => (i / 40 * 7919 % 5) != 0)];
        Check(default(NoMask));
        Check(new Causal(3));
        Check(default(CausalTopLeft));
        Check(new Window(20, 5));
        Check(new Prefix(33));
        Check(new LengthMask(1), new AttentionOptions { MaskNumbers = new[] { 9, 100, 40 } });
        Check(new DocumentMask(260, 0, 70, 130), new AttentionOptions { MaskNumbers = [.. Enumerable.Range(0, 400).Select(i => i / 33)] });
        Check(new BlockSparseMask(16, 130), new AttentionOptions { MaskFlags = flags });
        Check(DenseMask.For(shape, perBatch: true, perHead: true), new AttentionOptions { MaskFlags = flags });
        Check(new DenseMask(0, 0, 1, 0), new AttentionOptions { MaskFlags = flags });
        Check(new And<Causal, Window>(default, new(30, 0)));
        Check(new Or<Prefix, And<Causal, DenseMask>>(new(20), new(default, DenseMask.For(shape, false, false))), new AttentionOptions { MaskFlags = flags, QueryStarts = new[] { 3, 0 }, KeyPosition = 7 });
        MaskReport windows = MaskChecker.Check(new Window(20, 5), shape);
        (windows.Skipped > 100 && windows.Whole > 20 && windows.Needless == 0).ShouldBeTrue(windows.ToString());

        void Check<TMask>(TMask mask, AttentionOptions options = default)
            where TMask : unmanaged, IAttentionMask => MaskChecker.Check(mask, shape, options, 500).Tiles.ShouldBeGreaterThan(400);
    }

    [Fact]
    public void Faults_are_found_and_named()
    {
        float[] slopes = [0.5f, 0.25f];
        ScoreChecker.Check(new Faulty(Fault.None), Shape, slopes).ShouldBeLessThan(1e-5);
        Found(Fault.ScoreGradient, "the gradient of the score at sequence 0");
        Found(Fault.ParameterGradient, "the gradient of parameter 1");
        Found(Fault.ForgottenParameter, "the gradient of parameter 0");
        Found(Fault.DependsOnLane, "depends on the lane");
        Found(Fault.AddsAlways, "a gradient of 0");
        Should.Throw<ScoreCheckException>(() => ScoreChecker.CheckForward(new Imprecise(), Shape)).Message.ShouldContain("the score (in a vector of 4)");
        Should.Throw<ScoreCheckException>(() => MaskChecker.Check(new Contradictory(false), Shape)).Message.ShouldContain("Cover says all of a tile in which");
        Should.Throw<ScoreCheckException>(() => MaskChecker.Check(new Contradictory(true), Shape)).Message.ShouldContain("Cover says none");

        void Found(Fault fault, string message) => Should.Throw<ScoreCheckException>(() => ScoreChecker.Check(new Faulty(fault), Shape, slopes)).Message.ShouldContain(message);
    }

    private enum Fault
    {
        None,
        ScoreGradient,
        ParameterGradient,
        ForgottenParameter,
        DependsOnLane,
        AddsAlways,
    }

    // score' = score·p₀ + p₁·distance.
    private readonly struct Faulty(Fault fault) : IDifferentiableScoreModifier
    {
        public V Forward<V>(V score, in ScoreContext<V> at)
            where V : unmanaged, ISimd<V>
        {
            V y = (score * at.Parameter(0)) + (at.Parameter(1) * at.Distance);
            return fault == Fault.DependsOnLane && V.Width > 1 ? y + (V.Lanes * V.Create(1e-6f)) : y;
        }

        public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> parameters)
            where V : unmanaged, ISimd<V>
        {
            if (fault != Fault.ForgottenParameter)
                parameters.Add(0, gradient * score);
            parameters.Add(1, gradient * at.Distance * V.Create(fault == Fault.ParameterGradient ? 1.001f : 1));
            if (fault == Fault.AddsAlways)
                parameters.Add(1, V.Create(1));
            return gradient * at.Parameter(0) * V.Create(fault == Fault.ScoreGradient ? 0.999f : 1);
        }
    }

    private readonly struct Imprecise : IScoreModifier
    {
        public V Forward<V>(V score, in ScoreContext<V> at)
            where V : unmanaged, ISimd<V> => V.Width == 1 ? score : score + V.Create(0.01f);
    }

    // Hides key 3, or shows it to query 2 only; says otherwise of tiles.
    private readonly struct Contradictory(bool shows) : IAttentionMask
    {
        public TileCoverage Cover(in MaskTile tile) => shows ? TileCoverage.None : TileCoverage.All;

        public V Allows<V>(in ScoreContext<V> at)
            where V : unmanaged, ISimd<V>
        {
            V isThree = V.AreEqual(V.Create((float)at.KeyIndex) + V.Lanes, V.Create(3));
            return shows ? V.Select(isThree, V.AreEqual(V.Create((float)at.QueryIndex), V.Create(2)), V.Zero) : V.AreEqual(isThree, V.Zero);
        }
    }
}
