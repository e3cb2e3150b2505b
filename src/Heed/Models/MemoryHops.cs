namespace Heed;

/// <summary>Where a memory network weighs its sentences: a place among its modules, whose heads are the hops; score and distribution are the same for all of them.</summary>
internal sealed class MemoryHops : Module, IAttentionPlace
{
    private readonly ScoreFunction score;
    private readonly DistributionFunction distribution;

    public MemoryHops(MemoryNetworkConfig config)
    {
        ScoreSizes sizes = new(1, config.EmbeddingSize, config.EmbeddingSize);
        score = Register("score", Score.Parse(config.Score).Create(sizes));
        distribution = Register("distribution", Distribution.Parse(config.Distribution).Create(sizes));
    }

    bool IAttentionPlace.IsPooling => true;

    /// <summary>The weights of one hop <c>(batch, 1, sentences)</c>, or what the call puts in their place.</summary>
    /// <param name="state">u: <c>(batch, 1, size)</c>.</param>
    /// <param name="memories">m: <c>(batch, sentences, size)</c>.</param>
    /// <param name="sentences">The real sentences of each story.</param>
    /// <param name="linear">Whether energies stand in the place of weights.</param>
    /// <param name="pass">The call.</param>
    public Tensor Weigh(Tensor state, Tensor memories, SequenceRanges sentences, bool linear, in Pass pass)
    {
        (int batch, int count, int size) = (memories.Shape[0], memories.Shape[1], memories.Shape[2]);
        Tensor query = state.Reshape(new Shape(batch, 1, 1, size));
        Tensor energies = score.Energies(query, memories.Reshape(new Shape(batch, 1, count, size)), pass);
        if (linear)
            return energies.Reshape(new Shape(batch, count, 1)).WithoutPadding(sentences).Transpose();
        energies = energies.MaskScores(AttentionMask.None.Table(batch, 1, count, null, sentences));
        Tensor own = distribution.Draw(energies, new AttentionStep(query, sentences, null), pass).Weights;
        return (pass.Find<AttentionOverride>() is { } change ? change.Of(this, own, pass, energies) : own).Reshape(new Shape(batch, 1, count));
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
