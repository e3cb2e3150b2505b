namespace Heed;

/// <summary>The mean of all hidden states: uniform attention.</summary>
/// <remarks>
/// <para>Formula: <c>c = (1/T)·Σ_t h_t</c>.</para>
/// <para>Shapes: h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights <c>(batch, 1, time)</c>, all 1/T.</para>
/// </remarks>
public sealed class MeanPooling : SequencePooling
{
    internal static Mechanism Entry => new("mean", MechanismKind.Saliency)
    {
        Builder = Build(s => new MeanPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "c = (1/T)·Σ_t h_t",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time)",
        Cost = "time·features additions",
        Source = "Uniform attention",
        Variant = "Weights: 1/T.",
        Use = "As a baseline, and where every word counts the same.",
        Avoid = "Texts with one telling word among many.",
        Example = ExampleOf("mean"),
        Types = [typeof(MeanPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "single",
    };

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public MeanPooling(int features)
        : base(features, features)
    {
    }

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass) =>
        new(states.MeanOverTime(ranges), PositionWeights.Create(states, ranges, static (weights, length) => weights.Fill(1f / length)));
}
