using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The numbers of one <see cref="AdamWKernel"/> step.</summary>
public readonly record struct AdamWStep()
{
    /// <summary>lr; default 1e-3.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>β₁ in [0, 1); default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂ in [0, 1); default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε; default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ: decoupled weight decay; default 0.01.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>t: number of this step, from 1.</summary>
    public long Step { get; init; } = 1;

    /// <summary>What gradients are multiplied by before use: the place of gradient clipping; default 1.</summary>
    public float GradientScale { get; init; } = 1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public void Validate()
    {
        Require.Range("AdamW", nameof(LearningRate), LearningRate, LearningRate >= 0, "at least 0");
        Require.Range("AdamW", nameof(Beta1), Beta1, Beta1 is >= 0 and < 1, "in [0, 1)");
        Require.Range("AdamW", nameof(Beta2), Beta2, Beta2 is >= 0 and < 1, "in [0, 1)");
        Require.Range("AdamW", nameof(Epsilon), Epsilon, Epsilon >= 0, "at least 0");
        Require.Range("AdamW", nameof(WeightDecay), WeightDecay, WeightDecay >= 0, "at least 0");
        Require.Range("AdamW", nameof(Step), Step, Step >= 1, "at least 1");
    }
}

/// <summary>One step of Adam with decoupled weight decay.</summary>
/// <remarks>
/// <para>With g = scale·gradient: p ← p·(1 − lr·λ); m ← m + (1 − β₁)·(g − m); v ← β₂·v + (1 − β₂)·g²;
/// p ← p − lr/(1 − β₁ᵗ) · m/(√v/√(1 − β₂ᵗ) + ε). Factors are computed in double precision and rounded once.</para>
/// <para>Shapes: parameters, gradient and both moments have one length and lie apart. Bits: each element by itself; same for any number of threads.</para>
/// <para>Cost: one pass over four spans, memory-bound. Chunks are shared by the workers. Thread-safe for different parameters.</para>
/// <para>Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; in the form of torch.optim.AdamW.</para>
/// </remarks>
public static unsafe class AdamWKernel
{
    /// <summary>Updates parameters and moments.</summary>
    /// <param name="parameters">p: n values.</param>
    /// <param name="gradient">n values.</param>
    /// <param name="firstMoment">m: n values, 0 before the first step.</param>
    /// <param name="secondMoment">v: n values, 0 before the first step.</param>
    /// <param name="step">The numbers of this step.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of the step is outside its range.</exception>
    public static void Update(Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> firstMoment, Span<float> secondMoment, in AdamWStep step)
    {
        Check(parameters, gradient, firstMoment, secondMoment, step);
        fixed (float* pp = parameters, pg = gradient, pm = firstMoment, pv = secondMoment)
            Lane.Run(Lanes(step, pp, pg, pm, pv), parameters.Length);
    }

    /// <summary>The same for a table whose gradient reached few rows: rows without a mark take g = 0, and their gradient is not read.</summary>
    /// <remarks>Same bits as <see cref="Update(Span{float}, ReadOnlySpan{float}, Span{float}, Span{float}, in AdamWStep)"/> with a gradient that is 0 in those rows.</remarks>
    /// <param name="parameters">p: (rows, columns).</param>
    /// <param name="gradient">(rows, columns).</param>
    /// <param name="columns">Values a row; at least 1.</param>
    /// <param name="touched">(rows): which rows have a gradient.</param>
    /// <param name="firstMoment">m: (rows, columns).</param>
    /// <param name="secondMoment">v: (rows, columns).</param>
    /// <param name="step">The numbers of this step.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of the step is outside its range.</exception>
    public static void UpdateRows(
        Span<float> parameters, ReadOnlySpan<float> gradient, int columns, ReadOnlySpan<bool> touched, Span<float> firstMoment, Span<float> secondMoment, in AdamWStep step)
    {
        Check(parameters, gradient, firstMoment, secondMoment, step);
        int rows = Require.Rows("AdamWKernel.UpdateRows", nameof(parameters), parameters.Length, columns);
        Require.Length("AdamWKernel.UpdateRows", nameof(touched), touched.Length, rows);
        fixed (float* pp = parameters, pg = gradient, pm = firstMoment, pv = secondMoment)
        fixed (bool* pt = touched)
            RowCall.Run(new RowStep { Lanes = Lanes(step, pp, pg, pm, pv), Touched = pt, Columns = columns }, rows, columns);
    }

    private static void Check(
        ReadOnlySpan<float> parameters, ReadOnlySpan<float> gradient, ReadOnlySpan<float> firstMoment, ReadOnlySpan<float> secondMoment, in AdamWStep step)
    {
        const string Operation = "AdamWKernel.Update";
        step.Validate();
        Require.Length(Operation, nameof(gradient), gradient.Length, parameters.Length);
        Require.Length(Operation, nameof(firstMoment), firstMoment.Length, parameters.Length);
        Require.Length(Operation, nameof(secondMoment), secondMoment.Length, parameters.Length);
        Require.Apart(Operation, nameof(gradient), gradient, parameters);
        Require.Apart(Operation, nameof(gradient), gradient, firstMoment);
        Require.Apart(Operation, nameof(gradient), gradient, secondMoment);
        Require.Apart(Operation, nameof(firstMoment), firstMoment, parameters);
        Require.Apart(Operation, nameof(secondMoment), secondMoment, parameters);
        Require.Apart(Operation, nameof(firstMoment), firstMoment, secondMoment);
    }

    private static LaneStep Lanes(in AdamWStep step, float* parameters, float* gradient, float* first, float* second) => new()
    {
        P = parameters,
        G = gradient,
        M = first,
        S = second,
        Scale = step.GradientScale,
        Decay = (float)(1 - (step.LearningRate * step.WeightDecay)),
        Weight1 = (float)(1 - step.Beta1),
        Beta2 = (float)step.Beta2,
        Weight2 = (float)(1 - step.Beta2),
        Rate = (float)(step.LearningRate / (1 - Power(step.Beta1, step.Step))),
        RootCorrection = (float)(1 / Math.Sqrt(1 - Power(step.Beta2, step.Step))),
        Epsilon = (float)step.Epsilon,
        HasGradient = true,
    };

    // bⁿ by squaring: the same bits on every machine, unlike the C library's pow.
    private static double Power(double b, long n)
    {
        double power = 1;
        for (; n > 0; n >>= 1, b *= b)
            power *= (n & 1) != 0 ? b : 1;
        return power;
    }

    private struct LaneStep : ILaneStep
    {
        public float* P;
        public float* G;
        public float* M;
        public float* S;
        public float Scale;
        public float Decay;
        public float Weight1;
        public float Beta2;
        public float Weight2;
        public float Rate;
        public float RootCorrection;
        public float Epsilon;
        public bool HasGradient;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V g = HasGradient ? Lane.Load<V>(G + i, count) * V.Create(Scale) : V.Zero;
            V m = Lane.Load<V>(M + i, count);
            m = V.FusedMultiplyAdd(V.Create(Weight1), g - m, m);
            V v = V.FusedMultiplyAdd(V.Create(Weight2) * g, g, V.Create(Beta2) * Lane.Load<V>(S + i, count));
            V root = V.FusedMultiplyAdd(V.Sqrt(v), V.Create(RootCorrection), V.Create(Epsilon));
            V p = Lane.Load<V>(P + i, count) * V.Create(Decay);
            Lane.Store(m, M + i, count);
            Lane.Store(v, S + i, count);
            Lane.Store(V.FusedMultiplyAdd(V.Create(-Rate), m / root, p), P + i, count);
        }
    }

    private struct RowStep : IRowStep
    {
        public LaneStep Lanes;
        public bool* Touched;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            LaneStep lanes = Lanes;
            lanes.HasGradient = Touched[row];
            Lane.Loop<V, LaneStep>(lanes, row * Columns, (row + 1) * Columns);
        }
    }
}
