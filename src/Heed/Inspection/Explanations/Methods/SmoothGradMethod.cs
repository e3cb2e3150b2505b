namespace Heed;

/// <summary>The mean over noisy copies of gradient times vector.</summary>
internal sealed class SmoothGradMethod() : ExplanationMethod("smoothgrad", "gradient times vector, the gradient a mean over copies with noise", "Smilkov et al. 2017")
{
    private const int CopiesAtOnce = 16;

    public override bool IsSigned => true;

    public override bool IsRandom => true;

    public override string? WhyNot(ExplainedInput input) => null;

    private protected override long Passes(ExplainedInput input, ExplanationOptions options) => options.Samples;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        float[] vectors = input.Vectors;
        double deviation = options.Noise * (vectors.Max() - vectors.Min());
        RandomStream random = new(options.Seed, "smoothgrad");
        double[] sums = new double[vectors.Length];
        foreach (int[] copies in Enumerable.Range(0, options.Samples).Chunk(CopiesAtOnce))
        {
            foreach ((_, float[] gradient) in input.Gradients([.. copies.Select(_ => Array.ConvertAll(vectors, v => (float)(v + (deviation * random.NextNormal()))))]))
            {
                for (int i = 0; i < sums.Length; i++)
                    sums[i] += gradient[i];
            }
        }
        for (int i = 0; i < sums.Length; i++)
            sums[i] *= vectors[i] / (double)options.Samples;
        return new MethodResult(Array.ConvertAll(input.SumByUnit(sums), sum => (float)sum), [FormattableString.Invariant($"SmoothGrad: {options.Samples} copies, noise {options.Noise} of the vectors' range, seed {options.Seed}")]);
    }
}
