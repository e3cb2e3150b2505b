namespace Heed;

/// <summary>Gradients along the straight way from a baseline to the input.</summary>
/// <remarks>(x − x′)·∫₀¹ ∂F(x′ + a·(x − x′))/∂x da with a = t², by the midpoint rule over t: points stand close near the baseline, where a normalisation of small vectors turns fast. Scores sum to F(x) − F(x′) up to the gap that is
/// stated.</remarks>
internal sealed class IntegratedGradientsMethod() : ExplanationMethod("integrated-gradients", "gradients along the straight way from a baseline, times the way; sums to the change of the answer", "Sundararajan et al. 2017")
{
    // Points of a path that go through the model at once.
    private const int PointsAtOnce = 16;

    public override bool IsSigned => true;

    public override string? WhyNot(ExplainedInput input) => null;

    private protected override long Passes(ExplainedInput input, ExplanationOptions options) => options.Steps;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        string baseline = ExplainedInput.Chosen(options.Baseline, input.Baselines, "baseline");
        float[] to = input.Vectors, from = input.BaselineVectors(baseline), way = new float[to.Length];
        for (int i = 0; i < way.Length; i++)
            way[i] = to[i] - from[i];
        double[] sums = new double[to.Length];
        foreach (int[] steps in Enumerable.Range(0, options.Steps).Chunk(PointsAtOnce))
        {
            double[] places = [.. steps.Select(step => (step + 0.5) / options.Steps)];
            (double, float[])[] found = input.Gradients([.. places.Select(t => Point(from, way, t * t))]);
            for (int p = 0; p < places.Length; p++)
            {
                for (int i = 0; i < sums.Length; i++)
                    sums[i] += 2 * places[p] * found[p].Item2[i];
            }
        }
        for (int i = 0; i < sums.Length; i++)
            sums[i] *= way[i] / (double)options.Steps;
        double[] scores = input.SumByUnit(sums);
        double start = input.Gradients([from])[0].Value;
        return new MethodResult(Array.ConvertAll(scores, score => (float)score), [FormattableString.Invariant($"integrated gradients: baseline '{baseline}', where the value is {start:F4}; {options.Steps} steps")])
        {
            Gap = input.Value - start - scores.Sum(),
        };
    }

    private static float[] Point(float[] from, float[] way, double share)
    {
        float[] point = new float[from.Length];
        for (int i = 0; i < point.Length; i++)
            point[i] = (float)(from[i] + (share * way[i]));
        return point;
    }
}
