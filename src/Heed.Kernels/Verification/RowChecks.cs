namespace Heed.Kernels;

/// <summary>Kernels that work row by row: softmax, cross-entropy, normalisation, embedding.</summary>
internal static class RowChecks
{
    private const int Rows = 7, Columns = 37;
    private const double Limit = 2e-6;

    private delegate void Forward(ReadOnlySpan<double> x, int columns, Span<double> y);

    public static void Softmax(KernelChecker check)
    {
        float[] x = check.Draw(Rows * Columns, -9, 9), y = new float[x.Length], dy = check.Draw(x.Length), dx = new float[x.Length];
        SoftmaxKernel.Forward(x, Columns, y);
        SoftmaxKernel.Backward(dy, y, Columns, dx);
        Both(check, x, y, dy, dx, ReferenceSoftmax.Forward);
    }

    public static void LogSoftmax(KernelChecker check)
    {
        float[] x = check.Draw(Rows * Columns, -9, 9), y = new float[x.Length], dy = check.Draw(x.Length), dx = new float[x.Length];
        LogSoftmaxKernel.Forward(x, Columns, y);
        LogSoftmaxKernel.Backward(dy, y, Columns, dx);
        Both(check, x, y, dy, dx, ReferenceSoftmax.LogForward);
    }

    public static void Distribution(KernelChecker check)
    {
        float[] x = check.Draw(Rows * Columns, -1, 1), y = new float[x.Length], dy = check.Draw(x.Length);
        void One<TDistribution>(TDistribution distribution, double alpha)
            where TDistribution : unmanaged, IAttentionDistribution
        {
            float[] dx = new float[x.Length];
            DistributionKernel.Forward(x, Columns, y, distribution);
            DistributionKernel.Backward(dy, y, Columns, dx, distribution);
            Both(check, x, y, dy, dx, (at, columns, result) => ReferenceDistribution.Entmax(at, columns, alpha, result), 5);
        }
        One(new SparsemaxFunction(), 2);
        One(new Entmax15Function(), 1.5);
        One(new EntmaxFunction(1.25f), 1.25);
        float[] slopes = new float[Rows];
        DistributionKernel.AlphaGradient(dy, y, Columns, 1.25f, slopes);
        double[] differences = new double[Rows], up = new double[x.Length], down = new double[x.Length];
        ReferenceDistribution.Entmax(KernelChecker.Widen(x), Columns, 1.25 + 1e-6, up);
        ReferenceDistribution.Entmax(KernelChecker.Widen(x), Columns, 1.25 - 1e-6, down);
        for (int i = 0; i < x.Length; i++)
            differences[i / Columns] += dy[i] * (up[i] - down[i]) / 2e-6;
        check.Compare("dα", slopes, differences, 2e-5);
    }

    public static void TopK(KernelChecker check)
    {
        float[] x = check.Draw(Rows * Columns, -9, 9), y = new float[x.Length], dy = check.Draw(x.Length), dx = new float[x.Length];
        TopKKernel.Forward(x, Columns, 5, y);
        SoftmaxKernel.Backward(dy, y, Columns, dx);
        Both(check, x, y, dy, dx, (at, columns, result) => ReferenceDistribution.TopK(at, columns, 5, result));
    }

    public static void Sink(KernelChecker check)
    {
        float[] x = check.Draw(Rows * Columns, -3, 3), sinks = check.Draw(Rows, 0, 4), y = new float[x.Length], dy = check.Draw(x.Length), dx = new float[x.Length], dsinks = new float[Rows];
        SinkSoftmaxKernel.Forward(x, Columns, sinks, y);
        SinkSoftmaxKernel.Backward(dy, y, Columns, dx, dsinks);
        double[] wideX = KernelChecker.Widen(x), wideSinks = KernelChecker.Widen(sinks);
        double[] Run(double[] at, double[] with)
        {
            double[] result = new double[at.Length];
            ReferenceDistribution.Sink(at, Columns, with, result);
            return result;
        }
        check.Compare("y", y, Run(wideX, wideSinks), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Run(at, wideSinks), 4 * Limit);
        check.CompareWithDifferences("dsinks", dsinks, sinks, dy, at => Run(wideX, at), 4 * Limit);
    }

    public static void AdditiveScore(KernelChecker check)
    {
        AdditiveScoreShape shape = new(2, 3, 4, 5, 19);
        float[] query = check.Draw(2 * 3 * 4 * 19), key = check.Draw(2 * 3 * 5 * 19), v = check.Draw(3 * 19), scores = new float[2 * 3 * 4 * 5], dscores = check.Draw(scores.Length);
        float[] dquery = new float[query.Length], dkey = new float[key.Length], dv = new float[v.Length];
        AdditiveScoreKernel.Forward(query, key, v, shape, scores);
        AdditiveScoreKernel.Backward(dscores, query, key, v, shape, dquery, dkey, dv);
        double[] wideQuery = KernelChecker.Widen(query), wideKey = KernelChecker.Widen(key), wideV = KernelChecker.Widen(v);
        double[] Run(double[] q, double[] k, double[] u)
        {
            double[] result = new double[scores.Length];
            ReferenceAdditiveScore.Forward(q, k, u, shape, result);
            return result;
        }
        check.Compare("scores", scores, Run(wideQuery, wideKey, wideV), Limit);
        check.CompareWithDifferences("dquery", dquery, query, dscores, at => Run(at, wideKey, wideV), 4 * Limit);
        check.CompareWithDifferences("dkey", dkey, key, dscores, at => Run(wideQuery, at, wideV), 4 * Limit);
        check.CompareWithDifferences("dv", dv, v, dscores, at => Run(wideQuery, wideKey, at), 4 * Limit);
    }

    public static void CrossEntropy(KernelChecker check)
    {
        float[] logits = check.Draw(Rows * Columns, -5, 5), probabilities = new float[logits.Length], gradient = new float[logits.Length], weights = check.Draw(Columns, 0.5f, 2);
        int[] targets = [3, 0, 36, CrossEntropyKernel.Ignored, 17, 17, 30];
        double[] wideWeights = KernelChecker.Widen(weights);
        double loss = CrossEntropyKernel.Forward(logits, targets, Columns, probabilities, weights, 0.125f);
        CrossEntropyKernel.Backward(probabilities, targets, Columns, 1, gradient, weights, 0.125f);
        double[] Loss(double[] x) => [ReferenceSoftmax.CrossEntropy(x, targets, Columns, wideWeights, 0.125)];
        check.Compare("loss", [(float)loss], Loss(KernelChecker.Widen(logits)), Limit);
        check.CompareWithDifferences("dlogits", gradient, logits, [1], Loss, 4 * Limit);
    }

    public static void SigmoidCrossEntropy(KernelChecker check)
    {
        float[] logits = check.Draw(Rows * Columns, -9, 9), targets = check.Draw(logits.Length, 0, 1), weights = check.Draw(logits.Length, 0, 2), gradient = new float[logits.Length];
        SigmoidCrossEntropyKernel.Backward(logits, targets, 1, gradient, weights);
        double[] Loss(double[] x) => [ReferenceSoftmax.SigmoidCrossEntropy(x, targets, weights)];
        check.Compare("loss", [(float)SigmoidCrossEntropyKernel.Forward(logits, targets, weights)], Loss(KernelChecker.Widen(logits)), Limit);
        check.CompareWithDifferences("dlogits", gradient, logits, [1], Loss, 4 * Limit);
    }

    public static void LayerNorm(KernelChecker check)
    {
        const float Epsilon = 1e-5f;
        float[] x = check.Draw(Rows * Columns, -2, 3), gamma = check.Draw(Columns, 0.5f, 2), beta = check.Draw(Columns), y = new float[x.Length];
        float[] mean = new float[Rows], deviation = new float[Rows], dy = check.Draw(x.Length), dx = new float[x.Length], dgamma = new float[Columns], dbeta = new float[Columns];
        LayerNormKernel.Forward(x, gamma, beta, Columns, Epsilon, y, mean, deviation);
        LayerNormKernel.Backward(dy, x, gamma, mean, deviation, Columns, dx, dgamma, dbeta);
        double[] wideX = KernelChecker.Widen(x), wideGamma = KernelChecker.Widen(gamma), wideBeta = KernelChecker.Widen(beta);
        double[] Normalise(double[] at, double[] scale, double[] shift)
        {
            double[] result = new double[at.Length];
            ReferenceLayerNorm.Forward(at, scale, shift, Columns, Epsilon, result);
            return result;
        }
        check.Compare("y", y, Normalise(wideX, wideGamma, wideBeta), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Normalise(at, wideGamma, wideBeta), 4 * Limit);
        check.CompareWithDifferences("dγ", dgamma, gamma, dy, at => Normalise(wideX, at, wideBeta), 4 * Limit);
        check.CompareWithDifferences("dβ", dbeta, beta, dy, at => Normalise(wideX, wideGamma, at), 4 * Limit);
    }

    public static void RmsNorm(KernelChecker check)
    {
        const float Epsilon = 1e-6f;
        float[] x = check.Draw(Rows * Columns, -2, 3), gamma = check.Draw(Columns, 0.5f, 2), y = new float[x.Length], reciprocal = new float[Rows];
        float[] dy = check.Draw(x.Length), dx = new float[x.Length], dgamma = new float[Columns];
        RmsNormKernel.Forward(x, gamma, Columns, Epsilon, y, reciprocal);
        RmsNormKernel.Backward(dy, x, gamma, reciprocal, Columns, dx, dgamma);
        double[] wideX = KernelChecker.Widen(x), wideGamma = KernelChecker.Widen(gamma);
        double[] Normalise(double[] at, double[] scale)
        {
            double[] result = new double[at.Length];
            ReferenceRmsNorm.Forward(at, scale, Columns, Epsilon, result);
            return result;
        }
        check.Compare("y", y, Normalise(wideX, wideGamma), Limit);
        check.CompareWithDifferences("dx", dx, x, dy, at => Normalise(at, wideGamma), 4 * Limit);
        check.CompareWithDifferences("dγ", dgamma, gamma, dy, at => Normalise(wideX, at), 4 * Limit);
    }

    public static void Rotary(KernelChecker check)
    {
        RotaryShape shape = new(Heads: 3, HeadDim: 53, Rotated: 50);
        int[] positions = [0, 1, 2, 900];
        float[] cos = new float[1000 * 25], sin = new float[cos.Length];
        RotaryKernel.Angles(10_000, 1, 25, cos, sin);
        foreach (bool interleaved in new[] { false, true })
        {
            RotaryShape form = shape with { Interleaved = interleaved };
            float[] x = check.Draw(positions.Length * 3 * 53), y = new float[x.Length], dx = new float[x.Length];
            double[] wide = new double[x.Length];
            RotaryKernel.Forward(x, positions, cos, sin, form, y);
            ReferenceRotary.Forward(KernelChecker.Widen(x), positions, cos, sin, form, wide);
            check.Compare(interleaved ? "neighbours" : "halves", y, wide, Limit);
            // A turn is undone by its gradient.
            RotaryKernel.Backward(y, positions, cos, sin, form, dx);
            check.Compare("turned back", dx, KernelChecker.Widen(x), 2 * Limit);
        }
    }

    public static void Embedding(KernelChecker check)
    {
        int[] ids = [4, 0, 9, 4, 2, 4, 0, 10];
        float[] table = check.Draw(11 * Columns), y = new float[ids.Length * Columns], dy = check.Draw(y.Length), gradient = new float[table.Length];
        double[] wide = new double[y.Length], wideGradient = new double[table.Length];
        EmbeddingKernel.Gather(table, Columns, ids, y);
        ReferenceEmbedding.Gather(KernelChecker.Widen(table), Columns, ids, wide);
        check.Compare("rows", y, wide, 0);
        EmbeddingKernel.ScatterAdd(dy, Columns, ids, gradient, padding: 0);
        ReferenceEmbedding.ScatterAdd(KernelChecker.Widen(dy), Columns, ids, wideGradient, padding: 0);
        check.Compare("gradient", gradient, wideGradient, Limit);
    }

    private static void Both(KernelChecker check, float[] x, float[] y, float[] dy, float[] dx, Forward reference, double slack = 1)
    {
        double[] Reference(double[] at)
        {
            double[] result = new double[at.Length];
            reference(at, Columns, result);
            return result;
        }
        check.Compare("y", y, Reference(KernelChecker.Widen(x)), slack * Limit);
        // A row by itself: the others do not depend on it.
        double[] slopes = [.. x.Chunk(Columns).Zip(dy.Chunk(Columns)).SelectMany(row => KernelChecker.Differences(row.First, row.Second, Reference))];
        check.Compare("dx", dx, slopes, slack * 4 * Limit);
    }
}
