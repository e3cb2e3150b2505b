namespace Heed.Kernels;

/// <summary>Where a backward pass writes its results; a span that is empty is not computed. All are overwritten, but for what <see cref="AddsToKeys"/> says.</summary>
public readonly ref struct AttentionGradients
{
    /// <summary>Gradients of queries, keys, values and, if any, of the modifier's parameters.</summary>
    /// <param name="query">As the queries, or empty.</param>
    /// <param name="key">As the keys, or empty.</param>
    /// <param name="value">As the values, or empty.</param>
    /// <param name="parameters">As the parameters, or empty.</param>
    public AttentionGradients(Span<float> query, Span<float> key, Span<float> value, Span<float> parameters = default)
    {
        Query = query;
        Key = key;
        Value = value;
        Parameters = parameters;
    }

    /// <summary>∂L/∂q, in the layout of the queries.</summary>
    public Span<float> Query { get; init; }

    /// <summary>∂L/∂k, in the layout of the keys.</summary>
    public Span<float> Key { get; init; }

    /// <summary>∂L/∂v, in the layout of the values.</summary>
    public Span<float> Value { get; init; }

    /// <summary>Whether gradients of keys and values are added to what <see cref="Key"/> and <see cref="Value"/> hold, as where a decoder attends to the same source at every step; their padding then stays as it is.</summary>
    /// <value>Default false: they are overwritten, padding with 0.</value>
    public bool AddsToKeys { get; init; }

    /// <summary>Gradient of the modifier's parameters.</summary>
    public Span<float> Parameters { get; init; }

    /// <summary>Gradient of <see cref="AttentionOptions.Sinks"/>.</summary>
    public Span<float> Sinks { get; init; }

    /// <summary>Gradient of <see cref="AttentionOptions.QueryTerms"/>.</summary>
    public Span<float> QueryTerms { get; init; }

    /// <summary>Gradient of <see cref="AttentionOptions.KeyTerms"/>.</summary>
    public Span<float> KeyTerms { get; init; }

    /// <summary>Gradient of <see cref="AttentionOptions.QueryTable"/>.</summary>
    public Span<float> QueryTable { get; init; }

    /// <summary>Gradient of <see cref="AttentionOptions.ValueTable"/>.</summary>
    public Span<float> ValueTable { get; init; }

    /// <summary>Comes in with <see cref="ValueTable"/>: the forward pass's <see cref="AttentionStatistics.ValueMass"/>.</summary>
    public ReadOnlySpan<float> ValueMass { get; init; }

    /// <summary>Comes in: ∂L/∂(log-sum-exp), for losses on <see cref="AttentionStatistics.LogSumExp"/>; empty: none.</summary>
    public ReadOnlySpan<float> FromLogSumExp { get; init; }

    /// <summary>Comes in: ∂L/∂(entropy), for losses on <see cref="AttentionStatistics.Entropy"/>; empty: none.</summary>
    public ReadOnlySpan<float> FromEntropy { get; init; }

    /// <summary>Comes in with <see cref="FromEntropy"/>: the entropies of the forward pass.</summary>
    public ReadOnlySpan<float> Entropy { get; init; }
}
