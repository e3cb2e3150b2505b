namespace Heed;

/// <summary>Alternating co-attention: summarise one sequence, look with the summary at the other, and with what was found back at the first. Lu et al. 2016, section 3.3.</summary>
/// <remarks>
/// <para>Formula: <c>A(X, g) = Σ_t α_t·x_t</c> with <c>α = softmax over steps of tanh(X·W_x + g·W_g)·w</c>; <c>s = A₁(X, 0)</c>, <c>second = A₂(Y, s)</c>, <c>first = A₃(X, second)</c>.</para>
/// <para>Shapes: X <c>(batch, first, features)</c>, Y <c>(batch, second, features)</c>; W_x, W_g <c>(k, features)</c>, w <c>(1, k)</c>, for each of the three looks its own; no biases. No pairs are compared: there is no affinity.</para>
/// <para>Cost: 2·(2·first + second)·features·k flops.</para>
/// </remarks>
public sealed class AlternatingCoAttention : CoAttention
{
    private readonly Look start, across, back;

    /// <summary>Creates the mechanism.</summary>
    /// <param name="features">Size of a step of both sequences.</param>
    /// <param name="attentionSize">k.</param>
    public AlternatingCoAttention(int features, int attentionSize)
        : base(features)
    {
        start = Register("start", new Look(features, attentionSize, isGuided: false));
        across = Register("across", new Look(features, attentionSize, isGuided: true));
        back = Register("back", new Look(features, attentionSize, isGuided: true));
    }

    internal static Mechanism Entry => new("alternating", MechanismKind.InputRepresentation)
    {
        Builder = Build(s => new AlternatingCoAttention(s.Features, s.AttentionSize)),
        InputRepresentation = "co-attention",
        OutputRepresentation = "single",
        Formula = "A(X, g) = Σ_t α_t·x_t, α = softmax(tanh(X·W_x + g·W_g)·w); s = A₁(X, 0), second = A₂(Y, s), first = A₃(X, second)",
        Shapes = "X (batch, first, features), Y (batch, second, features); summaries (batch, features); no affinity",
        Cost = "2·(2·first + second)·features·k flops: linear in both lengths",
        Source = "Lu, Yang, Batra and Parikh 2016, section 3.3",
        Variant = "Three looks with weights of their own. Coarse-grained: each looks with a summary of the other. It begins with the first sequence.",
        Use = "Long sequences of which one asks and the other answers.",
        Avoid = "Where it matters which word met which: there is no affinity.",
        Example = ExampleOf("alternating"),
        Types = [typeof(AlternatingCoAttention)],
        Pages = ["co-attention"],
    };

    private protected override CoAttentionResult Attend(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass)
    {
        (Tensor summary, _) = Summarize(start.Scores(first, null, pass), first, firstRanges);
        (Tensor two, Tensor twoWeights) = Summarize(across.Scores(second, summary, pass), second, secondRanges);
        (Tensor one, Tensor oneWeights) = Summarize(back.Scores(first, two, pass), first, firstRanges);
        return new CoAttentionResult(one, two, oneWeights, twoWeights, null);
    }

    /// <summary>tanh(X·W_x + g·W_g)·w.</summary>
    private sealed class Look : Module
    {
        private readonly Linear map, score;
        private readonly Linear? guide;

        public Look(int features, int size, bool isGuided)
        {
            map = Register("map", new Linear(features, size, hasBias: false));
            guide = isGuided ? Register("guide", new Linear(features, size, hasBias: false)) : null;
            score = Register("score", new Linear(size, 1, hasBias: false));
        }

        public Tensor Scores(Tensor x, Tensor? g, in Pass pass)
        {
            Tensor hidden = map.Forward(x, pass);
            if (guide is not null)
                hidden += AtEachStep(guide.Forward(g!, pass), x.Shape[1]);
            return score.Forward(hidden.Tanh(), pass);
        }
    }
}
