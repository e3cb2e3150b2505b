using Heed.Kernels;

namespace Heed;

/// <summary>Adam with decoupled weight decay.</summary>
/// <remarks>
/// <para>Formula, for each value with gradient g: p ← p − lr·λ·p; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
/// p ← p − lr·m̂/(√v̂ + ε), m̂ and v̂ corrected for their start at 0.</para>
/// <para>Source: Loshchilov and Hutter 2019; the same arithmetic as PyTorch's AdamW.</para>
/// </remarks>
public sealed class AdamW : Optimizer
{
    private readonly Memory<float>[] first;
    private readonly Memory<float>[] second;
    private readonly AdamWStep settings;

    /// <summary>Creates the optimizer; moments start at 0.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="weightDecay">λ, default 0.01.</param>
    /// <param name="beta1">β₁, default 0.9.</param>
    /// <param name="beta2">β₂, default 0.999.</param>
    /// <param name="epsilon">ε, default 1e-8.</param>
    public AdamW(IEnumerable<Parameter> parameters, double weightDecay = 1e-2, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
        : base(parameters)
    {
        first = [.. Parameters.Select(p => Zeros(p.Shape.Length))];
        second = [.. Parameters.Select(p => Zeros(p.Shape.Length))];
        settings = new AdamWStep { WeightDecay = weightDecay, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };
    }

    internal override IEnumerable<(string Name, Memory<float> Values)> State() =>
        first.Select((m, i) => (FormattableString.Invariant($"first.{i}"), m)).Concat(second.Select((v, i) => (FormattableString.Invariant($"second.{i}"), v)));

    private protected override void Update(int index, double learningRate, float gradientScale)
    {
        Parameter p = Parameters[index];
        AdamWStep step = settings with { LearningRate = learningRate, GradientScale = gradientScale, Step = StepCount };
        (Memory<float> m, Memory<float> v) = (first[index], second[index]);
        p.Change((values, _) => Update(p, values, m.Span, v.Span, step), 0);
    }

    private static void Update(Parameter p, Span<float> values, Span<float> m, Span<float> v, in AdamWStep step)
    {
        if (p.TouchedRows.Length > 0)
            AdamWKernel.UpdateRows(values, p.Gradient, p.RowLength, p.TouchedRows, m, v, step);
        else
            AdamWKernel.Update(values, p.Gradient, m, v, step);
    }
}
