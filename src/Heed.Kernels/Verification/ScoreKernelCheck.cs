namespace Heed.Kernels;

/// <summary>A modifier inside the fused kernel against the double-precision reference, forward and backward.</summary>
internal static class ScoreKernelCheck
{
    public static double Run<TModifier>(TModifier modifier, in AttentionShape shape, ReadOnlySpan<float> parameters, in AttentionOptions options, double tolerance, ScoreDraw random)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        AttentionShape s = new(shape.Batch, shape.HeadCount, shape.KeyValueHeadCount, shape.Queries, shape.Keys, shape.HeadDim) { ValueDim = shape.ValueDim };
        bool packed = !options.QueryOffsets.IsEmpty;
        int rows = checked((int)s.Rows(packed)), keyRows = (packed ? 1 : s.Batch) * s.KeyValueHeadCount * s.Keys;
        float[] q = random.Numbers(rows * s.HeadDim), k = random.Numbers(keyRows * s.HeadDim), v = random.Numbers(keyRows * s.ValueDim), dOutput = random.Numbers(rows * s.ValueDim);
        float[] output = new float[dOutput.Length], log = new float[rows], mass = new float[options.ValueTable.IsEmpty ? 0 : rows * (options.ValueTable.Length / s.ValueDim)];
        float[][] got = [.. Lengths(q, k, v, parameters, options).Select(n => new float[n])];
        double[][] expected = [.. got.Select(g => new double[g.Length])];
        double[] wideOutput = new double[output.Length], wideQ = KernelChecker.Widen(q), wideK = KernelChecker.Widen(k), wideV = KernelChecker.Widen(v), wideParameters = KernelChecker.Widen(parameters);
        FusedAttention.Forward(q, k, v, output, s, modifier, default(NoMask), parameters, new AttentionStatistics { LogSumExp = log, ValueMass = mass }, options);
        FusedAttention.Backward(dOutput, q, k, v, output, log, new AttentionGradients(got[0], got[1], got[2], got[3])
        {
            Sinks = got[4], QueryTerms = got[5], KeyTerms = got[6], QueryTable = got[7], ValueTable = got[8], ValueMass = mass,
        }, s, modifier, default(NoMask), parameters, options);
        ReferenceAttention.Forward(wideQ, wideK, wideV, wideOutput, s, modifier, default(NoMask), wideParameters, options);
        ReferenceAttention.Backward(KernelChecker.Widen(dOutput), wideQ, wideK, wideV, new ReferenceAttentionGradients
        {
            Query = expected[0], Key = expected[1], Value = expected[2], Parameters = expected[3], Sinks = expected[4], QueryTerms = expected[5], KeyTerms = expected[6], QueryTable = expected[7], ValueTable = expected[8],
        }, s, modifier, default(NoMask), wideParameters, options);
        string[] names = ["queries", "keys", "values", "parameters", "sinks", "query terms", "key terms", "the query table", "the value table"];
        double worst = Compare<TModifier>("the output", output, wideOutput, tolerance);
        for (int i = 0; i < names.Length; i++)
            worst = Math.Max(worst, Compare<TModifier>("the gradient of " + names[i], got[i], expected[i], tolerance));
        return worst;
    }

    private static int[] Lengths(float[] q, float[] k, float[] v, ReadOnlySpan<float> parameters, in AttentionOptions o) =>
        [q.Length, k.Length, v.Length, parameters.Length, o.Sinks.Length, o.QueryTerms.Length, o.KeyTerms.Length, o.QueryTable.Length, o.ValueTable.Length];

    private static double Compare<TModifier>(string what, float[] got, double[] expected, double tolerance)
    {
        double largest = 1, worst = 0;
        foreach (double value in expected)
            largest = Math.Max(largest, Math.Abs(value));
        for (int i = 0; i < got.Length; i++)
        {
            double error = got[i].Equals((float)expected[i]) ? 0 : Math.Abs(got[i] - expected[i]) / largest;
            if (!(error <= tolerance))
                throw new ScoreCheckException(FormattableString.Invariant($"{typeof(TModifier).Name}: inside the kernel, element {i} of {what} is {got[i]:G9}, the reference gives {expected[i]:G9}."));
            worst = Math.Max(worst, error);
        }
        return worst;
    }
}
