namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class OptimizerTests
{
    [Fact]
    public void AdamW_follows_the_reference_over_many_steps_at_every_length()
    {
        foreach (int n in Rows.Lengths)
        {
            float[] start = Rows.Numbers(n, 100);
            Guarded p = new(start), m = new(n), v = new(n);
            double[] wp = Rows.Wide(start), wm = new double[n], wv = new double[n];
            for (int t = 1; t <= 7; t++)
            {
                float[] g = Rows.Numbers(n, 100 + t, -0.1f, 0.1f);
                AdamWStep step = new() { LearningRate = 0.01, WeightDecay = 0.1, Step = t, GradientScale = 0.7f };
                AdamWKernel.Update(p.Span, g, m.Span, v.Span, step);
                ReferenceOptimizer.AdamW(wp, Rows.Wide(g), wm, wv, step);
            }
            p.Checked().ShouldBeNear(wp, 2e-6, 1);
            m.Checked().ShouldBeNear(wm, 1e-6, 0.1);
            v.Checked().ShouldBeNear(wv, 1e-6, 1e-3);
        }
    }

    [Fact]
    public void AdamW_hand_computed_first_step()
    {
        // The first step moves by lr·g/(|g| + ε), after the decay: 2·(1 − 0.1·0.5) − 0.1·0.25/(0.25 + 0.25).
        float[] p = [2], m = [0], v = [0];
        AdamWKernel.Update(p, [0.25f], m, v, new() { LearningRate = 0.1, WeightDecay = 0.5, Epsilon = 0.25 });
        p[0].ShouldBe(1.9f - 0.05f, 1e-6f);
        m[0].ShouldBe(0.025f, 1e-8f);
        v[0].ShouldBe(6.25e-5f, 1e-10f);
    }

    [Fact]
    public void AdamW_by_rows_has_the_bits_of_the_dense_step_and_reads_no_unmarked_gradient()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            bool[] touched = [true, false, false, true, false];
            float[] start = Rows.Numbers(5 * columns, 110);
            float[][] dense = [[.. start], new float[start.Length], new float[start.Length]];
            Guarded p = new(start), m = new(start.Length), v = new(start.Length);
            for (int t = 1; t <= 3; t++)
            {
                float[] g = Rows.Numbers(start.Length, 110 + t);
                for (int i = 0; i < g.Length; i++)
                    g[i] = touched[i / columns] ? g[i] : 0;
                AdamWStep step = new() { Step = t, GradientScale = 0.3f };
                AdamWKernel.Update(dense[0], g, dense[1], dense[2], step);
                for (int i = 0; i < g.Length; i++)
                    g[i] = touched[i / columns] ? g[i] : float.NaN;
                AdamWKernel.UpdateRows(p.Span, g, columns, touched, m.Span, v.Span, step);
                touched.AsSpan().Reverse();
            }
            p.Checked().ShouldHaveBitsOf(dense[0]);
            m.Checked().ShouldHaveBitsOf(dense[1]);
            v.Checked().ShouldHaveBitsOf(dense[2]);
        }
    }

    [Fact]
    public void Sgd_follows_the_reference_in_all_its_forms()
    {
        SgdStep[] forms =
        [
            new() { LearningRate = 0.1 },
            new() { LearningRate = 0.1, WeightDecay = 0.2, GradientScale = 0.5f },
            new() { LearningRate = 0.1, Momentum = 0.9, WeightDecay = 0.2 },
            new() { LearningRate = 0.1, Momentum = 0.8, Dampening = 0.3 },
            new() { LearningRate = 0.1, Momentum = 0.8, Nesterov = true, GradientScale = 2 },
        ];
        foreach (int n in Rows.Lengths)
        {
            foreach (SgdStep form in forms)
            {
                float[] start = Rows.Numbers(n, 120);
                Guarded p = new(start), u = new(form.Momentum == 0 ? 0 : n);
                double[] wp = Rows.Wide(start), wu = new double[n];
                for (int t = 1; t <= 4; t++)
                {
                    float[] g = Rows.Numbers(n, 120 + t);
                    SgdStep step = form with { IsFirst = t == 1 };
                    SgdKernel.Update(p.Span, g, u.Span, step);
                    ReferenceOptimizer.Sgd(wp, Rows.Wide(g), wu, step);
                }
                p.Checked().ShouldBeNear(wp, 1e-6, 1);
                _ = u.Checked();
            }
        }
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        float[] a = new float[3], b = new float[3], c = new float[3], d = new float[3];
        Should.Throw<ArgumentOutOfRangeException>(() => AdamWKernel.Update(a, b, c, d, new() { Step = 0 })).Message.ShouldContain("Step must be at least 1");
        Should.Throw<ArgumentOutOfRangeException>(() => AdamWKernel.Update(a, b, c, d, new() { Beta2 = 1 }));
        Should.Throw<ArgumentOutOfRangeException>(() => AdamWKernel.Update(a, b, c, d, new() { LearningRate = double.NaN }));
        Should.Throw<ArgumentException>(() => AdamWKernel.Update(a, b, c, c, new())).Message.ShouldContain("overlaps");
        Should.Throw<ArgumentException>(() => AdamWKernel.Update(a, b, c, new float[2], new())).Message.ShouldContain("secondMoment has 2 values, 3 are required");
        Should.Throw<ArgumentOutOfRangeException>(() => SgdKernel.Update(a, b, [], new() { Nesterov = true }));
        Should.Throw<ArgumentException>(() => SgdKernel.Update(a, b, [], new() { Momentum = 0.5 }));
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] start = Rows.Numbers(70_001, 130), g = Rows.Numbers(70_001, 131);
        Rows.SameAtEveryDegree(() =>
        {
            float[] p = [.. start], m = new float[p.Length], v = new float[p.Length], u = new float[p.Length];
            AdamWKernel.Update(p, g, m, v, new() { Step = 3 });
            SgdKernel.Update(p, g, u, new() { Momentum = 0.9 });
            return [.. p, .. m, .. v, .. u];
        });
    }
}
