namespace Heed;

/// <summary>Fine-grained co-attention: each step finds its counterpart in the other sequence, is compared with it, and the comparisons are pooled.</summary>
/// <remarks>
/// <para>Formula: <c>U = X·W·Yᵀ</c>, W the identity at first; counterparts <c>x̂_i = Σ_j softmax over j of U_ij · y_j</c>, <c>ŷ_j = Σ_i softmax over i of U_ij · x_i</c>; comparisons <c>m_i = tanh(W_m·[x_i ; x̂_i ; x_i − x̂_i ; x_i∘x̂_i] + b)</c>,
/// likewise for y; summaries Σ α_i·m_i with <c>α = softmax over steps of uᵀ tanh(W_a·m_i + b_a)</c>, or what another pooling makes of the m_i. Both sequences share W_m, W_a and u.</para>
/// <para>Shapes: X <c>(batch, first, features)</c>, Y <c>(batch, second, features)</c>; W <c>(features, features)</c>, W_m <c>(features, 4·features)</c>, W_a <c>(k, features)</c>; affinity U <c>(batch, first, second)</c>, before softmax.</para>
/// <para>Cost: 6·first·second·features flops, and 8·features² for each step.</para>
/// <para>Source: fine-grained attention of Fan, Feng and Zhao 2018, where each step meets each of the other; alignment and comparison of Parikh et al., "A decomposable attention model", 2016, and Chen et al.,
/// "Enhanced LSTM for natural language inference", 2017, section 3.2. The latter compose by a second LSTM and pool by mean and maximum.</para>
/// </remarks>
public sealed class FineCoAttention : CoAttention
{
    // With the identity for a start, and no divisor, weights are far from even after a few steps: a start near 0 learns to compare each step with the mean of all others, and stays there.
    private readonly Linear affinity, compare;
    private readonly SequencePooling pooling;

    /// <summary>Creates the mechanism.</summary>
    /// <param name="features">Size of a step of both sequences.</param>
    /// <param name="attentionSize">k of the pooling.</param>
    /// <param name="pooling">How comparisons are pooled, a name of <see cref="SequencePooling.Names"/>, with one view: <c>additive</c> weighs them, with <c>max</c> a single one that differs is enough. Default additive.</param>
    /// <exception cref="ArgumentException">There is no such pooling.</exception>
    public FineCoAttention(int features, int attentionSize, string pooling = "additive")
        : base(features)
    {
        affinity = Register("affinity", new Linear(features, features, hasBias: false, initializer: Initializer.Identity));
        compare = Register("compare", new Linear(checked(4 * features), features));
        this.pooling = Register("pooling", SequencePooling.Create(pooling, features, attentionSize));
    }

    internal static Mechanism Entry => new("fine", MechanismKind.InputRepresentation)
    {
        Builder = Build(s => new FineCoAttention(s.Features, s.AttentionSize, s.Pooling)),
        InputRepresentation = "co-attention",
        OutputRepresentation = "single",
        Formula = "U = X·W·Yᵀ, x̂_i = Σ_j softmax_j(U_ij)·y_j, m_i = tanh(W_m·[x_i ; x̂_i ; x_i − x̂_i ; x_i∘x̂_i] + b), summary Σ_i α_i·m_i; the same for Y with softmax_i",
        Shapes = "X (batch, first, features), Y (batch, second, features); summaries (batch, features); affinity U (batch, first, second)",
        Cost = "6·first·second·features flops, and 8·features² for each step",
        Source = "Fan, Feng and Zhao 2018 (fine-grained); Parikh et al., \"A decomposable attention model\", 2016; Chen et al., \"Enhanced LSTM for natural language inference\", 2017, section 3.2",
        Variant = "Comparisons are pooled by additive attention or by another pooling that is named (the configuration's), where Chen et al. run a second LSTM. Fan et al. reduce U by its maxima to weights.",
        Use = "Pairs that differ in few places: is this a translation, does this follow, are these the same question?",
        Avoid = "Long sequences on both sides, and where no word has a counterpart.",
        Example = ExampleOf("fine"),
        Types = [typeof(FineCoAttention)],
        Pages = ["co-attention"],
    };

    private protected override CoAttentionResult Attend(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass)
    {
        Tensor u = affinity.Forward(first, pass).MatMulTransposed(second);
        // SoftmaxOverTime takes scores (batch, time, views): the steps of one sequence are the views of the other.
        PoolingResult one = Compare(first, u.Transpose().SoftmaxOverTime(secondRanges).SumOverTime(second, secondRanges), firstRanges, pass);
        PoolingResult two = Compare(second, u.SoftmaxOverTime(firstRanges).SumOverTime(first, firstRanges), secondRanges, pass);
        return new CoAttentionResult(one.Context, two.Context, one.Weights, two.Weights, u);
    }

    private PoolingResult Compare(Tensor x, Tensor counterpart, SequenceRanges ranges, in Pass pass) =>
        pooling.Forward(compare.Forward(Tensor.Concatenate(x, counterpart, x - counterpart, x * counterpart), pass).Tanh(), ranges, pass);
}
