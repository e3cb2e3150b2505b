namespace Heed;

/// <summary>The attention of Zhou et al. 2016, "Attention-based bidirectional LSTM networks for relation classification", section 3.3.</summary>
/// <remarks>
/// <para>Formula: <c>α = softmax over t of wᵀ·tanh(h_t)</c>, <c>c = Σ_t α_t·h_t</c>, the context is <c>tanh(c)</c>.</para>
/// <para>Shapes: w <c>(1, features)</c>; h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights
/// <c>(batch, 1, time)</c>. The paper adds both directions of the LSTM; here h_t may be their concatenation.</para>
/// </remarks>
public sealed class TanhPooling : SequencePooling
{
    private readonly Linear query;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public TanhPooling(int features)
        : base(features, features) => query = Register("query", new Linear(features, 1, hasBias: false));

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        (Tensor context, Tensor weights) = Attend(query.Forward(states.Tanh(), pass), states, ranges);
        return new PoolingResult(context.Tanh(), weights);
    }
}
