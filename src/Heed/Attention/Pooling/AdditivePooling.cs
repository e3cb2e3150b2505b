namespace Heed;

/// <summary>The word attention of Yang et al. 2016, "Hierarchical attention networks for document classification", section 2.2.</summary>
/// <remarks>
/// <para>Formula: <c>u_t = tanh(W·h_t + b)</c>, <c>α = softmax over t of uᵀ·u_t</c>, <c>c = Σ_t α_t·h_t</c>.</para>
/// <para>Shapes: W <c>(attention, features)</c>, b <c>(attention)</c>, u <c>(1, attention)</c>; h <c>(batch, time, features)</c>; context
/// <c>(batch, features)</c>; weights <c>(batch, 1, time)</c>.</para>
/// </remarks>
public sealed class AdditivePooling : SequencePooling
{
    internal static Mechanism Entry => new("additive", MechanismKind.Pooling)
    {
        Builder = Build(s => new AdditivePooling(s.Features, s.AttentionSize)),
        InputRepresentation = "self",
        Formula = "u_t = tanh(W·h_t + b), α = softmax over t of uᵀu_t, c = Σ_t α_t·h_t",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, 1, time)",
        Cost = "2·time·features·attention flops",
        Source = "Yang et al., \"Hierarchical attention networks for document classification\", 2016, section 2.2",
        Variant = "One learned u; what papers mean when they say attention over an LSTM.",
        Use = "The default for texts: readable weights, at least as good as the others.",
        Avoid = "Texts of a few words, where all poolings are alike.",
        Example = ExampleOf("additive"),
        Types = [typeof(AdditivePooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "single",
    };

    private readonly Linear hidden;
    private readonly Linear query;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    /// <param name="attentionSize">Size of u_t.</param>
    public AdditivePooling(int features, int attentionSize)
        : base(features, features)
    {
        hidden = Register("hidden", new Linear(features, attentionSize));
        query = Register("query", new Linear(attentionSize, 1, hasBias: false));
    }

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        (Tensor context, Tensor weights) = Attend(query.Forward(hidden.Forward(states, pass).Tanh(), pass), states, ranges, pass);
        return new PoolingResult(context, weights);
    }
}
