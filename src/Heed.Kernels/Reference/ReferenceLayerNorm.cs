namespace Heed.Kernels;

/// <summary><see cref="LayerNormKernel"/> in double precision: plain loops, the oracle of tests and of gradient checks.</summary>
public static class ReferenceLayerNorm
{
    /// <summary>y[i, j] = (x[i, j] − μ[i])/√(σ²[i] + ε)·γ[j] + β[j]; x and y (rows, columns), γ and β (columns) or empty.</summary>
    public static void Forward(
        ReadOnlySpan<double> x, ReadOnlySpan<double> gamma, ReadOnlySpan<double> beta, int columns, double epsilon, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            double mean = 0, variance = 0;
            for (int j = 0; j < columns; j++)
                mean += x[start + j] / columns;
            for (int j = 0; j < columns; j++)
                variance += (x[start + j] - mean) * (x[start + j] - mean) / columns;
            for (int j = 0; j < columns; j++)
            {
                double normal = (x[start + j] - mean) / Math.Sqrt(variance + epsilon);
                y[start + j] = (normal * (gamma.Length == 0 ? 1 : gamma[j])) + (beta.Length == 0 ? 0 : beta[j]);
            }
        }
    }
}

/// <summary><see cref="RmsNormKernel"/> in double precision.</summary>
public static class ReferenceRmsNorm
{
    /// <summary>y[i, j] = x[i, j]/√(⟨x²⟩[i] + ε)·γ[j]; x and y (rows, columns), γ (columns) or empty.</summary>
    public static void Forward(ReadOnlySpan<double> x, ReadOnlySpan<double> gamma, int columns, double epsilon, Span<double> y)
    {
        for (int start = 0; start < x.Length; start += columns)
        {
            double square = 0;
            for (int j = 0; j < columns; j++)
                square += x[start + j] * x[start + j] / columns;
            for (int j = 0; j < columns; j++)
                y[start + j] = x[start + j] / Math.Sqrt(square + epsilon) * (gamma.Length == 0 ? 1 : gamma[j]);
        }
    }
}
