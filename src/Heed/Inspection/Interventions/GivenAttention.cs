namespace Heed;

/// <summary>What the answer to one input becomes when its units get the weights that the user says: "what if the model had looked there?"</summary>
/// <remarks>
/// <para>Everything that attends to the units gets them: the views of a learned pooling, all heads, the alignment of a translator, hops; in every row, over what the row may see (<see cref="AttentionOverride.Given(Module, IReadOnlyList{float})"/>).
/// Special tokens and, in a translator, tokens that it wrote are no units: those get none, and heads over these keep their own.</para>
/// <para>Source: the test by hand of what Jain and Wallace, "Attention is not explanation", 2019, do with weights that a program chooses.</para>
/// </remarks>
/// <param name="Weights">The given weights over units, which sum to 1.</param>
/// <param name="Label">The label or token that is explained; null for a number.</param>
/// <param name="Own">Its probability (or the number) under the model's own weights.</param>
/// <param name="Changed">The same under the given ones.</param>
/// <param name="Answer">What the model answers then; null where that is a number, or a token of a translation or pixels or a box, which other weights do not choose anew.</param>
/// <param name="Divergence">Jensen–Shannon divergence between the pooling's own weights (its views' mean) and the given ones, nats; NaN where there is no pooling.</param>
/// <param name="RowCount">Rows of weights in the pass.</param>
/// <param name="KeptRowCount">Of them those that see no unit with a weight above 0, and kept their own.</param>
public sealed record GivenAttention(IReadOnlyList<float> Weights, string? Label, double Own, double Changed, string? Answer, double Divergence, int RowCount, int KeptRowCount)
{
    /// <summary>p(given weights) − p(own weights).</summary>
    public double Change => Changed - Own;

    /// <summary>Whether the answer falls from above even odds to below; of a number never.</summary>
    public bool IsLost => Label is not null && Own > 0.5 && Changed < 0.5;

    /// <summary>Puts weights in the place of the model's own.</summary>
    /// <param name="input">The input.</param>
    /// <param name="weights">One a unit, at least 0 and not all 0; they are divided by their sum.</param>
    /// <returns>Cost: two forward passes.</returns>
    /// <exception cref="ArgumentException">There are more or fewer weights than units, one is negative or no number, all are 0, or the model has no attention to the units that could be replaced.</exception>
    public static GivenAttention Measure(ExplainedInput input, IReadOnlyList<float> weights)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count != input.UnitCount)
            throw new ArgumentException(FormattableString.Invariant($"GivenAttention: {weights.Count} weights are given; the input has {input.UnitCount} units, and each needs one."), nameof(weights));
        if (input.Attention is not { } attention)
            throw None(input);
        AttentionOverride? request = null;
        float[] ofPositions = [.. attention.UnitOfPosition.Select(unit => unit < 0 ? 0 : weights[unit])];
        (double value, string? answer) = input.Under(network => request = AttentionOverride.Given(network, ofPositions, input.IsOverUnits)) ?? throw None(input);
        double sum = weights.Sum(weight => (double)weight);
        float[] shares = [.. weights.Select(weight => (float)(weight / sum))];
        double divergence = attention.Views.Count == 0 ? double.NaN : AdversarialAttention.Between(AdversarialAttention.WeightsOf(input), Array.ConvertAll(shares, share => (double)share));
        return new GivenAttention(shares, input.Label, input.Answer(input.Value), input.Answer(value), answer, divergence, request!.RowCount, request.KeptRowCount);
    }

    private static ArgumentException None(ExplainedInput input) => new($"GivenAttention: this {input.Model} has no learned attention to its units that could be replaced.", nameof(input));
}
