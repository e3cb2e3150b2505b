namespace Heed;

/// <content>What is looked at, and changed, between distribution and context.</content>
public sealed partial class Attention : IAttentionPlace
{
    /// <summary>Whether the call is asked for this module's weights.</summary>
    internal bool IsAsked(in Pass pass) => pass.Find<AttentionCapture>()?.Wants(this) == true || pass.Find<HeadSummaryCapture>()?.Wants(this) == true;

    /// <summary>Tells those who ask of weights. A decoder that attends step by step calls it when all steps are done.</summary>
    /// <param name="weights">One call after the other, each <c>(batch, heads, queries, keys)</c> with as many queries as the first.</param>
    /// <param name="queries">The real queries of each sequence, counted over all calls; null: all.</param>
    /// <param name="keys">The real keys of each.</param>
    /// <param name="pass">The call.</param>
    internal void Answer(IReadOnlyList<Tensor> weights, SequenceRanges? queries, SequenceRanges keys, in Pass pass)
    {
        if (weights.Count == 0)
            return;
        (int batch, int each, int keyCount) = (weights[0].Shape[0], weights[0].Shape[2], weights[0].Shape[3]);
        SequenceRanges real = queries ?? SequenceRanges.Full(batch, weights.Count * each);
        CaptureSource source = new()
        {
            Queries = [.. real.Lengths.ToArray().Select(length => (0, length))],
            KeyCounts = keys.Lengths.ToArray(),
            Write = (tile, target) =>
            {
                for (int i = 0; i < tile.Queries; i++)
                {
                    int row = real.Starts.Span[tile.Batch] + tile.FirstQuery + i;
                    int at = (((((tile.Batch * headCount) + tile.Head) * each) + (row % each)) * keyCount) + keys.Starts.Span[tile.Batch] + tile.FirstKey;
                    weights[row / each].Values.Slice(at, tile.Keys).CopyTo(target.Span[(i * tile.Keys)..]);
                }
            },
        };
        pass.Find<HeadSummaryCapture>()?.Take(this, headCount, source);
        pass.Find<AttentionCapture>()?.Answer(this, headCount, source);
    }

    // Weights that shall be changed are written out.
    private bool IsChanged(in Pass pass) => pass.Find<AttentionOverride>()?.Wants(this) == true;

    // What was masked is −∞ among the energies; a 0 that the distribution chose may be changed.
    private Tensor Changed(Tensor own, Tensor energies, in Pass pass) => pass.Find<AttentionOverride>() is { } change ? change.Of(this, own, pass, energies) : own;
}
