namespace Heed.Kernels;

/// <summary><see cref="GroupNormKernel"/> in double precision: plain loops.</summary>
public static class ReferenceGroupNorm
{
    /// <summary>y = φ((x − μ)/√(σ² + ε)·γ + β + z); x, z, y (batch, pixels, channels), z may be empty; γ, β (channels).</summary>
    public static void Forward(ReadOnlySpan<double> x, int batch, int groups, ReadOnlySpan<double> gamma, ReadOnlySpan<double> beta, double epsilon, ReadOnlySpan<double> addend, bool rectifies, Span<double> y)
    {
        int channels = gamma.Length, each = channels / groups, size = x.Length / Math.Max(1, batch), count = size / groups;
        for (int i = 0; i < x.Length; i++)
        {
            int b = i / size, c = i % channels, first = (b * size) + (c / each * each);
            double mean = 0, variance = 0;
            for (int n = 0; n < count; n++)
                mean += x[first + (n / each * channels) + (n % each)] / count;
            for (int n = 0; n < count; n++)
                variance += Math.Pow(x[first + (n / each * channels) + (n % each)] - mean, 2) / count;
            double value = ((x[i] - mean) / Math.Sqrt(variance + epsilon) * gamma[c]) + beta[c] + (addend.Length == 0 ? 0 : addend[i]);
            y[i] = rectifies && value < 0 ? 0 : value;
        }
    }
}
