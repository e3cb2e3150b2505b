namespace Heed;

/// <summary>The most that can flow from the answer to each token, weights as capacities.</summary>
internal sealed class FlowMethod() : ExplanationMethod("flow", "the largest flow from the answer to a token through all layers, weights as capacities", "Abnar and Zuidema 2020")
{
    public override string? WhyNot(ExplainedInput input) => input.Attention is not { } attention ? "the model has no attention that it hands out" : attention.WhyNoLayers is { } reason ? reason
        : attention.UnitOfPosition.Count > AttentionFlow.MostTokens ? FormattableString.Invariant($"the input has {attention.UnitOfPosition.Count} tokens, and flow takes {AttentionFlow.MostTokens} at most; take rollout") : null;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        InputAttention attention = input.Attention!;
        float[] flows = AttentionFlow.Of(attention.Layers, attention.Readers), scores = new float[attention.UnitCount];
        for (int position = 0; position < flows.Length; position++)
        {
            if (attention.UnitOfPosition[position] is >= 0 and int unit)
                scores[unit] += flows[position];
        }
        return new MethodResult(scores, []);
    }
}
