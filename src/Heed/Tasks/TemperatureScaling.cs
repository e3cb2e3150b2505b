using Heed.Kernels;

namespace Heed;

/// <summary>One number that makes a model's probabilities mean what they say: logits are divided by it.</summary>
/// <remarks>
/// <para>T minimises the loss of the dev rows, plus <c>2·(ln T)²</c> over all rows together, which keeps T near 1 where the rows are few or
/// all right. Source: Guo et al., "On calibration of modern neural networks", 2017, section 4.2 (without the second term).</para>
/// </remarks>
internal static class TemperatureScaling
{
    private const double Widest = 3, Golden = 0.6180339887498949;
    private const int Iterations = 40;

    /// <summary>The best T.</summary>
    /// <param name="logits">All logits.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="loss">The mean loss of logits.</param>
    public static double Fit(float[] logits, int rows, Func<float[], double> loss)
    {
        float[] scaled = new float[logits.Length];
        double At(double logT)
        {
            Divide(logits, Math.Exp(logT), scaled);
            return (loss(scaled) * rows) + (2 * logT * logT);
        }
        // Golden section: the loss is convex in 1/T, so there is one valley.
        double low = -Widest, high = Widest, a = high - (Golden * (high - low)), b = low + (Golden * (high - low)), atA = At(a), atB = At(b);
        for (int i = 0; i < Iterations; i++)
        {
            if (atA < atB)
            {
                (high, b, atB) = (b, a, atA);
                a = high - (Golden * (high - low));
                atA = At(a);
            }
            else
            {
                (low, a, atA) = (a, b, atB);
                b = low + (Golden * (high - low));
                atB = At(b);
            }
        }
        return Math.Exp((low + high) / 2);
    }

    /// <summary>y = x/T.</summary>
    public static void Divide(ReadOnlySpan<float> x, double temperature, Span<float> y) => Elementwise.Scale(x, (float)(1 / temperature), y);
}
