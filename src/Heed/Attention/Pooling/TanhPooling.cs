namespace Heed;

/// <summary>The attention of Zhou et al. 2016, "Attention-based bidirectional LSTM networks for relation classification", section 3.3.</summary>
/// <remarks>
/// <para>Formula: <c>α = softmax over t of wᵀ·tanh(h_t)</c>, <c>c = Σ_t α_t·h_t</c>, the context is <c>tanh(c)</c>.</para>
/// <para>Shapes: w <c>(1, features)</c>; h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights
/// <c>(batch, 1, time)</c>. The paper adds both directions of the LSTM; here h_t may be their concatenation.</para>
/// </remarks>
public sealed class TanhPooling : SequencePooling
{
    internal static Mechanism Entry => new("tanh", MechanismKind.Pooling)
    {
        Builder = Build(s => new TanhPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "α = softmax over t of wᵀ·tanh(h_t), c = tanh(Σ_t α_t·h_t)",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time)",
        Cost = "2·time·features flops",
        Source = "Zhou et al., \"Attention-based bidirectional LSTM networks for relation classification\", 2016, section 3.3",
        Variant = "The paper adds both directions of the LSTM; here they may stand side by side.",
        Use = "Small models: w is all that is learned.",
        Avoid = "Where contexts beyond ±1 are needed.",
        Example = ExampleOf("tanh"),
        Types = [typeof(TanhPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "single",
    };

    private readonly Linear query;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public TanhPooling(int features)
        : base(features, features) => query = Register("query", new Linear(features, 1, hasBias: false));

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        (Tensor context, Tensor weights) = Attend(query.Forward(states.Tanh(), pass), states, ranges, pass);
        return new PoolingResult(context.Tanh(), weights);
    }
}
