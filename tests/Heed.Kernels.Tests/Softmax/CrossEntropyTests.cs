namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class CrossEntropyTests
{
    [Fact]
    public void Loss_and_gradient_agree_for_every_number_of_classes()
    {
        foreach (int classes in Rows.Lengths.Where(n => n is > 0 and < 71))
        {
            foreach ((bool weighted, float smoothing) in ((bool, float)[])[(false, 0), (true, 0), (false, 0.1f), (true, 0.25f)])
            {
                float[] x = Rows.Numbers(5 * classes, 50, -4, 4), weights = weighted ? Rows.Numbers(classes, 51, 0.5f, 2) : [];
                int[] targets = [0, classes - 1, -1, classes / 2, 0];
                Guarded p = new(x.Length), dx = new(x.Length);
                double loss = CrossEntropyKernel.Forward(x, targets, classes, p.Span, weights, smoothing);
                double Expected(double[] v) => ReferenceSoftmax.CrossEntropy(v, targets, classes, Rows.Wide(weights), smoothing);
                loss.ShouldBe(Expected(Rows.Wide(x)), 1e-6 * (1 + loss));
                double[] probabilities = new double[x.Length];
                ReferenceSoftmax.Forward(Rows.Wide(x), classes, probabilities);
                p.Checked().ShouldBeNear(probabilities, 2e-6, 1e-6);
                CrossEntropyKernel.Backward(p.Span, targets, classes, 1.5f, dx.Span, weights, smoothing);
                double[] slopes = Rows.Differences(Rows.Wide(x), Expected);
                dx.Checked().ShouldBeNear([.. slopes.Select(s => 1.5 * s)], 1e-6, 0.3);
                dx.Span.Slice(2 * classes, classes).ToArray().ShouldAllBe(v => v == 0);
                float[] over = [.. Enumerable.Repeat(float.NaN, x.Length)];
                CrossEntropyKernel.Backward(p.Span, targets, classes, 1.5f, over, weights, smoothing, adds: false);
                over.ShouldBe(dx.Span.ToArray(), "written over, the same bits");
            }
        }
    }

    [Fact]
    public void Hand_computed_numbers()
    {
        // −ln of ¼ and of ½, with weights 1 and 3: (1·ln 4 + 3·ln 2)/4.
        float[] x = [0, MathF.Log(3), MathF.Log(5), MathF.Log(5)], p = new float[4], dx = new float[4];
        CrossEntropyKernel.Forward(x, [0, 1], 2, p, [1, 3]).ShouldBe((Math.Log(4) + (3 * Math.Log(2))) / 4, 1e-7);
        CrossEntropyKernel.Backward(p, [0, 1], 2, 1, dx, [1, 3]);
        dx.ShouldBeNear([-0.75 / 4, 0.75 / 4, 3 * 0.5 / 4, -3 * 0.5 / 4], 1e-6);
    }

    [Fact]
    public void The_gradient_of_a_sure_target_keeps_its_digits()
    {
        float[] x = [12, 0], p = new float[2], dx = new float[2];
        CrossEntropyKernel.Forward(x, [0], 2, p);
        CrossEntropyKernel.Backward(p, [0], 2, 0.3f, dx);
        // 0.3·p − 0.3 in two roundings would be off by a percent.
        dx[0].ShouldBe(0.3f * (p[0] - 1), 1e-12f);
        dx[1].ShouldBe(0.3f * p[1], 1e-12f);
    }

    [Fact]
    public void Nothing_to_count_is_a_loss_of_zero()
    {
        float[] p = new float[4], dx = new float[4];
        CrossEntropyKernel.Forward([1, 2, 3, 4], [-1, -1], 2, p).ShouldBe(0);
        CrossEntropyKernel.Backward(p, [-1, -1], 2, 1, dx);
        dx.ShouldBe([0, 0, 0, 0]);
        float[] over = [1, 2, 3, 4];
        CrossEntropyKernel.Backward(p, [-1, -1], 2, 1, over, adds: false);
        over.ShouldBe([0, 0, 0, 0]);
        CrossEntropyKernel.Forward([], [], 2, []).ShouldBe(0);
    }

    [Fact]
    public void A_target_that_is_no_class_throws_before_memory_is_touched()
    {
        foreach (int bad in (int[])[2, -2, int.MinValue, int.MaxValue])
        {
            float[] p = [7, 7, 7, 7];
            Should.Throw<ArgumentOutOfRangeException>(() => CrossEntropyKernel.Forward([1, 2, 3, 4], [0, bad], 2, p)).Message.ShouldContain("of row 1");
            Should.Throw<ArgumentOutOfRangeException>(() => CrossEntropyKernel.Backward([1, 2, 3, 4], [0, bad], 2, 1, p));
            p.ShouldBe([7, 7, 7, 7]);
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(997 * 101, 52);
        int[] targets = [.. Enumerable.Range(0, 997).Select(i => (i * 37 % 102) - 1)];
        Rows.SameAtEveryDegree(() =>
        {
            float[] p = new float[x.Length], dx = new float[x.Length];
            double loss = CrossEntropyKernel.Forward(x, targets, 101, p, default, 0.1f);
            CrossEntropyKernel.Backward(p, targets, 101, 1, dx, default, 0.1f);
            return [.. p, .. dx, (float)loss];
        });
    }
}
