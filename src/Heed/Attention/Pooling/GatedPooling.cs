namespace Heed;

/// <summary>The mean of gated hidden states: saliency-based attention in which every state opens its own gate.</summary>
/// <remarks>
/// <para>Formula: <c>c = (1/T)·Σ_t σ(W·h_t + b)∘h_t</c>.</para>
/// <para>Shapes: W <c>(features, features)</c>, b <c>(features)</c>; h <c>(batch, time, features)</c>; context <c>(batch, features)</c>;
/// weights <c>(batch, 1, time)</c>: a step's mean gate, normalised to sum 1 over the text.</para>
/// </remarks>
public sealed class GatedPooling : SequencePooling
{
    internal static Mechanism Entry => new("gated", MechanismKind.Saliency)
    {
        Builder = Build(s => new GatedPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "c = (1/T)·Σ_t σ(W·h_t + b)∘h_t",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time)",
        Cost = "2·time·features² flops",
        Source = "Dauphin et al., \"Language modeling with gated convolutional networks\", 2017, section 2: the gated linear unit",
        Variant = "Bottom-up attention: each state opens its own gates, which do not compete. Weights: a step's mean gate, normalised.",
        Use = "Many signs that each add something.",
        Avoid = "Where weights shall be sharp.",
        Example = ExampleOf("gated"),
        Types = [typeof(GatedPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "multi-dimensional",
    };

    private readonly Linear gate;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public GatedPooling(int features)
        : base(features, features) => gate = Register("gate", new Linear(features, features));

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        Tensor gates = gate.Forward(states, pass);
        return new PoolingResult(states.GatedMeanOverTime(gates, ranges), GateWeights(gates.Sigmoid(), ranges, pass));
    }

    private Tensor GateWeights(Tensor gates, SequenceRanges ranges, in Pass pass)
    {
        (int batch, int time) = (gates.Shape[0], gates.Shape[1]);
        Tensor weights = pass.Input(new float[batch * time], new Shape(batch, 1, time));
        for (int b = 0; b < batch; b++)
        {
            Span<float> row = weights.Writable.Slice((b * time) + ranges.Starts.Span[b], ranges.Lengths.Span[b]);
            float sum = 0;
            for (int t = 0; t < row.Length; t++)
            {
                foreach (float g in gates.Values.Slice(((b * time) + ranges.Starts.Span[b] + t) * Features, Features))
                    row[t] += g;
                sum += row[t];
            }
            foreach (ref float w in row)
                w /= sum;
        }
        return weights;
    }
}
