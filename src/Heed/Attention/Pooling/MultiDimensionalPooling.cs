namespace Heed;

/// <summary>Multi-dimensional attention: each feature has a distribution over the items of its own, so that a word can count in one respect and not in another.</summary>
/// <remarks>
/// <para>Formula: <c>e_t = W·tanh(W_1·h_t + b_1)</c>, a vector; <c>α_{·,j} = softmax over t of e_{t,j}</c>; <c>c_j = Σ_t α_{t,j}·h_{t,j}</c>. The paper has the ELU where tanh stands, and adds a bias to e, which softmax over t takes out again.</para>
/// <para>Shapes: W_1, W <c>(features, features)</c>; h <c>(batch, time, features)</c>; context <c>(batch, features)</c>; weights <c>(batch, features, time)</c>.</para>
/// <para>In the unified model: output representation multi-dimensional; the score is a vector, softmax runs over the items within each feature.</para>
/// <para>Source: Shen et al., "DiSAN: directional self-attention network for RNN/CNN-free language understanding", 2018, "source2token".</para>
/// </remarks>
public sealed class MultiDimensionalPooling : SequencePooling
{
    internal static Mechanism Entry => new("multi-dimensional", MechanismKind.Pooling)
    {
        Builder = Build(s => new MultiDimensionalPooling(s.Features)),
        InputRepresentation = "self",
        Formula = "e_t = W·tanh(W_1·h_t + b_1), α_{·,j} = softmax over t of e_{t,j}, c_j = Σ_t α_{t,j}·h_{t,j}",
        Shapes = "states h (batch, time, features); context (batch, features); weights (batch, features, time)",
        Cost = "4·time·features² flops",
        Source = "Shen et al., \"DiSAN: directional self-attention network\", 2018, section 3.1, source2token",
        Variant = "tanh where the paper has ELU; its second bias changes nothing under softmax over t.",
        Use = "Where a word counts in one respect and not in another.",
        Avoid = "Where one weight a word shall be read: there is one for each feature.",
        Example = ExampleOf("multi-dimensional"),
        Types = [typeof(MultiDimensionalPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "multi-dimensional",
    };

    private readonly Linear hidden, scores;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    public MultiDimensionalPooling(int features)
        : base(features, features)
    {
        hidden = Register("hidden", new Linear(features, features));
        scores = Register("scores", new Linear(features, features, hasBias: false));
    }

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        Tensor weights = Weights(scores.Forward(hidden.Forward(states, pass).Tanh(), pass).SoftmaxOverTime(ranges), pass);
        return new PoolingResult((states * weights.Transpose()).TotalOverTime(ranges, pass), weights);
    }
}
