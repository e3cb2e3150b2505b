namespace Heed;

/// <summary>What co-attention returns.</summary>
/// <param name="First">Summary of the first sequence: <c>(batch, features)</c>.</param>
/// <param name="Second">Summary of the second: <c>(batch, features)</c>.</param>
/// <param name="FirstWeights">How much each step of the first counted: <c>(batch, 1, first)</c>; sums to 1, padding is 0.</param>
/// <param name="SecondWeights">The same of the second: <c>(batch, 1, second)</c>.</param>
/// <param name="Affinity">How well each pair of steps goes together: <c>(batch, first, second)</c>; null for forms that compare no pairs.</param>
public sealed record CoAttentionResult(Tensor First, Tensor Second, Tensor FirstWeights, Tensor SecondWeights, Tensor? Affinity);

/// <summary>Co-attention: two sequences attend to each other at once, and both are summarised.</summary>
/// <remarks>
/// <para>Shapes: first <c>(batch, first, features)</c>, second <c>(batch, second, features)</c>; summaries <c>(batch, features)</c>.</para>
/// <para>Fine-grained, where every step of one meets every step of the other: <see cref="ParallelCoAttention"/>, <see cref="FineCoAttention"/>. Coarse-grained, where a summary of the other is the query:
/// <see cref="AlternatingCoAttention"/>, <see cref="CoarseCoAttention"/>. Input representation "co-attention" of Niu, Zhong and Yu 2021.</para>
/// <para>Padding on either side is never read. An empty sequence has a zero summary and zero weights.</para>
/// </remarks>
public abstract class CoAttention : Module
{
    private static readonly MechanismList<Func<CoAttentionSizes, CoAttention>> list = new("co-attention", ParallelCoAttention.Entry, AlternatingCoAttention.Entry, CoarseCoAttention.Entry, FineCoAttention.Entry);

    private protected CoAttention(int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        Features = features;
    }

    /// <summary>The forms that have a name.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms => list.All;

    /// <summary>The names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names => list.Names;

    /// <summary>Size of a step of both sequences, and of both summaries.</summary>
    public int Features { get; }

    /// <summary>A form by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="features">Size of a step of both sequences.</param>
    /// <param name="attentionSize">k, the hidden layer of those that have one.</param>
    /// <param name="pooling">How <see cref="FineCoAttention"/> pools its comparisons; the others have no say in it. Default <c>additive</c>.</param>
    /// <exception cref="ArgumentException">A name is unknown; the message lists those that exist, and the nearest.</exception>
    public static CoAttention Create(string name, int features, int attentionSize = 128, string pooling = "additive") => list.Find("CoAttention", name).Builder(new CoAttentionSizes(features, attentionSize, pooling));

    /// <summary>Attends both ways.</summary>
    /// <param name="first">Shape <c>(batch, first, features)</c>.</param>
    /// <param name="second">Shape <c>(batch, second, features)</c>.</param>
    /// <param name="firstRanges">The real steps of the first.</param>
    /// <param name="secondRanges">The real steps of the second.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Summaries <c>(batch, features)</c>, weights <c>(batch, 1, …)</c> and, where pairs are compared, the affinity <c>(batch, first, second)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public CoAttentionResult Forward(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass)
    {
        Require(nameof(first), first, firstRanges);
        Require(nameof(second), second, secondRanges);
        if (first.Shape[0] != second.Shape[0])
            throw ShapeException.For(GetType().Name, nameof(second), FormattableString.Invariant($"a batch of {first.Shape[0]}, as first has,"), second.Shape);
        CoAttentionResult result = Attend(first.WithoutPadding(firstRanges), second.WithoutPadding(secondRanges), firstRanges, secondRanges, pass);
        return HasHooks ? result with { First = Return(result.First, pass), Second = Return(result.Second, pass) } : result;
    }

    private protected static Func<CoAttentionSizes, CoAttention> Build(Func<CoAttentionSizes, CoAttention> build) => build;

    private protected static MechanismExample ExampleOf(string form) => new(form, name =>
    {
        CoAttention attend = CoAttention.Create(name, features: 2, attentionSize: 4);
        attend.Initialize(seed: 1);
        Tensor first = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2)), second = Tensor.From([2, 0, 0, -1], new Shape(1, 2, 2));
        return Step.Evaluate(pass => attend.Forward(first, second, SequenceRanges.Full(batch: 1, time: 3), SequenceRanges.Full(batch: 1, time: 2), pass).FirstWeights, Capture.Weights);
    });

    private protected abstract CoAttentionResult Attend(Tensor first, Tensor second, SequenceRanges firstRanges, SequenceRanges secondRanges, in Pass pass);

    /// <summary>α = softmax over time of the scores (batch, time, 1); Σ_t α_t·x_t.</summary>
    private protected static (Tensor Summary, Tensor Weights) Summarize(Tensor scores, Tensor x, SequenceRanges ranges)
    {
        Tensor weights = scores.SoftmaxOverTime(ranges);
        return (weights.SumOverTime(x, ranges).Reshape(new Shape(x.Shape[0], x.Shape[2])), weights);
    }

    /// <summary>The vector of each sequence at each of its steps: (batch, size) → (batch, time, size).</summary>
    private protected static Tensor AtEachStep(Tensor vectors, int time)
    {
        int[] rows = new int[vectors.Shape[0] * time];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = i / time;
        return Tensor.Embed(vectors, rows, new Shape(vectors.Shape[0], time));
    }

    private void Require(string name, Tensor x, SequenceRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        if (x.Shape.Rank != 3 || x.Shape[2] != Features)
            throw ShapeException.For(GetType().Name, name, FormattableString.Invariant($"(batch, {name}, features) with features = {Features}"), x.Shape);
        ranges.Check(GetType().Name, x.Shape[0], x.Shape[1]);
    }
}

/// <summary>What a form is built for.</summary>
internal readonly record struct CoAttentionSizes(int Features, int AttentionSize, string Pooling);
