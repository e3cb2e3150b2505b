using Heed.Kernels;

namespace Heed;

/// <summary>Makes steps with the gradients of parameters: <see cref="AdamW"/> or <see cref="Sgd"/>.</summary>
/// <remarks>A gradient that touched few rows is read only there; the result is the same as with zeros elsewhere. Not thread-safe.</remarks>
public abstract class Optimizer
{
    private protected Optimizer(IEnumerable<Parameter> parameters) => Parameters = [.. parameters.Where(p => p.IsTrained)];

    /// <summary>Number of steps made.</summary>
    public long StepCount { get; internal set; }

    private protected Parameter[] Parameters { get; }

    /// <summary>√ of the sum of squares of all gradients.</summary>
    public double GradientNorm()
    {
        double sum = 0;
        foreach (Parameter p in Parameters)
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
        for (int i = 0; i < Parameters.Length; i++)
        {
            if (!Parameters[i].HasGradient)
                continue;
            Update(i, learningRate, scale);
            Parameters[i].ClearGradient();
        }
        return norm;
    }

    /// <summary>What a step leaves for the next, to be saved and restored: arrays by name.</summary>
    internal abstract IEnumerable<(string Name, Memory<float> Values)> State();

    private protected abstract void Update(int index, double learningRate, float gradientScale);

    private protected static Memory<float> Zeros(int length)
    {
        Memory<float> memory = TensorPool.AllocateAligned(length);
        memory.Span.Clear();
        return memory;
    }
}
