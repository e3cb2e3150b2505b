using Heed.Kernels;

namespace Heed;

/// <summary>A convolution, and the batch norm behind it if there is one, as one convolution for evaluation: its weights are folded and packed once, and again after any of the values changed.</summary>
/// <remarks>
/// <para>Formula, with s = γ/√(variance + ε) for each filter: <c>w′ = s·w; b′ = s·(b − mean) + β</c>, computed in double precision and rounded once. Results differ from those of the two layers by rounding alone.</para>
/// <para>Whether values changed is told by the parameters' versions and by comparing the statistics, a few numbers for each filter.</para>
/// </remarks>
internal sealed class FoldedConvolution
{
    private readonly (int Weight, int Bias, int Gamma, int Beta) versions;
    private readonly float[] mean = [], variance = [];

    public FoldedConvolution(Parameter weight, Parameter? bias, BatchNorm? norm, ConvolutionShape shape)
    {
        Norm = norm;
        versions = Versions(weight, bias, norm);
        if (norm is null)
        {
            (Weight, Bias) = (PackedConvolution.Pack(weight.Values, shape), bias is null ? [] : bias.Values.ToArray());
            return;
        }
        (Parameter gamma, Parameter beta, StateBuffer center, StateBuffer spread) = norm.Parts;
        (mean, variance) = (center.Values.ToArray(), spread.Values.ToArray());
        int filters = weight.Shape[0], depth = weight.Shape.Length / filters;
        float[] scaled = weight.Values.ToArray(), shifted = new float[filters];
        for (int f = 0; f < filters; f++)
        {
            double scale = gamma.Values[f] / Math.Sqrt(variance[f] + norm.Epsilon);
            foreach (ref float w in scaled.AsSpan(f * depth, depth))
                w = (float)(w * scale);
            shifted[f] = (float)((scale * ((bias is null ? 0.0 : bias.Values[f]) - mean[f])) + beta.Values[f]);
        }
        (Weight, Bias) = (PackedConvolution.Pack(scaled, shape), shifted);
    }

    /// <summary>The batch norm that is folded in; null for none.</summary>
    public BatchNorm? Norm { get; }

    public PackedConvolution Weight { get; }

    public float[] Bias { get; }

    /// <summary>Whether it was made of these and its norm as they are now.</summary>
    public bool IsOf(Parameter weight, Parameter? bias) =>
        versions == Versions(weight, bias, Norm) && (Norm is null || (Norm.Parts.Mean.Values.Span.SequenceEqual(mean) && Norm.Parts.Variance.Values.Span.SequenceEqual(variance)));

    private static (int Weight, int Bias, int Gamma, int Beta) Versions(Parameter weight, Parameter? bias, BatchNorm? norm) =>
        (weight.Version, bias?.Version ?? 0, norm?.Parts.Weight.Version ?? 0, norm?.Parts.Bias.Version ?? 0);
}
