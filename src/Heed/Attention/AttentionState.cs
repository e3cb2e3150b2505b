namespace Heed;

/// <summary>What the steps so far attended to: the memory of an aligning decoder, for scores and distributions that look back (location-aware scores, coverage, local and monotonic attention).</summary>
/// <remarks>
/// <para>Immutable: each step gives the next state. Weights are kept, with gradients, only where something reads them:
/// a score or distribution that says <c>NeedsState</c>, or a caller that asks for it.</para>
/// <para>Queries of one call are decoders side by side, such as the hypotheses of a beam: all stand at the same step.</para>
/// </remarks>
public sealed class AttentionState
{
    private readonly ReadOnlyMemory<int> positions;

    internal AttentionState(int step, bool isTracked, ReadOnlyMemory<int> positions, SequenceRanges? ranges, Tensor? previous, Tensor? cumulated) =>
        (Step, IsTracked, this.positions, Ranges, Previous, Cumulated) = (step, isTracked, positions, ranges, previous, cumulated);

    /// <summary>The number of the step that comes, from 0.</summary>
    public int Step { get; }

    /// <summary>Whether weights are kept from step to step.</summary>
    public bool IsTracked { get; }

    /// <summary>The real keys of each sequence; null: all.</summary>
    public SequenceRanges? Ranges { get; }

    /// <summary>The weights of the step before, <c>(batch, heads, queries, keys)</c>; null before the first step, or where they are not kept.</summary>
    public Tensor? Previous { get; }

    /// <summary>The sum of the weights of all steps so far (coverage), <c>(batch, heads, queries, keys)</c>; null as <see cref="Previous"/>.</summary>
    public Tensor? Cumulated { get; }

    /// <summary>Where the step's queries stand on the axis of the keys: what masks compare.</summary>
    /// <param name="sequence">The sequence of the batch.</param>
    /// <returns>The step's number, from the position that the first step had.</returns>
    public int PositionOf(int sequence) => Step + (positions.IsEmpty ? 0 : positions.Span[sequence]);

    internal AttentionState Next(Tensor? weights) =>
        new(Step + 1, IsTracked, positions, Ranges, IsTracked ? weights : null, !IsTracked ? null : Cumulated is null ? weights : Cumulated + weights!);

    // The same step with weights that were moved: hypotheses that changed places, sequences that left the batch.
    internal AttentionState With(SequenceRanges? ranges, Tensor? previous, Tensor? cumulated) => new(Step, IsTracked, default, ranges, previous, cumulated);
}

/// <summary>What a score or a distribution may read beside queries, keys and energies.</summary>
/// <param name="Query">The queries <c>(batch, heads, queries, query size)</c>, as the score gets them.</param>
/// <param name="Ranges">The real keys of each sequence; null: all.</param>
/// <param name="State">What earlier steps attended to; null in a call over a whole sequence of queries.</param>
public readonly record struct AttentionStep(Tensor Query, SequenceRanges? Ranges, AttentionState? State)
{
    /// <summary>The real queries of each sequence; null: all.</summary>
    public SequenceRanges? QueryRanges { get; init; }
}
