namespace Heed.Kernels;

/// <summary>What a forward pass tells about the weights, if asked: every span is optional, and none changes a bit of the output.</summary>
/// <remarks>One number for each row (batch, heads, queries), or (heads, all queries) where sequences are packed; weights are those before dropout. A query that
/// may see no key: log-sum-exp and maximum −∞, arg-max −1, the others 0.</remarks>
public readonly ref struct AttentionStatistics
{
    /// <summary>ln Σ e^score, sinks included: what the backward pass needs.</summary>
    public Span<float> LogSumExp { get; init; }

    /// <summary>The largest score.</summary>
    public Span<float> Maximum { get; init; }

    /// <summary>The first key that has the largest score, counted from the sequence's first key.</summary>
    public Span<int> ArgMax { get; init; }

    /// <summary>−Σ w·ln w in nats.</summary>
    public Span<float> Entropy { get; init; }

    /// <summary>Σ w·|query position − key position| in tokens.</summary>
    public Span<float> ExpectedDistance { get; init; }

    /// <summary>(rows, k): the keys of the largest weights, largest score first, equal ones by position; −1 where there are fewer.</summary>
    public Span<int> TopKeys { get; init; }

    /// <summary>(rows, k): their weights.</summary>
    public Span<float> TopWeights { get; init; }

    /// <summary>(batch, heads, keys), or (heads, all keys) where packed: Σ over the queries of the weight that a key gets. Costs a second sweep.</summary>
    public Span<float> KeyMass { get; init; }

    /// <summary>(rows, rows of <see cref="AttentionOptions.ValueTable"/>): Σ of the weights, after dropout, of the keys that name a row of the value table. The backward pass needs it.</summary>
    public Span<float> ValueMass { get; init; }

    internal bool IsEmpty => LogSumExp.IsEmpty && Maximum.IsEmpty && ArgMax.IsEmpty && Entropy.IsEmpty && ExpectedDistance.IsEmpty
        && ValueMass.IsEmpty && TopKeys.IsEmpty && TopWeights.IsEmpty && KeyMass.IsEmpty;
}
