using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>Distributions with exact zeros, top-k and softmax with a sink, on rows in memory.</summary>
[Trait("Legs", "InstructionSets")]
[Collection(WorkerTests.Name)]
public class DistributionTests
{
    private const float Inf = float.PositiveInfinity;

    [Fact]
    public void Rows_agree_with_the_reference_at_every_width()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            float[] x = Rows.Numbers(3 * columns, 50, -4, 4);
            Same(x, columns, new SparsemaxFunction(), 2);
            Same(x, columns, new Entmax15Function(), 1.5);
            Same(x, columns, new EntmaxFunction(1.2f), 1.2f);
            double[] expected = new double[x.Length];
            ReferenceDistribution.TopK(Rows.Wide(x), columns, 3, expected);
            Guarded y = new(x.Length);
            TopKKernel.Forward(x, columns, 3, y.Span);
            y.Checked().ShouldBeNear(expected, 2e-6, 1e-9);
            ReferenceDistribution.Sink(Rows.Wide(x), columns, [0.5, -1, 3], expected);
            SinkSoftmaxKernel.Forward(x, columns, [0.5f, -1, 3], y.Span);
            y.Checked().ShouldBeNear(expected, 2e-6, 1e-9);
        }

        static void Same<TDistribution>(float[] x, int columns, TDistribution distribution, double alpha)
            where TDistribution : unmanaged, IAttentionDistribution
        {
            double[] expected = new double[x.Length];
            ReferenceDistribution.Entmax(Rows.Wide(x), columns, alpha, expected);
            Guarded y = new(x.Length), inPlace = new(x);
            DistributionKernel.Forward(x, columns, y.Span, distribution);
            y.Checked().ShouldBeNear(expected, 5e-6, 1);
            DistributionKernel.Forward(inPlace.Span, columns, inPlace.Span, distribution);
            inPlace.Checked().ShouldHaveBitsOf(y.Checked());
            float[] alone = new float[columns];
            DistributionKernel.Forward(x.AsSpan(columns, columns), columns, alone, distribution);
            alone.ShouldHaveBitsOf(y.Checked()[columns..(2 * columns)], "a row alone");
        }
    }

    // Few weights of many are packed, many are not: from a peaked row to a flat one both ways are taken, and a place costs no bit.
    [Fact]
    public void Sparse_and_dense_rows_agree_with_the_reference_forward_and_backward()
    {
        const int Columns = 301;
        foreach (float deviation in new[] { 8f, 2f, 0.5f, 0.05f })
        {
            foreach (float alpha in new[] { 1.1f, 1.3f, 2f })
            {
                EntmaxFunction entmax = new(alpha);
                float[] x = [.. Rows.Numbers(2 * Columns, 7, -1, 1).Select(v => deviation * v)], dy = Rows.Numbers(x.Length, 8, -1, 1), dx = Rows.Numbers(x.Length, 9, -1, 1);
                (float[] y, float[] inPlace, float[] before) = (new float[x.Length], [.. x], [.. dx]);
                double[] p = new double[x.Length];
                ReferenceDistribution.Entmax(Rows.Wide(x), Columns, alpha, p);
                DistributionKernel.Forward(x, Columns, y, entmax);
                y.ShouldBeNear(p, 5e-6, 1);
                DistributionKernel.Forward(inPlace, Columns, inPlace, entmax);
                inPlace.ShouldHaveBitsOf(y);
                DistributionKernel.Backward(dy, y, Columns, dx, entmax);
                for (int row = 0; row < 2; row++)
                {
                    double[] slopes = [.. Enumerable.Range(row * Columns, Columns).Select(i => y[i] > 0 ? Math.Pow(y[i], 2 - alpha) : 0)];
                    double center = slopes.Select((s, i) => s * dy[(row * Columns) + i]).Sum() / slopes.Sum();
                    for (int i = 0; i < Columns; i++)
                    {
                        int at = (row * Columns) + i;
                        dx[at].ShouldBe((float)(before[at] + (slopes[i] * (dy[at] - center))), 1e-5f);
                    }
                }
            }
        }
    }

    [Fact]
    public void Hand_worked_rows()
    {
        float[] y = new float[3];
        // τ = (1 + 0.8 − 1)/2 = 0.4.
        DistributionKernel.Forward([1, 0.8f, 0.1f], 3, y, new SparsemaxFunction());
        y.ShouldBe([0.6f, 0.4f, 0], 1e-6f);
        // ((e − τ)/2)²: τ = 1 − √2 makes both ½.
        DistributionKernel.Forward([1, 1, -9], 3, y, new Entmax15Function());
        y.ShouldBe([0.5f, 0.5f, 0], 1e-6f);
        // Scores of any size: only differences count.
        DistributionKernel.Forward([1e6f, 1e6f, 1e6f - 2], 3, y, new SparsemaxFunction());
        y.ShouldBe([0.5f, 0.5f, 0], 1e-6f);
        TopKKernel.Forward([2, 2, 2], 3, 2, y);
        y.ShouldBe([0.5f, 0.5f, 0], 1e-6f, "of equal scores the first");
    }

    [Fact]
    public void Masked_and_broken_values_do_what_the_contract_says()
    {
        float[] x = [-Inf, -Inf, -Inf, -Inf, 2, -Inf, 1, float.NaN, 0, Inf, 0, 0], y = new float[x.Length], none = [0, 0, 0];
        DistributionKernel.Forward(x, 3, y, new EntmaxFunction(1.3f));
        Check("entmax", 1);
        TopKKernel.Forward(x, 3, 2, y);
        Check("top-k", 1);
        SinkSoftmaxKernel.Forward(x, 3, [2, 2, 2, 2], y);
        Check("sink", 0.5f);
        float[] dx = new float[3], slopes = new float[1];
        DistributionKernel.Backward([1, 2, 3], none, 3, dx, new SparsemaxFunction());
        dx.ShouldBe(none);
        DistributionKernel.AlphaGradient([1, 2, 3], none, 3, 1.5f, slopes);
        slopes.ShouldBe([0]);
        Should.Throw<ArgumentOutOfRangeException>(() => new EntmaxFunction(2.5f)).Message.ShouldContain("alpha must be from 1.01 to 2");
        Should.Throw<ArgumentException>(() => TopKKernel.Forward(x, 3, 0, y)).Message.ShouldContain("k must be at least 1");

        void Check(string name, float single)
        {
            y[..3].ShouldBe(none, name);
            y[3..6].ShouldBe([0, single, 0], 1e-6f, name);
            y[6..].ShouldAllBe(v => float.IsNaN(v), name);
        }
    }

    [Fact]
    public void Additive_scores_have_the_same_bits_on_any_number_of_threads_and_fit_the_reference_at_odd_sizes()
    {
        foreach (int size in new[] { 1, 7, 16, 33, 70 })
        {
            AdditiveScoreShape shape = new(3, 2, 5, 9, size);
            float[] query = Rows.Numbers(3 * 2 * 5 * size, 60), key = Rows.Numbers(3 * 2 * 9 * size, 61), v = Rows.Numbers(2 * size, 62), dscores = Rows.Numbers(3 * 2 * 5 * 9, 63);
            double[] expected = new double[dscores.Length];
            ReferenceAdditiveScore.Forward(Rows.Wide(query), Rows.Wide(key), Rows.Wide(v), shape, expected);
            float[][]? first = null;
            foreach (int degree in new[] { 1, 2, 3, 8 })
            {
                using var workers = new WorkerDegree(degree);
                Guarded scores = new(dscores.Length), dquery = new(new float[query.Length]), dkey = new(new float[key.Length]), dv = new(new float[v.Length]);
                AdditiveScoreKernel.Forward(query, key, v, shape, scores.Span);
                AdditiveScoreKernel.Backward(dscores, query, key, v, shape, dquery.Span, dkey.Span, dv.Span);
                scores.Checked().ShouldBeNear(expected, 3e-6, 1);
                float[][] results = [scores.Checked(), dquery.Checked(), dkey.Checked(), dv.Checked()];
                first ??= results;
                for (int i = 0; i < results.Length; i++)
                    results[i].ShouldHaveBitsOf(first[i]);
            }
        }
        Should.Throw<ArgumentException>(() => AdditiveScoreKernel.Forward(new float[4], new float[4], new float[2], new(1, 1, 2, 2, 3), new float[4])).Message.ShouldContain("query has 4 values, 6 are required");
    }
}
