using System.Numerics.Tensors;
using Heed.Kernels;

namespace Heed;

/// <content>What is looked at, and changed, between heads and output projection.</content>
public sealed partial class MultiHeadAttention : IAttentionPlace
{
    private HeadHook[] headHooks = [];

    /// <summary>A hook on what the heads found: returns the tensor to go on with, usually the one it got.</summary>
    /// <param name="attention">The layer.</param>
    /// <param name="heads">The heads' contexts before the output projection, behind the gate where there is one: <c>(batch, queries, heads, value size)</c>; zeros in the padding.</param>
    /// <param name="pass">The call.</param>
    public delegate Tensor HeadHook(MultiHeadAttention attention, Tensor heads, in Pass pass);

    /// <summary>Adds a hook on the heads' contexts, which every forward pass honours, also from a cache and in training; hooks run in order of addition.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Removes the hook again.</returns>
    public Action AddHeadHook(HeadHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        headHooks = [.. headHooks, hook];
        return () => headHooks = [.. headHooks.Where(h => h != hook)];
    }

    private Tensor Hooked(Tensor joined, in Pass pass)
    {
        if (headHooks.Length == 0)
            return joined;
        Tensor heads = Split(joined, Config.ValueDim);
        foreach (HeadHook hook in headHooks)
            heads = hook(this, heads, pass);
        return heads.Reshape(joined.Shape);
    }

    private void Answer(AttentionCapture capture, AttentionOutputs outputs, Tensor v, SequenceRanges? ranges, SequenceRanges? memoryRanges)
    {
        (int batch, int keys) = (v.Shape[0], v.Shape[1]);
        int queries = outputs.Context.Shape[1];
        capture.Answer(this, Config.Heads, new CaptureSource
        {
            Queries = [.. Enumerable.Range(0, batch).Select(b => (0, ranges is { } real ? real.Lengths.Span[b] : queries))],
            KeyCounts = [.. Enumerable.Range(0, batch).Select(b => memoryRanges is { } real ? real.Lengths.Span[b] : keys)],
            Write = outputs.WeightsInto,
            Value = (b, head, key) => v.Memory.Slice(((((b * keys) + key + (memoryRanges is { } real ? real.Starts.Span[b] : 0)) * Config.KeyHeads) + head) * Config.ValueDim, Config.ValueDim),
        });
    }

    private void Answer(AttentionCapture capture, Cached run)
    {
        KeyValueCache cache = run.Cache;
        (int batch, int tokens) = (run.Q.Shape[0], run.Q.Shape[2]);
        int rows = batch * Config.KeyHeads * cache.Length;
        float[] keys = new float[rows * Config.KeyDim], values = new float[rows * Config.ValueDim];
        cache.CopyTo(keys, values);
        int First(int b) => run.KeyStarts.IsEmpty ? 0 : run.KeyStarts.Span[b];
        int Skipped(int b) => run.QueryStarts.Length == 0 ? 0 : run.QueryStarts[b];
        capture.Answer(this, Config.Heads, new CaptureSource
        {
            Queries = [.. Enumerable.Range(0, batch).Select(b => (cache.Position + cache.Length - tokens + Skipped(b) - First(b), tokens - Skipped(b)))],
            KeyCounts = run.KeyLengths.Length > 0 ? run.KeyLengths : [.. Enumerable.Repeat(cache.Length, batch)],
            Write = (tile, weights) =>
            {
                CachedWeights part = new() { Call = run, Keys = keys, Tile = tile, Weights = weights };
                Choose(ref part);
            },
            Value = (b, head, key) => values.AsMemory(((((b * Config.KeyHeads) + head) * cache.Length) + First(b) + key) * Config.ValueDim, Config.ValueDim),
        });
    }

    // Σ_j α′_j·v_j with the changed weights, (batch, queries, heads, value size). Heads that share values stand below each other.
    private Tensor Overridden(AttentionOverride change, AttentionOutputs outputs, MultiHeadMemory memory, in Pass pass)
    {
        if (relativeValues is not null)
            throw new ArgumentException("AttentionOverride: the layer adds vectors of relative positions to values (position shaw); its weights cannot be replaced.", nameof(change));
        Tensor weights = change.Of(this, outputs.Weights(), pass), values = memory.Values.SwapMiddle();
        (int batch, int queries, int keys) = (weights.Shape[0], weights.Shape[2], weights.Shape[3]);
        Tensor grouped = weights.Reshape(new Shape(batch * Config.KeyHeads, Config.Heads / Config.KeyHeads * queries, keys));
        Tensor contexts = grouped.SumOverTime(values.Reshape(new Shape(batch * Config.KeyHeads, keys, Config.ValueDim)), SequenceRanges.Full(batch * Config.KeyHeads, keys));
        return contexts.Reshape(new Shape(batch, Config.Heads, queries, Config.ValueDim)).SwapMiddle();
    }

    // ‖W_O·v‖, W_O the columns of the output projection that read the head: (batch, heads, keys).
    internal float[] ValueNorms(in CaptureSource source, int[] heads, int keys)
    {
        Linear projection = output.Module;
        int from = Config.Heads * Config.ValueDim, to = projection.Weight.Shape[0];
        float[] norms = new float[source.Batch * heads.Length * keys];
        ReadOnlySpan<float> weight = projection.Weight.Values;
        for (int i = 0; i < norms.Length; i++)
        {
            (int b, int h, int key) = (i / keys / heads.Length, i / keys % heads.Length, i % keys);
            if (key >= source.KeyCounts[b])
                continue;
            ReadOnlySpan<float> value = source.Value(b, heads[h] / (Config.Heads / Config.KeyHeads), key).Span;
            double squares = 0;
            for (int row = 0; row < to; row++)
            {
                double projected = TensorPrimitives.Dot(weight.Slice((row * from) + (heads[h] * Config.ValueDim), Config.ValueDim), value);
                squares += projected * projected;
            }
            norms[i] = (float)Math.Sqrt(squares);
        }
        return norms;
    }

    private struct CachedWeights : IRun
    {
        public Cached Call;
        public float[] Keys;
        public WeightTile Tile;
        public Memory<float> Weights;

        public readonly void Run<TScore, TMask>(TScore score, TMask mask)
            where TScore : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask
        {
            AttentionShape shape = new(Call.Cache.Batch, Call.Heads, Call.Cache.Heads, Call.Q.Shape[2], Call.Cache.Length, Call.Cache.HeadDim) { ValueDim = Call.Cache.ValueDim };
            FusedAttention.Weights(Call.Q.Values, Keys, Call.LogSumExp, Weights.Span, shape, Tile, score, mask, Cached.Of(Call.Parameters), Call.Options(Call.Cache.Position));
        }
    }
}
