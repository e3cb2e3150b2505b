namespace Heed;

/// <summary>Where a memory network weighs its sentences: a place among its modules, without parameters, whose heads are the hops.</summary>
internal sealed class MemoryHops : Module, IAttentionPlace
{
    bool IAttentionPlace.IsPooling => true;

    /// <summary>The weights of one hop <c>(batch, 1, sentences)</c>, or what the call puts in their place.</summary>
    /// <param name="scores">uᵀm_i: <c>(batch, sentences, 1)</c>.</param>
    /// <param name="sentences">The real sentences of each story.</param>
    /// <param name="pass">The call.</param>
    public Tensor Weigh(Tensor scores, SequenceRanges sentences, in Pass pass)
    {
        Tensor own = scores.SoftmaxOverTime(sentences);
        return pass.Find<AttentionOverride>() is { } change ? change.Of(this, own, pass) : own;
    }

    /// <summary>Tells those who ask of the weights of all hops; the one row of each is the answer's.</summary>
    public void Answer(IReadOnlyList<Tensor> hops, SequenceRanges sentences, in Pass pass)
    {
        CaptureSource source = new()
        {
            Queries = [.. Enumerable.Repeat((0, 1), sentences.Count)],
            KeyCounts = sentences.Lengths.ToArray(),
            Write = (tile, row) => hops[tile.Head].Values.Slice(tile.Batch * hops[tile.Head].Shape[2], tile.Keys).CopyTo(row.Span),
        };
        pass.Find<HeadSummaryCapture>()?.Take(this, hops.Count, source);
        pass.Find<AttentionCapture>()?.Answer(this, hops.Count, source);
    }
}
