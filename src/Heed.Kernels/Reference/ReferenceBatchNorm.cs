namespace Heed.Kernels;

/// <summary><see cref="BatchNormKernel"/> in double precision: plain loops.</summary>
public static class ReferenceBatchNorm
{
    /// <summary>Mean and biased variance of each channel; x (rows, channels).</summary>
    public static void Statistics(ReadOnlySpan<double> x, Span<double> mean, Span<double> variance)
    {
        int channels = mean.Length, rows = x.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            (mean[c], variance[c]) = (0, 0);
            for (int i = c; i < x.Length; i += channels)
                mean[c] += x[i] / rows;
            for (int i = c; i < x.Length; i += channels)
                variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / rows;
        }
    }

    /// <summary>y = φ((x − μ)/√(σ² + ε)·γ + β + z); x, z, y (rows, channels), z may be empty; μ, σ², γ, β (channels).</summary>
    public static void Forward(
        ReadOnlySpan<double> x, ReadOnlySpan<double> mean, ReadOnlySpan<double> variance, ReadOnlySpan<double> gamma, ReadOnlySpan<double> beta, double epsilon, ReadOnlySpan<double> addend, bool rectifies,
        Span<double> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % mean.Length;
            double value = ((x[i] - mean[c]) / Math.Sqrt(variance[c] + epsilon) * gamma[c]) + beta[c] + (addend.Length == 0 ? 0 : addend[i]);
            y[i] = rectifies && value < 0 ? 0 : value;
        }
    }
}
