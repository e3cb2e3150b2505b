namespace Heed;

/// <summary>The one number of a model's outputs that is explained: what it is called, and how it follows from the logits of one input.</summary>
internal sealed class ExplainedScalar(string name, string? label, bool isLogOdds, ExplainedScalar.Function function)
{
    /// <summary>The value, and its gradient with respect to the logits.</summary>
    public delegate double Function(ReadOnlySpan<float> logits, Span<float> gradient);

    public string Name => name;

    /// <summary>The label or token that it is about; null for numbers.</summary>
    public string? Label => label;

    public bool IsLogOdds => isLogOdds;

    public double Of(ReadOnlySpan<float> logits, Span<float> gradient) => function(logits, gradient);

    /// <summary>ln(p/(1 − p)) of one of several classes: its logit minus the others' log-sum-exp, all divided by the temperature.</summary>
    public static ExplainedScalar OfClass(string name, int target, double temperature) => new($"log odds of '{name}'", name, isLogOdds: true, (logits, gradient) =>
    {
        double highest = double.NegativeInfinity, sum = 0;
        for (int c = 0; c < logits.Length; c++)
            highest = c == target ? highest : Math.Max(highest, logits[c] / temperature);
        for (int c = 0; c < logits.Length; c++)
            sum += c == target ? 0 : Math.Exp((logits[c] / temperature) - highest);
        for (int c = 0; c < logits.Length; c++)
            gradient[c] = (float)((c == target ? 1 : -Math.Exp((logits[c] / temperature) - highest) / sum) / temperature);
        return (logits[target] / temperature) - highest - Math.Log(sum);
    });

    /// <summary>a·logit + b of one output.</summary>
    public static ExplainedScalar OfOutput(string name, string? label, int output, double factor, double addend = 0) => new(name, label, label is not null, (logits, gradient) =>
    {
        gradient.Clear();
        gradient[output] = (float)factor;
        return (factor * logits[output]) + addend;
    });
}
