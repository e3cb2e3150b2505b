namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class SequenceSoftmaxTests
{
    private static readonly int[] Lengths = [11, 0, 1, 7, 13], Starts = [2, 5, 12, 0, 0];

    [Fact]
    public void Weights_agree_and_padding_is_zero_and_never_read()
    {
        foreach (int views in (int[])[1, 2, 3, 8, 17])
        {
            float[] scores = Planted(views, 60);
            Guarded weights = new(Rows.Numbers(scores.Length, 61));
            double[] expected = new double[scores.Length];
            SequenceSoftmaxKernel.Forward(scores, views, new(13, Lengths, Starts), weights.Span);
            ReferenceSoftmax.SequenceForward(Rows.Wide(scores), views, new(13, Lengths, Starts), expected);
            weights.Checked().ShouldBeNear(expected, 2e-6, 1e-6);
            for (int row = 0; row < 5 * views; row++)
                ((double)weights.Checked()[(row * 13)..((row + 1) * 13)].Sum()).ShouldBe(Lengths[row / views] == 0 ? 0 : 1, 1e-6);
        }
    }

    [Fact]
    public void Backward_is_the_slope_of_the_reference_and_leaves_padding_alone()
    {
        foreach (int views in (int[])[1, 3])
        {
            float[] scores = Planted(views, 62), dw = Rows.Numbers(scores.Length, 63), weights = new float[scores.Length], start = Rows.Numbers(scores.Length, 64);
            SequenceSoftmaxKernel.Forward(scores, views, new(13, Lengths, Starts), weights);
            double[] expected = Rows.Differences(Rows.Wide(scores), s =>
            {
                double[] w = new double[s.Length];
                ReferenceSoftmax.SequenceForward(s, views, new(13, Lengths, Starts), w);
                return Rows.Dot(w, dw);
            });
            for (int i = 0; i < dw.Length; i++)
            {
                // Weights are (batch, views, time): the gradient of a padded weight is never read.
                if (!IsReal(i / (13 * views), i % 13))
                    dw[i] = weights[i] = float.NaN;
            }
            Guarded ds = new(start);
            SequenceSoftmaxKernel.Backward(dw, weights, views, new(13, Lengths, Starts), ds.Span);
            ds.Checked().ShouldBeNear([.. expected.Zip(start, (e, s) => e + s)], 1e-6, 1);
        }
    }

    [Fact]
    public void A_sequence_has_the_same_bits_alone_and_in_a_batch()
    {
        float[] scores = Planted(3, 65), weights = new float[scores.Length], alone = new float[7 * 3];
        SequenceSoftmaxKernel.Forward(scores, 3, new(13, Lengths, Starts), weights);
        SequenceSoftmaxKernel.Forward(scores.AsSpan(3 * 13 * 3, 7 * 3), 3, new(7, [7]), alone);
        for (int k = 0; k < 3; k++)
            alone[(k * 7)..((k + 1) * 7)].ShouldHaveBitsOf(weights[(((9 + k) * 13) + 0)..(((9 + k) * 13) + 7)]);
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        int[] lengths = [.. Enumerable.Range(0, 61).Select(i => i * 7 % 120)];
        float[] scores = Rows.Numbers(61 * 127 * 5, 66);
        Rows.SameAtEveryDegree(() =>
        {
            float[] weights = new float[scores.Length], ds = new float[scores.Length];
            SequenceSoftmaxKernel.Forward(scores, 5, new(127, lengths), weights);
            SequenceSoftmaxKernel.Backward(scores, weights, 5, new(127, lengths), ds);
            return [.. weights, .. ds];
        });
    }

    [Fact]
    public void Sequences_beyond_the_padded_batch_are_refused()
    {
        Should.Throw<ArgumentException>(() => Make(5, [3, 4], [0, 2])).Message.ShouldContain("sequence 1 starts at step 2 and has 4 steps; it must lie within 0 … 5");
        Should.Throw<ArgumentException>(() => Make(5, [3, -1]));
        Should.Throw<ArgumentException>(() => Make(5, [3], [-1]));
        Should.Throw<ArgumentException>(() => Make(5, [int.MaxValue], [int.MaxValue]));
        Should.Throw<ArgumentException>(() => Make(5, [3], [0, 0]));
    }

    private static void Make(int time, int[] lengths, int[]? starts = null) => _ = new Sequences(time, lengths, starts);

    private static bool IsReal(int b, int t) => t >= Starts[b] && t < Starts[b] + Lengths[b];

    // Scores (5, 13, views) with NaN in the padding.
    private static float[] Planted(int views, int seed)
    {
        float[] scores = Rows.Numbers(5 * 13 * views, seed, -5, 5);
        for (int i = 0; i < scores.Length; i++)
        {
            if (!IsReal(i / (13 * views), i / views % 13))
                scores[i] = float.NaN;
        }
        return scores;
    }
}
