namespace Heed;

/// <summary>The final states: the forward half of the last real step and the backward half of the first.</summary>
/// <remarks>
/// <para>Formula: <c>c = [→h_T ; ←h_1]</c>.</para>
/// <para>Shapes: h <c>(batch, time, features)</c> with both directions side by side; context <c>(batch, features)</c>; weights
/// <c>(batch, 1, time)</c>: ½ on the first and on the last real step. No attention: the plain encoder that attention is compared
/// with.</para>
/// </remarks>
public sealed class LastPooling : SequencePooling
{
    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state; even.</param>
    /// <exception cref="ArgumentException">The size is odd: there are no two halves.</exception>
    public LastPooling(int features)
        : base(features, features)
    {
        if (features % 2 != 0)
            throw new ArgumentException(FormattableString.Invariant($"LastPooling: features must be even (two directions side by side), got {features}."), nameof(features));
    }

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass) =>
        new(states.LastStates(ranges), PositionWeights.Create(states, ranges, static (weights, length) =>
        {
            weights[0] += 0.5f;
            weights[length - 1] += 0.5f;
        }));
}
