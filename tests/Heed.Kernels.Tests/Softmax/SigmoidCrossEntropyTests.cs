namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class SigmoidCrossEntropyTests
{
    [Fact]
    public void Loss_and_gradient_agree_for_every_length()
    {
        foreach (int n in Rows.Lengths.Where(n => n > 0).Append(SigmoidCrossEntropyKernel.Block * 3 + 5))
        {
            float[] x = Rows.Numbers(n, 60, -6, 6), t = [.. Rows.Numbers(n, 61, 0, 1).Select((v, i) => i % 3 == 0 ? v : MathF.Round(v))];
            Guarded dx = new(n);
            double Expected(double[] v) => ReferenceSoftmax.SigmoidCrossEntropy(v, t);
            double loss = SigmoidCrossEntropyKernel.Forward(x, t);
            loss.ShouldBe(Expected(Rows.Wide(x)), 1e-6 * (1 + loss));
            SigmoidCrossEntropyKernel.Backward(x, t, 1.5f, dx.Span);
            double[] slopes = Rows.Differences(Rows.Wide(x), Expected);
            dx.Checked().ShouldBeNear([.. slopes.Select(s => 1.5 * s)], 1e-6, 0.3);
            float[] w = Rows.Numbers(n, 62, 0, 3);
            double Weighted(double[] v) => ReferenceSoftmax.SigmoidCrossEntropy(v, t, w);
            SigmoidCrossEntropyKernel.Forward(x, t, w).ShouldBe(Weighted(Rows.Wide(x)), 1e-6 * (1 + (3 * loss)));
            Guarded dw = new(n);
            SigmoidCrossEntropyKernel.Backward(x, t, 1.5f, dw.Span, w);
            dw.Checked().ShouldBeNear([.. Rows.Differences(Rows.Wide(x), Weighted).Select(s => 1.5 * s)], 1e-6, 0.9);
        }
    }

    [Fact]
    public void Hand_computed_numbers_and_sure_answers()
    {
        SigmoidCrossEntropyKernel.Forward([0, MathF.Log(3)], [1, 0]).ShouldBe((Math.Log(2) + Math.Log(4)) / 2, 1e-7);
        SigmoidCrossEntropyKernel.Forward([200, -200], [1, 0]).ShouldBe(0);
        SigmoidCrossEntropyKernel.Forward([200, -200], [0, 1]).ShouldBe(200);
        SigmoidCrossEntropyKernel.Forward([], []).ShouldBe(0);
        SigmoidCrossEntropyKernel.Forward([0, 0], [1, 0], [3, 0]).ShouldBe(1.5 * Math.Log(2), 1e-7);
        Should.Throw<ArgumentException>(() => SigmoidCrossEntropyKernel.Forward([0, 0], [1, 0], [3])).Message.ShouldContain("weights");
        // σ(20) − 1 in float32 would be 0 or a whole last place; the gradient keeps its digits.
        float[] dx = new float[2];
        SigmoidCrossEntropyKernel.Backward([20, -20], [1, 0], 2, dx);
        dx[0].ShouldBe((float)(-1 / (1 + Math.Exp(20))), 1e-13f);
        dx[1].ShouldBe(-dx[0]);
    }

    [Fact]
    public void A_target_outside_0_to_1_throws_before_memory_is_touched()
    {
        foreach (float bad in (float[])[-0.1f, 1.1f, float.NaN])
        {
            Should.Throw<ArgumentOutOfRangeException>(() => SigmoidCrossEntropyKernel.Forward([1, 2], [0, bad])).Message.ShouldContain("at position 1");
            float[] dx = [7, 7];
            Should.Throw<ArgumentOutOfRangeException>(() => SigmoidCrossEntropyKernel.Backward([1, 2], [0, bad], 1, dx));
            dx.ShouldBe([7, 7]);
        }
        Should.Throw<ArgumentException>(() => SigmoidCrossEntropyKernel.Forward([1, 2], [0]));
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(200_003, 62, -5, 5), t = [.. Rows.Numbers(200_003, 63, 0, 1)];
        Rows.SameAtEveryDegree(() =>
        {
            float[] dx = new float[x.Length];
            SigmoidCrossEntropyKernel.Backward(x, t, 1, dx);
            return [.. dx, (float)SigmoidCrossEntropyKernel.Forward(x, t)];
        });
    }
}
