namespace Heed;

/// <summary>What the model attended to, as it is: the pooling's weights, or those of a layer's heads where the answer reads them.</summary>
internal sealed class AttentionMethod() : ExplanationMethod("attention", "weights of the pooling; without one, of the last layer, the mean over its heads", "Bahdanau et al. 2015; whether it explains: Jain and Wallace 2019, Wiegreffe and Pinter 2019")
{
    private protected override bool TakesPart => true;

    public override string? WhyNot(ExplainedInput input) => input.Attention is null ? "the model has no attention that it hands out" : null;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        InputAttention attention = input.Attention!;
        if (part.Length == 0 && attention.Views.Count > 0)
            return new MethodResult(Mean(attention.Views), attention.Views.Count > 1 ? [FormattableString.Invariant($"attention: the mean over the {attention.Views.Count} views of the pooling")] : []);
        if (part.StartsWith("view", StringComparison.Ordinal))
            return new MethodResult(attention.Views[AttentionPart.View(attention, part)], []);
        (int layer, IReadOnlyList<int> heads) = AttentionPart.Of(attention, part);
        float[] weights = attention.ReadLong?.Invoke(layer, heads) ?? AttentionPart.Mean(attention, heads, (row, head) => attention.Layers[layer].Row(0, head, row).ToArray());
        return new MethodResult(weights, [AttentionPart.Note(Name, attention, layer, heads)]);
    }

    private static float[] Mean(IReadOnlyList<float[]> views) => [.. Enumerable.Range(0, views[0].Length).Select(unit => views.Average(view => view[unit]))];
}
