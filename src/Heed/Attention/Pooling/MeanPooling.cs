namespace Heed;

/// <summary>The mean of all hidden states: uniform attention.</summary>
/// <remarks>
/// <para>Formula: <c>c = (1/T)·Σ_t h_t</c>.</para>
/// <para>Shapes: h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights <c>(batch, 1, time)</c>, all 1/T.</para>
/// </remarks>
public sealed class MeanPooling : SequencePooling
{
    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public MeanPooling(int features)
        : base(features, features)
    {
    }

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass) =>
        new(states.MeanOverTime(ranges), PositionWeights.Create(states, ranges, static (weights, length) => weights.Fill(1f / length)));
}
