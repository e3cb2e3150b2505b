namespace Heed;

/// <summary>Minimises a smooth function of many variables: limited-memory BFGS with backtracking.</summary>
/// <remarks>Deterministic: sums run in the order of the variables, in double precision. Source: Nocedal and Wright, "Numerical optimization",
/// 2nd edition 2006, algorithms 7.4 and 3.1.</remarks>
internal sealed class Lbfgs
{
    private const int Memory = 8, MaximumHalvings = 20;
    private const double SufficientDecrease = 1e-4;
    private readonly List<(float[] Step, float[] Change, double Curvature)> history = [];

    /// <summary>The value of the function at a point; the second array becomes its gradient.</summary>
    public delegate double Function(float[] at, float[] gradient);

    /// <summary>Moves the point to (near) the minimum.</summary>
    /// <param name="function">The function.</param>
    /// <param name="x">The start; becomes the minimum.</param>
    /// <param name="iterations">Iterations at most.</param>
    /// <param name="tolerance">Ends when the value falls by less than this share of it.</param>
    /// <returns>The value at the end.</returns>
    public double Minimize(Function function, float[] x, int iterations, double tolerance)
    {
        float[] gradient = new float[x.Length], next = new float[x.Length], nextGradient = new float[x.Length], direction = new float[x.Length];
        double value = function(x, gradient);
        history.Clear();
        for (int i = 0; i < iterations; i++)
        {
            Direction(gradient, direction);
            double slope = Dot(gradient, direction);
            if (!(slope < 0))
                break;
            double length = history.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1, nextValue = value;
            int halvings = 0;
            for (; halvings < MaximumHalvings; halvings++, length /= 2)
            {
                for (int j = 0; j < x.Length; j++)
                    next[j] = x[j] + ((float)length * direction[j]);
                nextValue = function(next, nextGradient);
                if (nextValue <= value + (SufficientDecrease * length * slope))
                    break;
            }
            if (halvings == MaximumHalvings)
                break;
            Remember(x, next, gradient, nextGradient);
            (double before, value) = (value, nextValue);
            next.CopyTo(x, 0);
            (gradient, nextGradient) = (nextGradient, gradient);
            if (before - value <= tolerance * Math.Abs(before))
                break;
        }
        return value;
    }

    private void Remember(float[] x, float[] next, float[] gradient, float[] nextGradient)
    {
        (float[] step, float[] change, _) = history.Count == Memory ? history[0] : (new float[x.Length], new float[x.Length], 0);
        for (int j = 0; j < x.Length; j++)
            (step[j], change[j]) = (next[j] - x[j], nextGradient[j] - gradient[j]);
        double curvature = Dot(step, change);
        if (history.Count == Memory)
            history.RemoveAt(0);
        // Without positive curvature the pair would spoil the direction.
        if (curvature > 1e-12 * Dot(change, change))
            history.Add((step, change, curvature));
    }

    // −H·g by the two-loop recursion.
    private void Direction(float[] gradient, float[] direction)
    {
        gradient.CopyTo(direction, 0);
        double[] shares = new double[history.Count];
        for (int i = history.Count - 1; i >= 0; i--)
        {
            shares[i] = Dot(history[i].Step, direction) / history[i].Curvature;
            AddScaled(history[i].Change, -shares[i], direction);
        }
        double scale = history.Count == 0 ? 1 : history[^1].Curvature / Dot(history[^1].Change, history[^1].Change);
        for (int j = 0; j < direction.Length; j++)
            direction[j] *= (float)-scale;
        for (int i = 0; i < history.Count; i++)
            AddScaled(history[i].Step, -shares[i] - (Dot(history[i].Change, direction) / history[i].Curvature), direction);
    }

    private static void AddScaled(float[] x, double factor, float[] y)
    {
        for (int j = 0; j < y.Length; j++)
            y[j] += (float)(factor * x[j]);
    }

    private static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int j = 0; j < a.Length; j++)
            sum += (double)a[j] * b[j];
        return sum;
    }
}
