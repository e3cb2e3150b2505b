namespace Heed;

/// <summary>The self-attentive embedding of Lin et al. 2017, "A structured self-attentive sentence embedding", section 2.</summary>
/// <remarks>
/// <para>Formula: <c>A = softmax over t of W_2·tanh(W_1·Hᵀ)</c>, one distribution for each of r views, <c>M = A·H</c>; penalty
/// <c>‖A·Aᵀ − I‖²_F</c>, averaged over the batch, keeps the views apart.</para>
/// <para>Shapes: W_1 <c>(attention, features)</c>, W_2 <c>(views, attention)</c>, no biases; h <c>(batch, time, features)</c>; context
/// <c>(batch, views·features)</c>, or <c>(batch, features)</c> when averaged; weights <c>(batch, views, time)</c>.</para>
/// </remarks>
public sealed class StructuredPooling : SequencePooling
{
    internal static Mechanism Entry => new("structured", MechanismKind.Pooling)
    {
        Builder = Build(s => new StructuredPooling(s.Features, s.AttentionSize, s.Views, s.Penalty, s.Average)),
        InputRepresentation = "self",
        Formula = "A = softmax over t of W_2·tanh(W_1·Hᵀ), M = A·H; penalty ‖A·Aᵀ − I‖²_F",
        Shapes = "states h (batch, time, features); context (batch, views·features, or features when averaged); weights (batch, views, time)",
        Cost = "2·time·(features + views)·attention flops",
        Source = "Lin et al., \"A structured self-attentive sentence embedding\", 2017, section 2",
        Variant = "No biases, as in the paper; the penalty is averaged over the batch.",
        Use = "Long texts that say several things: each view looks elsewhere.",
        Avoid = "Short texts; one view, which is additive without a bias.",
        Example = ExampleOf("structured"),
        Types = [typeof(StructuredPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "multi-head",
    };

    private readonly Linear hidden;
    private readonly Linear queries;
    private readonly int views;
    private readonly double penalty;
    private readonly bool average;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    /// <param name="attentionSize">d_a.</param>
    /// <param name="views">r.</param>
    /// <param name="penalty">Weight of the penalty; 0 leaves it out.</param>
    /// <param name="average">Whether contexts are averaged instead of concatenated.</param>
    public StructuredPooling(int features, int attentionSize, int views, double penalty = 0, bool average = false)
        : base(features, average ? features : checked(features * views))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(penalty);
        (this.views, this.penalty, this.average) = (views, penalty, average);
        hidden = Register("hidden", new Linear(features, attentionSize, hasBias: false));
        queries = Register("queries", new Linear(attentionSize, views, hasBias: false));
    }

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        (Tensor context, Tensor weights) = Attend(queries.Forward(hidden.Forward(states, pass).Tanh(), pass), states, ranges, pass, average);
        return new PoolingResult(context, weights, penalty > 0 ? Redundancy(weights).Scale((float)penalty) : null);
    }

    /// <summary>‖A·Aᵀ − I‖²_F, averaged over the batch.</summary>
    private Tensor Redundancy(Tensor weights)
    {
        float[] identity = new float[views * views];
        for (int i = 0; i < views; i++)
            identity[i * (views + 1)] = 1;
        Tensor difference = weights.MatMulTransposed(weights).Subtract(Tensor.From(identity, new Shape(views, views)));
        return difference.Multiply(difference).Sum().Scale(1f / Math.Max(1, weights.Shape[0]));
    }
}
