using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The numbers of one <see cref="SgdKernel"/> step.</summary>
public readonly record struct SgdStep()
{
    /// <summary>lr; default 1e-3.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>μ in [0, 1); default 0: no velocity is kept.</summary>
    public double Momentum { get; init; }

    /// <summary>τ: what a gradient loses on its way into the velocity; default 0.</summary>
    public double Dampening { get; init; }

    /// <summary>λ: weight decay, added to the gradient; default 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Whether the step looks ahead (Nesterov); default false.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Whether this is the parameter's first step: the velocity starts as the gradient; default false.</summary>
    public bool IsFirst { get; init; }

    /// <summary>What gradients are multiplied by before use: the place of gradient clipping; default 1.</summary>
    public float GradientScale { get; init; } = 1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public void Validate()
    {
        Require.Range("Sgd", nameof(LearningRate), LearningRate, LearningRate >= 0, "at least 0");
        Require.Range("Sgd", nameof(Momentum), Momentum, Momentum is >= 0 and < 1, "in [0, 1)");
        Require.Range("Sgd", nameof(Dampening), Dampening, Dampening is >= 0 and <= 1, "in [0, 1]");
        Require.Range("Sgd", nameof(WeightDecay), WeightDecay, WeightDecay >= 0, "at least 0");
        Require.Range("Sgd", nameof(Momentum), Momentum, !Nesterov || (Momentum > 0 && Dampening == 0), "above 0, with dampening 0, for Nesterov");
    }
}

/// <summary>One step of stochastic gradient descent with momentum.</summary>
/// <remarks>
/// <para>g = scale·gradient + λ·p; with momentum: u ← g in the first step, else μ·u + (1 − τ)·g, and d = g + μ·u (Nesterov) or u; without: d = g;
/// p ← p − lr·d.</para>
/// <para>Shapes: parameters, gradient and velocity have one length and lie apart; the velocity is empty without momentum. Bits: each element by itself.</para>
/// <para>Cost: one pass, memory-bound. Chunks are shared by the workers. Thread-safe for different parameters.</para>
/// <para>Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013; in the form of torch.optim.SGD, whose
/// velocity holds gradients, not steps.</para>
/// </remarks>
public static unsafe class SgdKernel
{
    /// <summary>Updates parameters and velocity.</summary>
    /// <param name="parameters">p: n values.</param>
    /// <param name="gradient">n values.</param>
    /// <param name="velocity">u: n values, or empty without momentum.</param>
    /// <param name="step">The numbers of this step.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of the step is outside its range.</exception>
    public static void Update(Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> velocity, in SgdStep step)
    {
        const string Operation = "SgdKernel.Update";
        step.Validate();
        Require.Length(Operation, nameof(gradient), gradient.Length, parameters.Length);
        Require.Length(Operation, nameof(velocity), velocity.Length, step.Momentum == 0 ? 0 : parameters.Length);
        Require.Apart(Operation, nameof(gradient), gradient, parameters);
        Require.Apart(Operation, nameof(gradient), gradient, velocity);
        Require.Apart<float>(Operation, nameof(velocity), velocity, parameters);
        fixed (float* pp = parameters, pg = gradient, pu = velocity)
        {
            LaneStep lanes = new() { P = pp, G = pg, U = pu, Scale = step.GradientScale, Decay = (float)step.WeightDecay, Rate = (float)step.LearningRate };
            (lanes.Momentum, lanes.Weight, lanes.IsFirst, lanes.Nesterov) = ((float)step.Momentum, (float)(1 - step.Dampening), step.IsFirst, step.Nesterov);
            Lane.Run(lanes, parameters.Length);
        }
    }

    private struct LaneStep : ILaneStep
    {
        public float* P;
        public float* G;
        public float* U;
        public float Scale;
        public float Decay;
        public float Rate;
        public float Momentum;
        public float Weight;
        public bool IsFirst;
        public bool Nesterov;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V p = Lane.Load<V>(P + i, count);
            V d = V.FusedMultiplyAdd(V.Create(Decay), p, Lane.Load<V>(G + i, count) * V.Create(Scale));
            if (U != null)
            {
                V u = IsFirst ? d : V.FusedMultiplyAdd(V.Create(Momentum), Lane.Load<V>(U + i, count), V.Create(Weight) * d);
                Lane.Store(u, U + i, count);
                d = Nesterov ? V.FusedMultiplyAdd(V.Create(Momentum), u, d) : u;
            }
            Lane.Store(V.FusedMultiplyAdd(V.Create(-Rate), d, p), P + i, count);
        }
    }
}
