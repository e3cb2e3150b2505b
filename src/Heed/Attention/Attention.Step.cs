using Heed.Kernels;

namespace Heed;

/// <summary>A decoder's step over spans: no tape, no objects.</summary>
public sealed partial class Attention
{
    /// <summary>One step of decoding without tensors: attends to what was prepared before, and allocates nothing.</summary>
    /// <remarks>The same bits as <see cref="Forward(Tensor, AttentionMemory, AttentionState?, in Pass)"/> gives in an evaluation. For additive scores without coverage, softmax without a sink, sparsemax and entmax-1.5, one output
    /// without projections, and no mask beside padding; scores that are dot products have <see cref="KeyValueCache"/>. Memory for the projected queries comes from the pool of all steps and goes back to it.
    /// Thread-safe.</remarks>
    /// <param name="query">Queries <c>(batch, queries, query size)</c>, row-major.</param>
    /// <param name="memory">From <see cref="Prepare"/>, kept (<see cref="AttentionMemory.Keep"/>) or of a step that still lives.</param>
    /// <param name="context">Filled: <c>(batch, queries, value size)</c>.</param>
    /// <param name="weights">Filled: <c>(batch, queries, keys)</c>.</param>
    /// <exception cref="ShapeException">The lengths do not fit.</exception>
    /// <exception cref="NotSupportedException">The configuration needs tensors; the message says which part.</exception>
    public void Attend(ReadOnlySpan<float> query, AttentionMemory memory, Span<float> context, Span<float> weights)
    {
        ArgumentNullException.ThrowIfNull(memory);
        RequireSpans();
        (int batch, int keys) = (memory.Batch, memory.KeyCount);
        (Tensor key, Tensor value) = memory.WrittenOut
            ?? throw new ArgumentException("Attention.Attend: the memory was prepared for fused attention, or by another pass; give what this module's Prepare returned.", nameof(memory));
        int queries = query.Length / Math.Max(1, batch * config.QuerySize);
        if (query.Length != batch * queries * config.QuerySize || context.Length != batch * queries * config.ValueSize || weights.Length != batch * queries * keys)
            throw new ShapeException(FormattableString.Invariant($"Attention.Attend: query, context and weights have {query.Length}, {context.Length} and {weights.Length} values; (batch, queries, size) with batch = {batch} and sizes {config.QuerySize}, {config.ValueSize} and {keys} keys are required."));
        score.Energies(query, key, weights);
        SequenceRanges steps = memory.Steps;
        if (memory.Ranges is not null)
            MaskPadding(weights, steps, queries, keys);
        switch (distribution.Fused)
        {
            case FusedDistribution.Softmax: SoftmaxKernel.Forward(weights, keys, weights); break;
            case FusedDistribution.Sparsemax: DistributionKernel.Forward(weights, keys, weights, default(SparsemaxFunction)); break;
            default: DistributionKernel.Forward(weights, keys, weights, default(Entmax15Function)); break;
        }
        SequencePoolingKernel.WeightedSum(weights, value.Values, config.ValueSize, queries, steps.For(keys), context);
    }

    private static void MaskPadding(Span<float> energies, SequenceRanges steps, int queries, int keys)
    {
        for (int row = 0; row < steps.Count * queries; row++)
        {
            Span<float> own = energies.Slice(row * keys, keys);
            int first = steps.Starts.Span[row / queries], end = first + steps.Lengths.Span[row / queries];
            own[..first].Fill(float.NegativeInfinity);
            own[end..].Fill(float.NegativeInfinity);
        }
    }

    private void RequireSpans()
    {
        string? part = !score.TakesSpans ? $"the score {config.Score}" : distribution.Fused == FusedDistribution.None || config.Distribution is Softmax { Sink: true } ? $"the distribution {config.Distribution}"
            : config.Heads is not SingleOutput ? "several heads" : !config.Mask.IsNone ? $"the mask {config.Mask}" : HasHooks ? "a hook" : null;
        if (part is not null)
            throw new NotSupportedException($"Attention.Attend: {part} has no form without tensors; call Forward.");
    }
}
