using Heed.Kernels;

namespace Heed;

/// <summary>Finds targets for sources: greedy or beam search, or sampling.</summary>
/// <remarks>
/// <para>All hypotheses of all sources of a batch take a step in one pass, as queries side by side over their source's keys; sources that are done leave
/// the batch. A source's answers are the same alone or in a batch.</para>
/// <para>Beam search as in Sutskever et al. 2014: of all continuations the best K without an end go on; an end among the best K is an answer; a source is done with K answers. Answers are compared by
/// log P/((5 + |Y|)/6)^α + β·Σ_j log min(Σ_t α_tj, 1) (Wu et al. 2016).</para>
/// </remarks>
public static class SequenceDecoder
{
    /// <summary>Decodes.</summary>
    /// <param name="network">The network.</param>
    /// <param name="sources">The ids of each source; none is empty.</param>
    /// <param name="options">How; default if null.</param>
    /// <param name="copies">For a network that copies, the sources' tokens as tokens of the target (<see cref="PairBatch.CopyIds"/>).</param>
    /// <returns>For each source its answers, best first.</returns>
    /// <exception cref="ArgumentException">A source is empty, or options make no sense.</exception>
    public static IReadOnlyList<Hypothesis>[] Decode(SequenceToSequence network, IReadOnlyList<int[]> sources, DecodingOptions? options = null, IReadOnlyList<int[]>? copies = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(sources);
        options ??= new DecodingOptions();
        options.Validate();
        if (network.Config.Copies && copies is null)
            throw new ArgumentException("SequenceDecoder.Decode: the network copies; give the sources' tokens as tokens of the target.", nameof(copies));
        if (sources.Any(s => s.Length == 0))
            throw new ArgumentException("SequenceDecoder.Decode: a source has no token; there is nothing to attend to.", nameof(sources));
        IReadOnlyList<Hypothesis>[] answers = new IReadOnlyList<Hypothesis>[sources.Count];
        if (sources.Count == 0)
            return answers;
        IReadOnlyList<ReadOnlyMemory<int>> batches = BatchPlan.Evaluation(sources.Select(s => s.Length).ToArray(), options.BatchSize).Epoch(0);
        // Batches side by side: the small parts of a step leave little to share inside of it.
        Workers.Share(batches.Count, n => new DecodingBatch(network, sources, batches[n].ToArray(), options, copies).Run(answers));
        return answers;
    }
}
