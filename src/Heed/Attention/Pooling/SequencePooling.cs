namespace Heed;

/// <summary>What a pooling returns.</summary>
/// <param name="Context">The pooled vectors: <c>(batch, context size)</c>.</param>
/// <param name="Weights">How much each step counted: <c>(batch, views, time)</c>; each view of a text that is not empty sums to 1, padding
/// is 0.</param>
/// <param name="Penalty">A term to add to the loss, one element; null for most forms.</param>
public sealed record PoolingResult(Tensor Context, Tensor Weights, Tensor? Penalty = null)
{
    /// <summary>Of <see cref="MaxPooling"/> the arg-max map <c>(batch, features)</c>: the step, counted along time as the weights are, at which each feature's maximum
    /// stands, so that context[b, j] = h[b, ArgMax[b, j], j]; −1 for every feature of an empty text. Empty for other poolings and for text pairs.</summary>
    public ReadOnlyMemory<int> ArgMax { get; init; }

    /// <summary>Of a text pair read with co-attention how well each two tokens go together: <c>(batch, first, second)</c>; null otherwise.</summary>
    public Tensor? Affinity { get; init; }

    /// <summary>Of a text read sentence by sentence each token's weight within its sentence: <c>(batch, 1, time)</c>; null otherwise.</summary>
    public Tensor? WordWeights { get; init; }

    /// <summary>Of a text read sentence by sentence each sentence's weight: <c>(batch, 1, sentences)</c>; null otherwise.</summary>
    public Tensor? SentenceWeights { get; init; }
}

/// <summary>Attention pooling over a sequence: many hidden states in, one context vector out.</summary>
/// <remarks>
/// <para>Shapes: states h <c>(batch, time, features)</c>, for a bidirectional LSTM features = 2·hidden; context <c>(batch, context size)</c>;
/// weights <c>(batch, views, time)</c>.</para>
/// <para>Focused attention, where learned queries decide (softmax over time): <see cref="ProjectionPooling"/>, <see cref="TanhPooling"/>,
/// <see cref="AdditivePooling"/>, <see cref="StructuredPooling"/>, <see cref="MultiDimensionalPooling"/>. Saliency, where what is strong passes: <see cref="MaxPooling"/>,
/// <see cref="GatedPooling"/>. Beside them <see cref="LastPooling"/> and <see cref="MeanPooling"/>.</para>
/// <para>Padding on either side is excluded exactly: it is never read. An empty text gives a zero context and zero weights.</para>
/// </remarks>
public abstract class SequencePooling : Module, IAttentionPlace
{
    private protected SequencePooling(int features, int contextSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        Features = features;
        ContextSize = contextSize;
    }

    private static readonly MechanismList<Func<PoolingSizes, SequencePooling>> list = new("pooling", AdditivePooling.Entry, ProjectionPooling.Entry, TanhPooling.Entry, StructuredPooling.Entry,
        MultiDimensionalPooling.Entry, LastPooling.Entry, MeanPooling.Entry, MaxPooling.Entry, GatedPooling.Entry);

    /// <summary>The poolings.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms => list.All;

    /// <summary>The names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names => list.Names;

    /// <summary>Size of a hidden state.</summary>
    public int Features { get; }

    /// <summary>Size of the context.</summary>
    public int ContextSize { get; }

    /// <summary>Whether learned queries decide over the weights, so that they may lead other values than the states, too.</summary>
    internal virtual bool IsFocused => false;

    bool IAttentionPlace.IsLed => IsFocused;

    bool IAttentionPlace.IsPooling => true;

    /// <summary>A pooling by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="features">Size of a hidden state.</param>
    /// <param name="attentionSize">d_a of <c>additive</c> and <c>structured</c>.</param>
    /// <param name="views">Number of distributions of <c>projection</c> and <c>structured</c>.</param>
    /// <param name="average">Whether the contexts of several views are averaged; otherwise they are concatenated.</param>
    /// <param name="penalty">Weight of <c>structured</c>'s penalty.</param>
    /// <exception cref="ArgumentException">The name is unknown; the message lists those that exist.</exception>
    public static SequencePooling Create(string name, int features, int attentionSize = 128, int views = 1, bool average = false, double penalty = 0) =>
        list.Find("SequencePooling", name).Builder(new PoolingSizes(features, attentionSize, views, average, penalty));

    internal static void Require(string operation, string name) => _ = list.Find(operation, name);

    private protected static Func<PoolingSizes, SequencePooling> Build(Func<PoolingSizes, SequencePooling> build) => build;

    private protected static MechanismExample ExampleOf(string pooling) => new(pooling, name =>
    {
        SequencePooling pool = SequencePooling.Create(name, features: 2, attentionSize: 4);
        pool.Initialize(seed: 1);
        Tensor states = Tensor.From([1, 0, 0, 2, 3, -1], new Shape(1, 3, 2));
        return Step.Evaluate(pass => pool.Forward(states, SequenceRanges.Full(batch: 1, time: 3), pass).Weights, Capture.Weights);
    });

    /// <summary>Pools.</summary>
    /// <param name="states">h: <c>(batch, time, features)</c>.</param>
    /// <param name="ranges">The real steps of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Context <c>(batch, context size)</c> and weights <c>(batch, views, time)</c>.</returns>
    /// <exception cref="ShapeException">The states have other shapes, or the ranges do not fit.</exception>
    public PoolingResult Forward(Tensor states, SequenceRanges ranges, in Pass pass) => Forward(states, ranges, pass, isWhole: true);

    /// <summary>The same, where <paramref name="isWhole"/> says whether the sequences are whole inputs, of which <see cref="Answer"/> tells; of parts of inputs the caller tells.</summary>
    internal PoolingResult Forward(Tensor states, SequenceRanges ranges, in Pass pass, bool isWhole)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (states.Shape.Rank != 3 || states.Shape[2] != Features)
            throw ShapeException.For(GetType().Name, "states", FormattableString.Invariant($"(batch, time, features) with features = {Features}"), states.Shape);
        ranges.Check(GetType().Name, states.Shape[0], states.Shape[1]);
        pass.Find<PoolingCapture>()?.Take(states);
        PoolingResult result = Pool(states.WithoutPadding(ranges), ranges, pass);
        if (isWhole)
            Answer(result.Weights, ranges, pass);
        return HasHooks ? result with { Context = Return(result.Context, pass) } : result;
    }

    /// <summary>Tells those who ask of weights (batch, views, time).</summary>
    internal void Answer(Tensor weights, SequenceRanges ranges, in Pass pass)
    {
        (int views, int time) = (weights.Shape[1], weights.Shape[2]);
        CaptureSource source = new()
        {
            Queries = [.. Enumerable.Repeat((0, 1), ranges.Count)],
            KeyCounts = ranges.Lengths.ToArray(),
            Write = (tile, row) => weights.Values.Slice((((tile.Batch * views) + tile.Head) * time) + ranges.Starts.Span[tile.Batch], tile.Keys).CopyTo(row.Span),
        };
        pass.Find<HeadSummaryCapture>()?.Take(this, views, source);
        pass.Find<AttentionCapture>()?.Answer(this, views, source);
    }

    private protected abstract PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass);

    /// <summary>c_k = Σ_t α_{k,t}·h_t with α = softmax over time of the scores (batch, time, views); contexts concatenated or averaged.</summary>
    private protected (Tensor Context, Tensor Weights) Attend(Tensor scores, Tensor states, SequenceRanges ranges, in Pass pass, bool average = false)
    {
        Tensor weights = Weights(scores.SoftmaxOverTime(ranges), pass);
        Tensor contexts = weights.SumOverTime(states, ranges);
        (int batch, int views, int features) = (contexts.Shape[0], contexts.Shape[1], contexts.Shape[2]);
        return (average ? contexts.Transpose().MeanLast() : contexts.Reshape(new Shape(batch, views * features)), weights);
    }

    /// <summary>The weights that count: the pooling's own, or those that the call puts in their place.</summary>
    private protected Tensor Weights(Tensor own, in Pass pass) => pass.Find<PoolingWeights>() is { } given ? given.In(own) : pass.Find<AttentionOverride>() is { } change ? change.Of(this, own, pass) : own;
}

/// <summary>What a pooling is built for; each form takes of it what it needs.</summary>
internal readonly record struct PoolingSizes(int Features, int AttentionSize, int Views, bool Average, double Penalty);
