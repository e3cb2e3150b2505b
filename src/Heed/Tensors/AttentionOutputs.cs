using Heed.Kernels;

namespace Heed;

/// <summary>The result of fused attention on the tape, and what was asked about its weights.</summary>
/// <remarks>Rows of statistics are <c>(batch, heads, queries)</c>; weights are those before dropout. Lives as long as the step.</remarks>
public sealed class AttentionOutputs
{
    private readonly Func<Tensor> all;
    private readonly Func<WeightTile, Tensor> tile;
    private readonly Action<WeightTile, Memory<float>> write;

    internal AttentionOutputs(Tensor context, Func<Tensor> all, Func<WeightTile, Tensor> tile, Action<WeightTile, Memory<float>> write)
    {
        Context = context;
        this.all = all;
        this.tile = tile;
        this.write = write;
    }

    /// <summary>The contexts, in the layout of the queries.</summary>
    public Tensor Context { get; }

    /// <summary>ln Σ e^score, if asked; −∞ for a query that may see no key.</summary>
    public Tensor? LogSumExp { get; internal init; }

    /// <summary>Entropy in nats, if asked.</summary>
    public Tensor? Entropy { get; internal init; }

    /// <summary>Largest score, if asked; no gradient.</summary>
    public Tensor? Maximum { get; internal init; }

    /// <summary>The first key that has the largest score, if asked; −1 where there is none.</summary>
    public ReadOnlyMemory<int> ArgMax { get; internal init; }

    /// <summary>Expected distance in tokens, if asked; no gradient.</summary>
    public Tensor? ExpectedDistance { get; internal init; }

    /// <summary><c>(batch, heads, keys)</c>: the weight that each key gets, if asked; no gradient.</summary>
    public Tensor? KeyMass { get; internal init; }

    /// <summary><c>(batch, heads, queries, k)</c>: keys of the largest weights, if asked; −1 where there are fewer.</summary>
    public ReadOnlyMemory<int> TopKeys { get; internal init; }

    /// <summary><c>(batch, heads, queries, k)</c>: the largest weights, if asked; no gradient.</summary>
    public Tensor? TopWeights { get; internal init; }

    /// <summary>A tile of one head's weights, rebuilt on demand in O(tile) memory; no gradient flows through it.</summary>
    /// <param name="part">Which sequence, head, queries and keys.</param>
    /// <returns>Shape <c>(queries, keys)</c>.</returns>
    /// <exception cref="ArgumentException">The tile lies outside.</exception>
    public Tensor Weights(WeightTile part) => tile(part);

    /// <summary>Writes a tile to memory of the caller's.</summary>
    internal void WeightsInto(WeightTile part, Memory<float> weights) => write(part, weights);

    /// <summary>All weights, rebuilt on demand; no gradient flows through them. For long sequences take tiles.</summary>
    /// <returns>Shape <c>(batch, heads, queries, keys)</c>, zeros in the padding.</returns>
    /// <exception cref="InvalidOperationException">Sequences are packed: take tiles.</exception>
    public Tensor Weights() => all();
}
