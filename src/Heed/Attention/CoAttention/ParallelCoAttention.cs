namespace Heed;

/// <summary>Parallel co-attention: an affinity matrix joins both sequences, and each is weighted with the other mixed in. Lu et al. 2016, "Hierarchical question-image co-attention", section 3.3.</summary>
/// <remarks>
/// <para>Formula: <c>C = tanh(X·W_b·Yᵀ)</c>; <c>H^x = tanh(X·W_x + C·(Y·W_y))</c>, <c>H^y = tanh(Y·W_y + Cᵀ·(X·W_x))</c>; <c>α^x = softmax over steps of H^x·w_x</c>, <c>α^y</c> likewise; summaries Σ α_t·x_t, Σ α_t·y_t.</para>
/// <para>Shapes: X <c>(batch, first, features)</c>, Y <c>(batch, second, features)</c>; W_b <c>(features, features)</c>, W_x, W_y <c>(k, features)</c>, w_x, w_y <c>(1, k)</c>; no biases, as in the paper. C <c>(batch, first, second)</c>.</para>
/// <para>Cost: 2·first·second·(features + 2·k) flops beside the projections.</para>
/// </remarks>
public sealed class ParallelCoAttention : CoAttention
{
    private readonly Linear affinity, firstMap, secondMap, firstScore, secondScore;

    /// <summary>Creates the mechanism.</summary>
    /// <param name="features">Size of a step of both sequences.</param>
    /// <param name="attentionSize">k.</param>
    public ParallelCoAttention(int features, int attentionSize)
        : base(features)
    {
        affinity = Register("affinity", new Linear(features, features, hasBias: false));
        firstMap = Register("first", new Linear(features, attentionSize, hasBias: false));
        secondMap = Register("second", new Linear(features, attentionSize, hasBias: false));
        firstScore = Register("first_score", new Linear(attentionSize, 1, hasBias: false));
        secondScore = Register("second_score", new Linear(attentionSize, 1, hasBias: false));
    }

    internal static Mechanism Entry => new("parallel", MechanismKind.InputRepresentation)
    {
        Builder = Build(s => new ParallelCoAttention(s.Features, s.AttentionSize)),
        InputRepresentation = "co-attention",
        OutputRepresentation = "single",
        Formula = "C = tanh(X·W_b·Yᵀ), α^x = softmax(tanh(X·W_x + C·(Y·W_y))·w_x), α^y = softmax(tanh(Y·W_y + Cᵀ·(X·W_x))·w_y)",
        Shapes = "X (batch, first, features), Y (batch, second, features); summaries (batch, features); affinity C (batch, first, second)",
        Cost = "2·first·second·(features + 2·k) flops beside the projections",
        Source = "Lu, Yang, Batra and Parikh, \"Hierarchical question-image co-attention for visual question answering\", 2016, section 3.3",
        Variant = "Without biases; both sequences have one size. Fine-grained: every step of one meets every step of the other.",
        Use = "Two texts, or a text and a picture's places, of which each says where to look in the other.",
        Avoid = "Pairs that differ in few places: the summaries lose which word met which; fine keeps it.",
        Example = ExampleOf("parallel"),
        Types = [typeof(ParallelCoAttention), typeof(CoAttention)],
        Pages = ["co-attention"],
    };

    private protected override CoAttentionResult Attend(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass)
    {
        // Padding is 0, so its rows and columns of C are 0, too: nothing of it is mixed in.
        Tensor c = affinity.Forward(first, pass).MatMulTransposed(second).Tanh();
        Tensor x = firstMap.Forward(first, pass), y = secondMap.Forward(second, pass);
        Tensor hx = (x + c.MatMul(y)).Tanh(), hy = (y + c.Transpose().MatMul(x)).Tanh();
        (Tensor one, Tensor oneWeights) = Summarize(firstScore.Forward(hx, pass), first, firstRanges);
        (Tensor two, Tensor twoWeights) = Summarize(secondScore.Forward(hy, pass), second, secondRanges);
        return new CoAttentionResult(one, two, oneWeights, twoWeights, c);
    }
}
