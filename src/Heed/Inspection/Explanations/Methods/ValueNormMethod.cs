namespace Heed;

/// <summary>How long the vector is that each unit adds: weight times norm of the value.</summary>
internal sealed class ValueNormMethod() : ExplanationMethod("value-norm", "weight times the norm of the value that it lets through, ‖α·f(v)‖", "Kobayashi et al. 2020")
{
    private protected override bool TakesPart => true;

    public override string? WhyNot(ExplainedInput input) => input.Attention is null ? "the model has no attention that it hands out"
        : input.Attention.PoolingNorms is null ? input.Attention.WhyNoLayers : null;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        InputAttention attention = input.Attention!;
        if (attention.PoolingNorms is { } norms && part.Length == 0)
            return new MethodResult([.. norms.Select((norm, unit) => norm * attention.Views.Average(view => view[unit]))], []);
        if (attention.Layers.Count == 0)
            throw new ArgumentException($"there is no layer '{NearestName.Shown(part)}' with norms of values: {attention.WhyNoLayers}.", nameof(part));
        (int layer, IReadOnlyList<int> heads) = AttentionPart.Of(attention, part);
        return new MethodResult(AttentionPart.Mean(attention, heads, (row, head) => attention.Layers[layer].WeightedNorms(0, head, row)), [AttentionPart.Note(Name, attention, layer, heads)]);
    }
}
