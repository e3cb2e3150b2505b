namespace Heed;

/// <summary>Weights as far as possible from a pooling's own that give the same answer: where there are such, the weights were not the reason.</summary>
/// <remarks>
/// <para>max over α′ of JSD(α, α′) subject to |p(α) − p(α′)| ≤ ε: ascent on softmax logits of α′ with Adam, the constraint as a penalty, from several starts; the farthest weights that keep to ε are kept. JSD is the Jensen–Shannon
/// divergence in nats, from 0 to ln 2 ≈ 0.693.</para>
/// <para>Source: Jain and Wallace, "Attention is not explanation", 2019, section 4.2.2, for one input at a time; that a model which is trained anew may not find them: Wiegreffe and Pinter 2019.</para>
/// </remarks>
/// <param name="Own">The model's weights, over units.</param>
/// <param name="Found">The weights found; the model's own where none other keeps to ε.</param>
/// <param name="Divergence">JSD between the two, nats.</param>
/// <param name="Change">p(found) − p(own).</param>
public sealed record AdversarialAttention(IReadOnlyList<float> Own, IReadOnlyList<float> Found, double Divergence, double Change)
{
    private const double Penalty = 50, Rate = 0.5, FirstMoment = 0.9, SecondMoment = 0.999;

    /// <summary>Looks for such weights.</summary>
    /// <param name="input">An input of a text classifier with a learned pooling.</param>
    /// <param name="tolerance">ε; in (0, 1).</param>
    /// <param name="steps">Steps of the ascent; at least 1.</param>
    /// <param name="starts">Starts; at least 1.</param>
    /// <param name="seed">Seed of the starts.</param>
    /// <exception cref="ArgumentException">The model has no learned pooling.</exception>
    /// <returns>Cost: steps forward and backward passes over a batch of starts.</returns>
    public static AdversarialAttention Find(ExplainedInput input, double tolerance = 0.01, int steps = 100, int starts = 4, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (tolerance is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "AdversarialAttention: the tolerance must be in (0, 1).");
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(starts, 1);
        double[] own = WeightsOf(input);
        double answer = input.Answer(input.Value);
        RandomStream random = new(seed, "adversarial attention");
        double[][] logits = [.. Enumerable.Range(0, starts).Select(_ => own.Select(_ => 2 * random.NextNormal()).ToArray())], first = Zeros(logits), second = Zeros(logits);
        AdversarialAttention best = new([.. own.Select(w => (float)w)], [.. own.Select(w => (float)w)], 0, 0);
        for (int step = 1; step <= steps; step++)
        {
            double[][] weights = Array.ConvertAll(logits, Softmax);
            (double Value, float[] Gradient)[] found = input.AtWeights([.. weights.Select(w => Array.ConvertAll(w, v => (float)v))])
                ?? throw new ArgumentException($"AdversarialAttention: the {input.Model} has no learned weights of a pooling over tokens that could be replaced; it is for text classifiers that have. Take uniform or permute.", nameof(input));
            for (int s = 0; s < starts; s++)
            {
                double p = input.Answer(found[s].Value), change = p - answer, divergence = Between(own, weights[s]);
                if (Math.Abs(change) <= tolerance && divergence > best.Divergence)
                    best = best with { Found = [.. weights[s].Select(w => (float)w)], Divergence = divergence, Change = change };
                double slope = Math.Abs(change) <= tolerance ? 0 : Penalty * Math.Sign(change) * (input.IsLogOdds ? p * (1 - p) : 1);
                double[] ascent = [.. own.Select((w, i) => Slope(w, weights[s][i]) - (slope * found[s].Gradient[i]))];
                Ascend(logits[s], weights[s], ascent, first[s], second[s], step);
            }
        }
        return best;
    }

    // Through the softmax, with Adam's moments.
    private static void Ascend(double[] logits, double[] weights, double[] gradient, double[] first, double[] second, int step)
    {
        double mean = weights.Select((w, i) => w * gradient[i]).Sum();
        for (int i = 0; i < logits.Length; i++)
        {
            double g = weights[i] * (gradient[i] - mean);
            first[i] = (FirstMoment * first[i]) + ((1 - FirstMoment) * g);
            second[i] = (SecondMoment * second[i]) + ((1 - SecondMoment) * g * g);
            logits[i] += Rate * first[i] / (1 - Math.Pow(FirstMoment, step)) / (Math.Sqrt(second[i] / (1 - Math.Pow(SecondMoment, step))) + 1e-12);
        }
    }

    /// <summary>The weights of the pooling over units, the mean of its views.</summary>
    internal static double[] WeightsOf(ExplainedInput input) => input.Attention is { Views.Count: > 0 } attention && input.UnitCount > 0
        ? [.. Enumerable.Range(0, input.UnitCount).Select(unit => attention.Views.Average(view => (double)view[unit]))]
        : throw new ArgumentException("AdversarialAttention: the model has no pooling over tokens; it is for text classifiers with a learned pooling.", nameof(input));

    /// <summary>JSD of two distributions, nats.</summary>
    internal static double Between(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Count; i++)
        {
            double m = (a[i] + b[i]) / 2;
            sum += (a[i] > 0 ? a[i] * Math.Log(a[i] / m) : 0) + (b[i] > 0 ? b[i] * Math.Log(b[i] / m) : 0);
        }
        return Math.Max(0, sum / 2);
    }

    // ∂JSD/∂b_i = ½·ln(b_i/m_i)
    private static double Slope(double a, double b) => 0.5 * Math.Log(Math.Max(b, 1e-12) / ((a + Math.Max(b, 1e-12)) / 2));

    private static double[] Softmax(double[] logits)
    {
        double highest = logits.Max();
        double[] weights = Array.ConvertAll(logits, a => Math.Exp(a - highest));
        double sum = weights.Sum();
        return Array.ConvertAll(weights, w => w / sum);
    }

    private static double[][] Zeros(double[][] like) => Array.ConvertAll(like, one => new double[one.Length]);
}
