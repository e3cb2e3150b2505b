namespace Heed;

/// <summary>The maximum over time of each feature: saliency-based, bottom-up attention. What is strongest passes, and no query decides.</summary>
/// <remarks>
/// <para>Formula: <c>c_j = max over t of h_{t,j}</c>; the first maximum wins.</para>
/// <para>Shapes: h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights <c>(batch, 1, time)</c>: the share of features
/// whose maximum stands at a step; <see cref="PoolingResult.ArgMax"/> <c>(batch, features)</c>: the step of each feature's maximum, −1 for an
/// empty text. NaN is above all.</para>
/// </remarks>
public sealed class MaxPooling : SequencePooling
{
    internal static Mechanism Entry => new("max", MechanismKind.Saliency)
    {
        Builder = Build(s => new MaxPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "c_j = max over t of h_{t,j}",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time); arg-max map (batch, features)",
        Cost = "time·features comparisons",
        Source = "Collobert et al., \"Natural language processing (almost) from scratch\", 2011, section 3.3",
        Variant = "Bottom-up attention: what is strongest passes, no query decides; the first maximum wins. Weights: the share of features whose maximum stands at t; PoolingResult.ArgMax: for each feature the step that won.",
        Use = "Where the presence of a sign counts, not how often it stands there.",
        Avoid = "Where few words should explain the answer: shares spread over many.",
        Example = ExampleOf("max"),
        Types = [typeof(MaxPooling)],
        Pages = ["sequence-pooling"],
        Softness = "hard, global",
        OutputRepresentation = "multi-dimensional",
    };

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public MaxPooling(int features)
        : base(features, features)
    {
    }

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        Tensor context = states.MaxOverTime(ranges, out ReadOnlyMemory<int> positions);
        (int batch, int time) = (states.Shape[0], states.Shape[1]);
        Tensor weights = pass.Input(new float[batch * time], new Shape(batch, 1, time));
        for (int i = 0; i < positions.Length; i++)
        {
            int at = positions.Span[i];
            if (at >= 0)
                weights.Writable[(i / Features * time) + at] += 1f / Features;
        }
        return new PoolingResult(context, weights) { ArgMax = positions };
    }
}
