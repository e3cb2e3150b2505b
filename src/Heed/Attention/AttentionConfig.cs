namespace Heed;

/// <summary>A point in the unified model c = φ(g(f(q, K)), V): which score, which distribution, which mask, how many heads.</summary>
public sealed record AttentionConfig
{
    /// <summary>Length of a query.</summary>
    public required int QuerySize { get; init; }

    /// <summary>Length of a key.</summary>
    public required int KeySize { get; init; }

    /// <summary>Length of a value.</summary>
    public required int ValueSize { get; init; }

    /// <summary>f; default the scaled dot product.</summary>
    public Score Score { get; init; } = new ScaledDotScore();

    /// <summary>g; default softmax.</summary>
    public Distribution Distribution { get; init; } = new Softmax();

    /// <summary>Which pairs take part, beside padding; default all.</summary>
    public AttentionMask Mask { get; init; } = AttentionMask.None;

    /// <summary>Heads; default one, without projections.</summary>
    public Heads Heads { get; init; } = new SingleOutput();

    /// <summary>Probability that a weight is dropped in training; default 0.</summary>
    public float Dropout { get; init; }

    /// <summary>Whether energies and weights are always written out, also where fused attention would do; for looking inside. Default false.</summary>
    public bool WriteOut { get; init; }
}

/// <summary>What attention returns.</summary>
/// <param name="Context">c: <c>(batch, queries, size)</c>.</param>
/// <param name="Weights">α: <c>(batch, heads, queries, keys)</c>, before dropout; null if nobody asked (<see cref="Capture.Weights"/>) and they were not written out. Gradients flow through them only
/// where they were written out.</param>
public readonly record struct AttentionResult(Tensor Context, Tensor? Weights)
{
    /// <summary>What the next step may look back to; null if the call had no state.</summary>
    public AttentionState? State { get; init; }

    /// <summary>What <see cref="HardAttention"/> chose, if it learns by reinforcement; else null.</summary>
    public HardChoice? Choice { get; init; }
}
