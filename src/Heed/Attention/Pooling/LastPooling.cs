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
    internal static Mechanism Entry => new("last", MechanismKind.Saliency)
    {
        Builder = Build(s => new LastPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "c = [→h_T ; ←h_1]",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time)",
        Cost = "None",
        Source = "Sutskever, Vinyals and Le, \"Sequence to sequence learning with neural networks\", 2014",
        Variant = "No attention: the plain encoder that attention is compared with. Weights: ½ at each end.",
        Use = "As a baseline.",
        Avoid = "Long texts, whose beginning is forgotten.",
        Example = ExampleOf("last"),
        Types = [typeof(LastPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "single",
    };

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
