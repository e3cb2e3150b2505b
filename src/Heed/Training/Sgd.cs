using Heed.Kernels;

namespace Heed;

/// <summary>Stochastic gradient descent with momentum.</summary>
/// <remarks>
/// <para>Formula, for each value with gradient g: g ← g + λ·p; u ← g in the first step, then μ·u + g; p ← p − lr·u, or p − lr·(g + μ·u) by
/// Nesterov.</para>
/// <para>Source: Sutskever et al. 2013; the same arithmetic as PyTorch's SGD. Cost: one pass over all values, an embedding's too.</para>
/// </remarks>
public sealed class Sgd : Optimizer
{
    private readonly Memory<float>[] velocity;
    // 1 once a parameter has moved; floats, because they are saved among floats.
    private readonly float[] started;
    private readonly SgdStep settings;

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="momentum">μ in [0, 1), default 0.9.</param>
    /// <param name="weightDecay">λ, default 0.</param>
    /// <param name="nesterov">Whether a step looks ahead; default false.</param>
    public Sgd(IEnumerable<Parameter> parameters, double momentum = 0.9, double weightDecay = 0, bool nesterov = false)
        : base(parameters)
    {
        velocity = [.. Parameters.Select(p => momentum == 0 ? default : Zeros(p.Shape.Length))];
        started = new float[Parameters.Length];
        settings = new SgdStep { Momentum = momentum, WeightDecay = weightDecay, Nesterov = nesterov };
        settings.Validate();
    }

    internal override IEnumerable<(string Name, Memory<float> Values)> State() =>
        velocity.Select((u, i) => (FormattableString.Invariant($"velocity.{i}"), u)).Append(("started", started));

    private protected override void Update(int index, double learningRate, float gradientScale)
    {
        Parameter p = Parameters[index];
        SgdStep step = settings with { LearningRate = learningRate, GradientScale = gradientScale, IsFirst = started[index] == 0 };
        Memory<float> u = velocity[index];
        p.Change((values, _) => SgdKernel.Update(values, p.Gradient, u.Span, step), 0);
        started[index] = 1;
    }
}
