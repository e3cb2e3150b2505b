namespace Heed;

/// <summary>The first-order share of each unit: gradient times vector.</summary>
internal sealed class GradientTimesInputMethod() : ExplanationMethod("gradient-input", "gradient of the answer times the unit's vector, summed over its features", "Shrikumar et al. 2017; Denil et al. 2014")
{
    public override bool IsSigned => true;

    public override string? WhyNot(ExplainedInput input) => null;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        float[] gradient = input.Gradients([input.Vectors])[0].Gradient;
        return new MethodResult(GradientSum.By(input, gradient, input.Vectors), []);
    }
}

/// <summary>Products of gradients and vectors, unit by unit.</summary>
internal static class GradientSum
{
    public static float[] By(ExplainedInput input, ReadOnlySpan<float> gradient, ReadOnlySpan<float> vectors)
    {
        double[] products = new double[gradient.Length];
        for (int i = 0; i < products.Length; i++)
            products[i] = (double)gradient[i] * vectors[i];
        return Array.ConvertAll(input.SumByUnit(products), sum => (float)sum);
    }
}
