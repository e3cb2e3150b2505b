namespace Heed.Kernels;

/// <summary><see cref="AdamWKernel"/> and <see cref="SgdKernel"/> in double precision: plain loops, the oracle of tests.</summary>
public static class ReferenceOptimizer
{
    /// <summary>One step of AdamW on parameters p and moments m, v with gradient g; all of one length.</summary>
    public static void AdamW(Span<double> p, ReadOnlySpan<double> g, Span<double> m, Span<double> v, in AdamWStep step)
    {
        double correction1 = 1 - Math.Pow(step.Beta1, step.Step), correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        for (int i = 0; i < p.Length; i++)
        {
            double gradient = g[i] * step.GradientScale;
            p[i] -= step.LearningRate * step.WeightDecay * p[i];
            m[i] = (step.Beta1 * m[i]) + ((1 - step.Beta1) * gradient);
            v[i] = (step.Beta2 * v[i]) + ((1 - step.Beta2) * gradient * gradient);
            p[i] -= step.LearningRate * (m[i] / correction1) / (Math.Sqrt(v[i] / correction2) + step.Epsilon);
        }
    }

    /// <summary>One step of SGD on parameters p and velocity u (empty without momentum) with gradient g; all of one length.</summary>
    public static void Sgd(Span<double> p, ReadOnlySpan<double> g, Span<double> u, in SgdStep step)
    {
        for (int i = 0; i < p.Length; i++)
        {
            double direction = (g[i] * step.GradientScale) + (step.WeightDecay * p[i]);
            if (step.Momentum != 0)
            {
                u[i] = step.IsFirst ? direction : (step.Momentum * u[i]) + ((1 - step.Dampening) * direction);
                direction = step.Nesterov ? direction + (step.Momentum * u[i]) : u[i];
            }
            p[i] -= step.LearningRate * direction;
        }
    }
}
