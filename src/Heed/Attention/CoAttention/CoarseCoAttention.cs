namespace Heed;

/// <summary>Coarse-grained co-attention: the mean of each sequence is the query that looks at the other. Fan, Feng and Zhao 2018, "Multi-grained attention network for aspect-level sentiment classification", section 3.</summary>
/// <remarks>
/// <para>Formula: <c>α^x = softmax over steps of X·W_x·mean(Y)</c>, <c>α^y = softmax over steps of Y·W_y·mean(X)</c>; summaries Σ α_t·x_t, Σ α_t·y_t.</para>
/// <para>Shapes: X <c>(batch, first, features)</c>, Y <c>(batch, second, features)</c>; W_x, W_y <c>(features, features)</c>. No pairs are compared: there is no affinity.</para>
/// <para>Cost: 2·features² for each sequence and 2·(first + second)·features flops.</para>
/// </remarks>
public sealed class CoarseCoAttention : CoAttention
{
    private readonly Linear toFirst, toSecond;

    /// <summary>Creates the mechanism.</summary>
    /// <param name="features">Size of a step of both sequences.</param>
    public CoarseCoAttention(int features)
        : base(features)
    {
        toFirst = Register("to_first", new Linear(features, features, hasBias: false));
        toSecond = Register("to_second", new Linear(features, features, hasBias: false));
    }

    internal static Mechanism Entry => new("coarse", MechanismKind.InputRepresentation)
    {
        Builder = Build(s => new CoarseCoAttention(s.Features)),
        InputRepresentation = "co-attention",
        OutputRepresentation = "single",
        Formula = "α^x = softmax(X·W_x·mean(Y)), α^y = softmax(Y·W_y·mean(X))",
        Shapes = "X (batch, first, features), Y (batch, second, features); summaries (batch, features); no affinity",
        Cost = "2·(first + second)·features flops beside two projections of means: the cheapest",
        Source = "Fan, Feng and Zhao, \"Multi-grained attention network for aspect-level sentiment classification\", 2018, section 3; Ma et al., \"Interactive attention networks\", 2017",
        Variant = "The bilinear score without activation; Ma et al. have tanh and a bias.",
        Use = "A short sequence (an aspect, a question) that steers the look at a long one.",
        Avoid = "Two long sequences: a mean says little.",
        Example = ExampleOf("coarse"),
        Types = [typeof(CoarseCoAttention)],
        Pages = ["co-attention"],
    };

    private protected override CoAttentionResult Attend(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass)
    {
        (Tensor one, Tensor oneWeights) = Summarize(Scores(first, toFirst.Forward(second.MeanOverTime(secondRanges), pass)), first, firstRanges);
        (Tensor two, Tensor twoWeights) = Summarize(Scores(second, toSecond.Forward(first.MeanOverTime(firstRanges), pass)), second, secondRanges);
        return new CoAttentionResult(one, two, oneWeights, twoWeights, null);
    }

    private static Tensor Scores(Tensor x, Tensor query) => x.MatMulTransposed(query.Reshape(new Shape(query.Shape[0], 1, query.Shape[1])));
}
