using Heed.Kernels;

namespace Heed;

/// <summary>Attention in its unified form: c = φ(g(f(q, K)), V), with any score, distribution, mask and heads.</summary>
/// <remarks>
/// <para>Energies e = f(q, K), weights α = g(e), context c = Σ_j α_j·v_j. Self-attention is one sequence in three places; distinctive attention takes queries from another.</para>
/// <para>Where the score is a dot product (<see cref="DotProductFunction"/>) and the distribution is softmax, sparsemax or entmax-1.5, fused attention computes it in O(queries + keys) memory; everything
/// else is written out, in O(queries·keys). The results are the same.</para>
/// <para>Source: Niu, Zhong and Yu, "A review on the attention mechanism of deep learning", 2021.</para>
/// </remarks>
public sealed class Attention : Module
{
    private readonly AttentionConfig config;
    private readonly ScoreFunction score;
    private readonly DistributionFunction distribution;
    private readonly Linear? queryMap, keyMap, valueMap, output;
    private readonly int headCount = 1;

    /// <summary>Builds the mechanism.</summary>
    /// <param name="config">Which one.</param>
    /// <exception cref="ArgumentException">Parts do not go together; the message says which and why.</exception>
    public Attention(AttentionConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(config.QuerySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(config.KeySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(config.ValueSize, 1);
        if (config.Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"Attention: Dropout must be from 0 to below 1, got {config.Dropout}."), nameof(config));
        this.config = config;
        (int query, int key, ContextSize) = (config.QuerySize, config.KeySize, config.ValueSize);
        if (config.Heads is MultiHead heads)
        {
            if (heads.HeadCount < 1 || heads.HeadSize < 0 || (heads.HeadSize == 0 && config.QuerySize % heads.HeadCount != 0))
                throw new ArgumentException(FormattableString.Invariant($"Attention: {heads.HeadCount} heads do not divide queries of {config.QuerySize} features; set MultiHead.HeadSize, or another number of heads."), nameof(config));
            int size = heads.HeadSize > 0 ? heads.HeadSize : config.QuerySize / heads.HeadCount;
            headCount = heads.HeadCount;
            (query, key, ContextSize) = (size, size, config.QuerySize);
            queryMap = Register("q_proj", new Linear(config.QuerySize, headCount * size));
            keyMap = Register("k_proj", new Linear(config.KeySize, headCount * size));
            valueMap = Register("v_proj", new Linear(config.ValueSize, headCount * size));
            output = Register("out_proj", new Linear(headCount * size, ContextSize));
        }
        score = Register("score", config.Score.Create(new ScoreSizes(headCount, query, key)));
        distribution = Register("distribution", config.Distribution.Create(headCount));
    }

    /// <summary>Length of a context: the value's, or with several heads the query's.</summary>
    public int ContextSize { get; }

    /// <summary>Whether calls go through fused attention.</summary>
    public bool IsFused => !config.WriteOut && score is DotProductFunction && distribution.Fused != FusedDistribution.None;

    /// <summary>Attends.</summary>
    /// <param name="query">Queries <c>(batch, queries, query size)</c>.</param>
    /// <param name="keys">Keys <c>(batch, keys, key size)</c>.</param>
    /// <param name="values">Values <c>(batch, keys, value size)</c>.</param>
    /// <param name="ranges">The real keys of each sequence: padding on either side never touches the result. Null: all are real.</param>
    /// <param name="pass">The call.</param>
    /// <param name="queryRanges">The real queries; default: those of the keys if one tensor is both (self-attention), else all. Masks count positions from the first real ones.</param>
    /// <returns>Contexts, and weights if asked. A query that may see no key has a zero context and zero weights.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public AttentionResult Forward(Tensor query, Tensor keys, Tensor values, SequenceRanges? ranges, in Pass pass, SequenceRanges? queryRanges = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        Require(nameof(query), query, config.QuerySize);
        Require(nameof(keys), keys, config.KeySize);
        Require(nameof(values), values, config.ValueSize);
        if (keys.Shape[0] != query.Shape[0] || values.Shape[0] != query.Shape[0] || values.Shape[1] != keys.Shape[1])
            throw ShapeException.For("Attention", nameof(values), FormattableString.Invariant($"one batch ({query.Shape[0]}) in all three, and as many values as keys ({keys.Shape[1]}),"), values.Shape);
        ranges?.Check("Attention", keys.Shape[0], keys.Shape[1]);
        queryRanges ??= ReferenceEquals(query, keys) ? ranges : null;
        queryRanges?.Check("Attention", query.Shape[0], query.Shape[1]);
        Tensor q = Split(queryMap, query, pass), k = Split(keyMap, keys, pass), v = Split(valueMap, values, pass);
        (Tensor context, Tensor? weights) = IsFused && !HasHooks ? Fused(q, k, v, queryRanges, ranges, pass) : WrittenOut(q, k, v, queryRanges, ranges, pass);
        context = context.Reshape(new Shape(query.Shape[0], query.Shape[1], context.Shape[2] * context.Shape[3]));
        return new AttentionResult(Return(output is null ? context : output.Forward(context, pass), pass), weights);
    }

    // (batch, sequence, heads, size): no copy.
    private Tensor Split(Linear? map, Tensor x, in Pass pass)
    {
        Tensor mapped = map is null ? x : map.Forward(x, pass);
        return mapped.Reshape(new Shape(x.Shape[0], x.Shape[1], headCount, mapped.Shape[2] / headCount));
    }

    private (Tensor Context, Tensor? Weights) Fused(Tensor q, Tensor k, Tensor v, SequenceRanges? queryRanges, SequenceRanges? ranges, in Pass pass)
    {
        (Tensor query, Tensor key, float scale) = ((DotProductFunction)score).Map(q, k, pass);
        bool drops = pass.IsTraining && config.Dropout > 0;
        AttentionInputs inputs = new()
        {
            RowsFirst = true,
            Scale = scale,
            QueryRanges = queryRanges,
            KeyRanges = ranges,
            Sinks = distribution.Sinks(pass),
            Dropout = drops ? config.Dropout : 0,
            DropoutKey = drops ? pass.Random.NextUInt64() : 0,
        };
        AttentionOutputs result = distribution.Fused switch
        {
            FusedDistribution.Softmax => Masked(query, key, v, default(PlainScore), inputs),
            FusedDistribution.Sparsemax => Masked(query, key, v, default(Distributed<PlainScore, SparsemaxFunction>), inputs),
            _ => Masked(query, key, v, default(Distributed<PlainScore, Entmax15Function>), inputs),
        };
        return (result.Context, pass.Capture.HasFlag(Capture.Weights) ? result.Weights() : null);
    }

    private AttentionOutputs Masked<TModifier>(Tensor q, Tensor k, Tensor v, TModifier modifier, AttentionInputs inputs)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        if (config.Mask.IsNone)
            return Tensor.Attention(q, k, v, modifier, default(NoMask), inputs);
        if (config.Mask.IsCausal)
            return Tensor.Attention(q, k, v, modifier, default(Causal), inputs);
        (int queries, int keys) = (q.Shape[1], k.Shape[1]);
        bool[] flags = config.Mask.RelativeTable(q.Shape[0], queries, keys, inputs.QueryRanges, inputs.KeyRanges);
        long perSequence = flags.Length > queries * keys ? queries * keys : 0;
        return Tensor.Attention(q, k, v, modifier, new DenseMask(perSequence, 0, keys), inputs with { MaskFlags = flags });
    }

    private (Tensor Context, Tensor Weights) WrittenOut(Tensor q, Tensor k, Tensor v, SequenceRanges? queryRanges, SequenceRanges? ranges, in Pass pass)
    {
        Tensor energies = score.Energies(HeadsFirst(q, queryRanges), HeadsFirst(k, ranges), pass);
        bool[] allowed = config.Mask.Table(q.Shape[0], q.Shape[1], k.Shape[1], queryRanges, ranges);
        if (allowed.Length > 0)
            energies = energies.MaskScores(allowed);
        Tensor weights = distribution.Weights(energies, pass);
        Tensor kept = pass.IsTraining && config.Dropout > 0 ? weights.Dropout(config.Dropout, pass.Random.NextUInt64()) : weights;
        return (kept.MatMul(HeadsFirst(v, ranges)).SwapMiddle(), weights);
    }

    // (batch, heads, sequence, size), with zeros for padding, so that what stands there cannot spread.
    private static Tensor HeadsFirst(Tensor x, SequenceRanges? ranges)
    {
        Shape shape = x.Shape;
        if (ranges is { } real)
            x = x.Reshape(new Shape(shape[0], shape[1], shape[2] * shape[3])).WithoutPadding(real).Reshape(shape);
        return shape[2] == 1 ? x.Reshape(new Shape(shape[0], 1, shape[1], shape[3])) : x.SwapMiddle();
    }

    private static void Require(string name, Tensor x, int size)
    {
        if (x.Shape.Rank != 3 || x.Shape[2] != size)
            throw ShapeException.For("Attention", name, FormattableString.Invariant($"(batch, sequence, size) with size = {size}"), x.Shape);
    }
}
