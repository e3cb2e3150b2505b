using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Random operands of one attention, and its three computations: fused, plain float32, double precision.</summary>
internal sealed class AttentionCase
{
    public AttentionCase(AttentionShape shape, int seed = 1, float size = 1)
    {
        Shape = shape;
        Random = new System.Random(seed);
        int rows = shape.Batch * shape.HeadCount * shape.Queries, keyRows = shape.Batch * shape.KeyValueHeadCount * shape.Keys;
        Q = Numbers(rows * shape.HeadDim, size);
        K = Numbers(keyRows * shape.HeadDim, size);
        V = Numbers(keyRows * shape.ValueDim, size);
        DO = Numbers(rows * shape.ValueDim, size);
    }

    public AttentionShape Shape { get; }

    public System.Random Random { get; }

    public float[] Q { get; }

    public float[] K { get; }

    public float[] V { get; }

    public float[] DO { get; }

    public int Rows => Shape.Batch * Shape.HeadCount * Shape.Queries;

    public float[] Numbers(int count, float size = 1) => [.. Enumerable.Range(0, count).Select(_ => ((Random.NextSingle() * 4) - 2) * size)];

    public static double[] Double(ReadOnlySpan<float> x)
    {
        double[] y = new double[x.Length];
        for (int i = 0; i < y.Length; i++)
            y[i] = x[i];
        return y;
    }

    public (float[] Output, float[] LogSumExp) Run<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        float[] output = [.. Enumerable.Repeat(float.NaN, Rows * Shape.ValueDim)], log = new float[Rows];
        FusedAttention.Forward(Q, K, V, output, Shape, modifier, mask, parameters, new AttentionStatistics { LogSumExp = log }, options);
        return (output, log);
    }

    public (double[] Output, double[] LogSumExp, double[] Weights, double[] Entropy) Reference<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        double[] output = new double[Rows * Shape.ValueDim], log = new double[Rows], weights = new double[Rows * Shape.Keys], entropy = new double[Rows];
        ReferenceAttention.Forward(Double(Q), Double(K), Double(V), output, Shape, modifier, mask, Double(parameters), options, weights, log, entropy);
        return (output, log, weights, entropy);
    }

    /// <summary>The rule of the numeric contract for the output, and closeness of the log-sum-exp.</summary>
    public void Check<TModifier, TMask>(TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        (float[] output, float[] log) = Run(modifier, mask, parameters, options);
        (double[] expected, double[] expectedLog, double[] weights, _) = Reference(modifier, mask, parameters, options);
        float[] plain = PlainAttention.Forward(this, expectedLog, weights);
        Tolerance.AssertWithinTwice(output, plain, expected, 4e-7, $"output of {Shape}");
        Tolerance.AssertWithin(log, expectedLog, 2e-6 + (4e-7 * expectedLog.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max()), $"log-sum-exp of {Shape}");
    }
}
