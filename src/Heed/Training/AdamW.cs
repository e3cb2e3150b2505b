using Heed.Kernels;

namespace Heed;

/// <summary>Adam with decoupled weight decay.</summary>
/// <remarks>
/// <para>Formula, for each value with gradient g: p ← p − lr·λ·p; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
/// p ← p − lr·m̂/(√v̂ + ε), m̂ and v̂ corrected for their start at 0.</para>
/// <para>Source: Loshchilov and Hutter 2019; the same arithmetic as PyTorch's AdamW. A gradient that touched few rows is read only there; the
/// result is the same as with zeros elsewhere.</para>
/// </remarks>
public sealed class AdamW
{
    private readonly Parameter[] parameters;
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
    {
        this.parameters = [.. parameters.Where(p => p.IsTrained)];
        first = [.. this.parameters.Select(p => Zeros(p.Shape.Length))];
        second = [.. this.parameters.Select(p => Zeros(p.Shape.Length))];
        settings = new AdamWStep { WeightDecay = weightDecay, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };
    }

    /// <summary>Number of steps made.</summary>
    public long StepCount { get; private set; }

    /// <summary>√ of the sum of squares of all gradients.</summary>
    public double GradientNorm()
    {
        double sum = 0;
        foreach (Parameter p in parameters)
        {
            if (p.HasGradient)
                sum += p.TouchedRows.Length > 0 ? Reduction.SumOfSquares(p.Gradient, p.RowLength, p.TouchedRows) : Reduction.SumOfSquares(p.Gradient);
        }
        return Math.Sqrt(sum);
    }

    /// <summary>Makes one step and clears the gradients.</summary>
    /// <param name="learningRate">lr.</param>
    /// <param name="clipNorm">Gradients of a larger norm are scaled down to it; 0 for no limit.</param>
    /// <returns>The norm before clipping; 0 if there is no limit.</returns>
    public double Step(double learningRate, double clipNorm = 0)
    {
        StepCount++;
        double norm = clipNorm > 0 ? GradientNorm() : 0;
        // torch adds 1e-6 to the norm and never scales up.
        float scale = clipNorm > 0 ? (float)Math.Min(1, clipNorm / (norm + 1e-6)) : 1;
        for (int i = 0; i < parameters.Length; i++)
        {
            Parameter p = parameters[i];
            if (!p.HasGradient)
                continue;
            AdamWStep step = settings with { LearningRate = learningRate, GradientScale = scale, Step = StepCount };
            Memory<float> m = first[i], v = second[i];
            p.Change((values, _) => Update(p, values, m.Span, v.Span, step), 0);
            p.ClearGradient();
        }
        return norm;
    }

    private static Memory<float> Zeros(int length)
    {
        Memory<float> memory = TensorPool.AllocateAligned(length);
        memory.Span.Clear();
        return memory;
    }

    private static void Update(Parameter p, Span<float> values, Span<float> m, Span<float> v, in AdamWStep step)
    {
        if (p.TouchedRows.Length > 0)
            AdamWKernel.UpdateRows(values, p.Gradient, p.RowLength, p.TouchedRows, m, v, step);
        else
            AdamWKernel.Update(values, p.Gradient, m, v, step);
    }
}
