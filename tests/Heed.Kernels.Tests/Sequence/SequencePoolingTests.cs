namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class SequencePoolingTests
{
    private const int Time = 13;
    private static readonly int[] Lengths = [11, 0, 1, 7, 13], Starts = [2, 5, 12, 0, 0];

    [Fact]
    public void Poolings_agree_with_their_references_and_never_read_padding()
    {
        foreach (int features in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Planted(features, 140), gates = Planted(features, 141);
            double[] wide = Rows.Wide(x), expected = new double[5 * features];
            Guarded y = new(Rows.Numbers(expected.Length, 142));
            int[] positions = new int[expected.Length], expectedPositions = new int[expected.Length];
            SequencePoolingKernel.MaxOverTime(x, features, All(), y.Span, positions);
            ReferenceSequence.MaxOverTime(wide, features, All(), expected, expectedPositions);
            y.Checked().ShouldBeNear(expected, 0, 0);
            positions.ShouldBe(expectedPositions);
            SequencePoolingKernel.MeanOverTime(x, features, All(), y.Span);
            ReferenceSequence.MeanOverTime(wide, features, All(), expected);
            y.Checked().ShouldBeNear(expected, 1e-6, 1);
            SequencePoolingKernel.GatedMean(gates, x, features, All(), y.Span);
            ReferenceSequence.GatedMean(Rows.Wide(gates), wide, features, All(), expected);
            y.Checked().ShouldBeNear(expected, 1e-6, 1);
            SequencePoolingKernel.LastState(x, features, features / 2, All(), y.Span);
            ReferenceSequence.LastState(wide, features, features / 2, All(), expected);
            y.Checked().ShouldBeNear(expected, 0, 0);
        }
    }

    [Fact]
    public void Weighted_sums_agree_with_the_reference_and_never_read_padding()
    {
        foreach (int features in Rows.Lengths.Where(n => n > 0))
        {
            float[] h = Planted(features, 143), w = PlantedWeights(3, 144);
            double[] expected = new double[5 * 3 * features];
            Guarded c = new(expected.Length);
            SequencePoolingKernel.WeightedSum(w, h, features, 3, All(), c.Span);
            ReferenceSequence.WeightedSum(Rows.Wide(w), Rows.Wide(h), features, 3, All(), expected);
            c.Checked().ShouldBeNear(expected, 1e-6, 3);
        }
    }

    [Fact]
    public void The_first_of_equal_maxima_counts_and_nan_is_above_all()
    {
        float[] x = [1, 3, float.NaN, 3, 2, 5, 3, 3, float.NaN], y = new float[3];
        int[] positions = new int[3];
        SequencePoolingKernel.MaxOverTime(x, 3, new(3, [3]), y, positions);
        y.ShouldBe([3, 3, float.NaN]);
        positions.ShouldBe([1, 0, 0]);
        x = [float.NegativeInfinity, 0, -0f, 1, float.NegativeInfinity, float.NaN];
        SequencePoolingKernel.MaxOverTime(x, 1, new(6, [4]), y.AsSpan(0, 1), positions.AsSpan(0, 1));
        (y[0], positions[0]).ShouldBe((1, 3));
        SequencePoolingKernel.MaxOverTime(x, 1, new(6, [2], [4]), y.AsSpan(0, 1), positions.AsSpan(0, 1));
        (y[0], positions[0]).ShouldBe((float.NaN, 5));
    }

    [Fact]
    public void Backward_of_max_mean_and_last_is_the_slope_of_the_reference()
    {
        foreach (int features in (int[])[1, 7, 19])
        {
            float[] x = Planted(features, 145), dy = Rows.Numbers(5 * features, 146), y = new float[dy.Length];
            int[] positions = new int[dy.Length];
            SequencePoolingKernel.MaxOverTime(x, features, All(), y, positions);
            Check(dy, dx => SequencePoolingKernel.MaxOverTimeBackward(dy, positions, features, Time, dx.Span),
                x, (v, r) => ReferenceSequence.MaxOverTime(v, features, All(), r, new int[r.Length]));
            Check(dy, dx => SequencePoolingKernel.MeanOverTimeBackward(dy, features, All(), dx.Span),
                x, (v, r) => ReferenceSequence.MeanOverTime(v, features, All(), r));
            Check(dy, dx => SequencePoolingKernel.LastStateBackward(dy, features, features / 3, All(), dx.Span),
                x, (v, r) => ReferenceSequence.LastState(v, features, features / 3, All(), r));
        }
    }

    [Fact]
    public void Backward_of_the_gated_mean_is_the_slope_of_the_reference()
    {
        const int Features = 19;
        float[] x = Planted(Features, 147), gates = Planted(Features, 148), dy = Rows.Numbers(5 * Features, 149), start = Rows.Numbers(x.Length, 150);
        double[] wx = Rows.Wide(x), wg = Rows.Wide(gates);
        double Loss(double[] g, double[] v)
        {
            double[] y = new double[dy.Length];
            ReferenceSequence.GatedMean(g, v, Features, All(), y);
            return Rows.Dot(y, dy);
        }
        Guarded dg = new(start), dx = new(start);
        SequencePoolingKernel.GatedMeanBackward(dy, gates, x, Features, All(), dg.Span, dx.Span);
        dx.Checked().ShouldBeNear(Sum(start, Rows.Differences(wx, v => Loss(wg, v))), 1e-6, 1);
        dg.Checked().ShouldBeNear(Sum(start, Rows.Differences(wg, v => Loss(v, wx))), 1e-6, 1);
    }

    [Fact]
    public void Backward_of_weighted_sums_is_the_slope_of_the_reference_and_leaves_padding_alone()
    {
        foreach (int features in (int[])[1, 7, 35])
        {
            float[] h = Planted(features, 151), w = PlantedWeights(3, 152), dc = Rows.Numbers(5 * 3 * features, 153);
            float[] startW = Rows.Numbers(w.Length, 154), startH = Rows.Numbers(h.Length, 155);
            double[] wh = Rows.Wide(h), ww = Rows.Wide(w);
            double Loss(double[] a, double[] v)
            {
                double[] c = new double[dc.Length];
                ReferenceSequence.WeightedSum(a, v, features, 3, All(), c);
                return Rows.Dot(c, dc);
            }
            Guarded dw = new(startW), dh = new(startH);
            SequencePoolingKernel.WeightedSumBackward(dc, w, h, features, 3, All(), dw.Span, dh.Span);
            dw.Checked().ShouldBeNear(Sum(startW, Rows.Differences(ww, v => Loss(v, wh))), 1e-6, 10);
            dh.Checked().ShouldBeNear(Sum(startH, Rows.Differences(wh, v => Loss(ww, v))), 1e-6, 10);
            Guarded onlyW = new(startW), onlyH = new(startH);
            SequencePoolingKernel.WeightedSumBackward(dc, w, h, features, 3, All(), onlyW.Span, default);
            SequencePoolingKernel.WeightedSumBackward(dc, w, h, features, 3, All(), default, onlyH.Span);
            onlyW.Checked().ShouldBe(dw.Checked(), "what is not wanted changes nothing else");
            onlyH.Checked().ShouldBe(dh.Checked());
        }
    }

    [Fact]
    public void A_sequence_has_the_same_bits_alone_and_in_a_batch()
    {
        float[] x = Planted(37, 156), w = PlantedWeights(2, 157), y = new float[5 * 37], c = new float[5 * 2 * 37], aloneY = new float[37], aloneC = new float[2 * 37], aloneW = new float[22];
        for (int k = 0; k < 2; k++)
            w.AsSpan((k * Time) + 2, 11).CopyTo(aloneW.AsSpan(k * 11));
        SequencePoolingKernel.GatedMean(x, x, 37, All(), y);
        SequencePoolingKernel.WeightedSum(w, x, 37, 2, All(), c);
        ReadOnlySpan<float> own = x.AsSpan(2 * 37, 11 * 37);
        SequencePoolingKernel.GatedMean(own, own, 37, new(11, [11]), aloneY);
        SequencePoolingKernel.WeightedSum(aloneW, own, 37, 2, new(11, [11]), aloneC);
        aloneY.ShouldHaveBitsOf(y[..37]);
        aloneC.ShouldHaveBitsOf(c[..74]);
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        int[] lengths = [.. Enumerable.Range(0, 31).Select(i => i * 7 % 60)];
        float[] x = Rows.Numbers(31 * 61 * 23, 158), w = Rows.Numbers(31 * 61 * 3, 159);
        Rows.SameAtEveryDegree(() =>
        {
            Sequences all = new(61, lengths);
            float[] y = new float[31 * 23], mean = new float[y.Length], gated = new float[y.Length], c = new float[3 * y.Length], dx = new float[x.Length], dw = new float[w.Length], dg = new float[x.Length];
            int[] positions = new int[y.Length];
            SequencePoolingKernel.MaxOverTime(x, 23, all, y, positions);
            SequencePoolingKernel.MaxOverTimeBackward(y, positions, 23, 61, dx);
            SequencePoolingKernel.MeanOverTime(x, 23, all, mean);
            SequencePoolingKernel.MeanOverTimeBackward(mean, 23, all, dx);
            SequencePoolingKernel.GatedMean(x, x, 23, all, gated);
            SequencePoolingKernel.GatedMeanBackward(gated, x, x, 23, all, dg, dx);
            SequencePoolingKernel.WeightedSum(w, x, 23, 3, all, c);
            SequencePoolingKernel.WeightedSumBackward(c, w, x, 23, 3, all, dw, dx);
            return [.. y, .. mean, .. gated, .. c, .. dx, .. dw, .. dg];
        });
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        Should.Throw<ArgumentException>(() => SequencePoolingKernel.MeanOverTime(new float[29], 3, new(5, [5, 5]), new float[6])).Message.ShouldContain("x has 29 values, 30 are required");
        Should.Throw<ArgumentException>(() => SequencePoolingKernel.MeanOverTime(new float[30], 3, new(5, [5, 5]), new float[5])).Message.ShouldContain("y has 5 values, 6 are required");
        Should.Throw<ArgumentOutOfRangeException>(() => SequencePoolingKernel.MaxOverTimeBackward([1], [5], 1, 5, new float[5])).Message.ShouldContain("position 5 is no step of 5");
        Should.Throw<ArgumentOutOfRangeException>(() => SequencePoolingKernel.LastState(new float[6], 3, 4, new(2, [2]), new float[3]));
    }

    private delegate void Reference(double[] x, double[] y);

    private static Sequences All() => new(Time, Lengths, Starts);

    private static void Check(float[] dy, Action<Guarded> backward, float[] x, Reference forward)
    {
        float[] start = Rows.Numbers(x.Length, 160);
        Guarded dx = new(start);
        backward(dx);
        double[] slopes = Rows.Differences(Rows.Wide(x), v =>
        {
            double[] y = new double[dy.Length];
            forward(v, y);
            return Rows.Dot(y, dy);
        });
        dx.Checked().ShouldBeNear(Sum(start, slopes), 1e-6, 1);
    }

    private static double[] Sum(float[] start, double[] slopes) => [.. slopes.Zip(start, (s, v) => s + v)];

    private static bool IsReal(int b, int t) => t >= Starts[b] && t < Starts[b] + Lengths[b];

    // Steps (5, 13, features) with NaN in the padding.
    private static float[] Planted(int features, int seed)
    {
        float[] x = Rows.Numbers(5 * Time * features, seed);
        for (int i = 0; i < x.Length; i++)
            x[i] = IsReal(i / (Time * features), i / features % Time) ? x[i] : float.NaN;
        return x;
    }

    // Weights (5, views, 13) with NaN in the padding.
    private static float[] PlantedWeights(int views, int seed)
    {
        float[] w = Rows.Numbers(5 * views * Time, seed);
        for (int i = 0; i < w.Length; i++)
            w[i] = IsReal(i / (Time * views), i % Time) ? w[i] : float.NaN;
        return w;
    }
}
