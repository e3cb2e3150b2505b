namespace Heed;

/// <summary>Attention followed through all layers, with residual connections.</summary>
internal sealed class RolloutMethod() : ExplanationMethod("rollout", "attention multiplied through all layers, half of each token passing through", "Abnar and Zuidema 2020")
{
    public override string? WhyNot(ExplainedInput input) => input.Attention is { } attention ? attention.WhyNoLayers : "the model has no attention that it hands out";

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        InputAttention attention = input.Attention!;
        int[] rows = [.. Enumerable.Range(0, attention.Readers.Count).Where(row => attention.Readers[row] != 0)];
        float[][] shares = AttentionRollout.Of(attention.Layers, rows: rows);
        return new MethodResult(attention.Read(row => shares[Array.IndexOf(rows, row)]), []);
    }
}
