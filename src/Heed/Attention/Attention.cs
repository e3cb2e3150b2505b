using Heed.Kernels;

namespace Heed;

/// <summary>Attention in its unified form: c = φ(g(f(q, K)), V), with any score, distribution, mask and heads.</summary>
/// <remarks>
/// <para>Energies e = f(q, K), weights α = g(e), context c = Σ_j α_j·v_j. Self-attention is one sequence in three places; distinctive attention takes queries from another.</para>
/// <para>Where the score is a dot product (<see cref="DotProductFunction"/>) and the distribution is softmax, sparsemax or entmax-1.5, fused attention computes it in O(queries + keys) memory; everything
/// else is written out, in O(queries·keys). The results are the same.</para>
/// <para>Source: Niu, Zhong and Yu, "A review on the attention mechanism of deep learning", 2021.</para>
/// </remarks>
public sealed partial class Attention : Module
{
    private const int FewQueries = 8, WidestWindow = 1 << 24;
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
        distribution = Register("distribution", config.Distribution.Create(new ScoreSizes(headCount, query, key)));
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
        AttentionMemory memory = Prepare(keys, values, ranges, pass);
        RequireQuery(query, memory);
        queryRanges ??= ReferenceEquals(query, keys) ? ranges : null;
        queryRanges?.Check("Attention", query.Shape[0], query.Shape[1]);
        AttentionResult result = NeedsState ? OneByOne(query, memory, pass) : Attend(query, memory, queryRanges, null, pass);
        if (IsAsked(pass))
            Answer([result.Weights!], queryRanges, memory.Steps, pass);
        return result;
    }

    /// <summary>Prepares keys and values for queries that come step by step.</summary>
    /// <param name="keys">Keys <c>(batch, keys, key size)</c>.</param>
    /// <param name="values">Values <c>(batch, keys, value size)</c>.</param>
    /// <param name="ranges">The real keys of each sequence; null: all are real.</param>
    /// <param name="pass">The call.</param>
    /// <param name="keepWeights">Whether states will keep weights, as in <see cref="Start"/>.</param>
    /// <returns>What <see cref="Forward(Tensor, AttentionMemory, AttentionState?, in Pass)"/> attends to.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public AttentionMemory Prepare(Tensor keys, Tensor values, SequenceRanges? ranges, in Pass pass, bool keepWeights = false)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        Require(nameof(keys), keys, config.KeySize);
        Require(nameof(values), values, config.ValueSize);
        if (values.Shape[0] != keys.Shape[0] || values.Shape[1] != keys.Shape[1])
            throw ShapeException.For("Attention", nameof(values), FormattableString.Invariant($"the batch ({keys.Shape[0]}) of the keys, and as many values as keys ({keys.Shape[1]}),"), values.Shape);
        ranges?.Check("Attention", keys.Shape[0], keys.Shape[1]);
        // NaN in the padding would reach the gradients of whatever maps keys, though its own weight is 0.
        Tensor realKeys = WithoutPadding(keys, ranges), realValues = ReferenceEquals(keys, values) ? realKeys : WithoutPadding(values, ranges);
        AttentionMemory memory = new(Split(keyMap, realKeys, pass), Split(valueMap, realValues, pass), ranges, this, pass.Step);
        memory.Prepared(IsFused && !HasHooks && !keepWeights, pass);
        return memory;
    }

    /// <summary>The state before the first step.</summary>
    /// <param name="memory">What will be attended to.</param>
    /// <param name="keepWeights">Whether the state holds the weights also where neither score nor distribution needs them (coverage). They are then written out.</param>
    /// <param name="positions">Where each sequence's first query stands on the axis of the keys, for masks; default at the first key.</param>
    public AttentionState Start(AttentionMemory memory, bool keepWeights = false, ReadOnlyMemory<int> positions = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (!positions.IsEmpty && positions.Length != memory.Batch)
            throw new ShapeException(FormattableString.Invariant($"Attention.Start: {positions.Length} positions came for a batch of {memory.Batch}."));
        return new AttentionState(0, keepWeights || NeedsState, positions, memory.Ranges, null, null);
    }

    /// <summary>One step of a decoder: attends to what was prepared before. The same results as a call over the whole sequence of queries.</summary>
    /// <param name="query">Queries <c>(batch, queries, query size)</c>: with a state decoders side by side, all at the state's position; without one
    /// a sequence, whose last query stands at the last key.</param>
    /// <param name="memory">From <see cref="Prepare"/>, in the same pass or kept.</param>
    /// <param name="state">From <see cref="Start"/>, then from the step before; null where neither mask, score nor distribution asks for it.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Contexts, weights if asked or kept, and the next state.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">Score or distribution look back, and no state came.</exception>
    public AttentionResult Forward(Tensor query, AttentionMemory memory, AttentionState? state, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(memory);
        RequireQuery(query, memory);
        if (state is null && NeedsState)
            throw new ArgumentException("Attention: the score or the distribution looks back at earlier steps; give the state of Attention.Start, then that of each result.", nameof(state));
        return Attend(query, memory, null, state, pass);
    }

    private bool NeedsState => score.NeedsState || distribution.NeedsState;

    private AttentionResult Attend(Tensor query, AttentionMemory memory, SequenceRanges? queryRanges, AttentionState? state, in Pass pass)
    {
        Tensor q = Split(queryMap, WithoutPadding(query, queryRanges), pass);
        HardChoice? choice = null;
        (Tensor context, Tensor? weights) = IsFused && !HasHooks && state is not { IsTracked: true } && !(state is not null && score is DotProductFunction { ReadsPairs: true }) && !IsChanged(pass)
            ? Fused(q, memory, queryRanges, state, pass) : WrittenOut(q, memory, queryRanges, state, pass, out choice);
        context = context.Reshape(new Shape(query.Shape[0], query.Shape[1], context.Shape[2] * context.Shape[3]));
        return new AttentionResult(Return(output is null ? context : output.Forward(context, pass), pass), weights) { State = state?.Next(weights), Choice = choice };
    }

    // A whole sequence of queries for what looks back: step by step, each at the position that masks give it.
    private AttentionResult OneByOne(Tensor query, AttentionMemory memory, in Pass pass)
    {
        (int batch, int queries) = (query.Shape[0], query.Shape[1]);
        int[] positions = new int[batch];
        for (int b = 0; b < batch; b++)
            positions[b] = (memory.Ranges is { } real ? real.Lengths.Span[b] : memory.KeyCount) - queries;
        AttentionState? state = Start(memory, positions: positions);
        Tensor flat = query.Reshape(new Shape(batch, queries * query.Shape[2]));
        Tensor[] contexts = new Tensor[queries], weights = new Tensor[queries];
        List<HardChoice> choices = [];
        for (int i = 0; i < queries; i++)
        {
            AttentionResult step = Attend(flat.Columns(i * query.Shape[2], query.Shape[2]).Reshape(new Shape(batch, 1, query.Shape[2])), memory, null, state, pass);
            if (step.Choice is { } choice)
                choices.Add(choice);
            (contexts[i], weights[i], state) = (step.Context.Reshape(new Shape(batch, ContextSize)), step.Weights!.Reshape(new Shape(batch * headCount, memory.KeyCount)), step.State);
        }
        return new AttentionResult(
            Tensor.Concatenate(contexts).Reshape(new Shape(batch, queries, ContextSize)), Tensor.Concatenate(weights).Reshape(new Shape(batch, headCount, queries, memory.KeyCount)))
        {
            Choice = choices.Count == 0 ? null : new HardChoice(Tensor.Concatenate([.. choices.Select(c => c.LogProbabilities)]), Tensor.Concatenate([.. choices.Select(c => c.Entropies)])),
        };
    }

    internal (Tensor Key, Tensor Value) PrepareFor(AttentionMemory memory, bool isFused, in Pass pass) => isFused
        ? (((DotProductFunction)score).MapKey(memory.Key, pass), memory.Value)
        : (score.PrepareKeys(HeadsFirst(memory.Key), pass), headCount == 1 ? Rows(memory.Value) : HeadsFirst(memory.Value));

    // (batch, sequence, heads, size): no copy.
    private Tensor Split(Linear? map, Tensor x, in Pass pass)
    {
        Tensor mapped = map is null ? x : map.Forward(x, pass);
        return mapped.Reshape(new Shape(x.Shape[0], x.Shape[1], headCount, mapped.Shape[2] / headCount));
    }

    private (Tensor Context, Tensor? Weights) Fused(Tensor q, AttentionMemory memory, SequenceRanges? queryRanges, AttentionState? state, in Pass pass)
    {
        DotProductFunction product = (DotProductFunction)score;
        (Tensor key, Tensor value) = memory.Prepared(isFused: true, pass);
        bool drops = pass.IsTraining && config.Dropout > 0;
        AttentionInputs inputs = new()
        {
            RowsFirst = true,
            Scale = product.Scale,
            QueryRanges = queryRanges,
            KeyRanges = memory.Ranges,
            Sinks = distribution.Sinks(pass),
            Dropout = drops ? config.Dropout : 0,
            DropoutKey = drops ? pass.Random.NextUInt64() : 0,
        };
        Tensor query = product.MapQuery(q, pass);
        AttentionOutputs result = Masked(query, key, value, product, inputs, state, pass);
        return (result.Context, pass.Capture.HasFlag(Capture.Weights) || IsAsked(pass) ? result.Weights() : null);
    }

    private AttentionOutputs Masked(Tensor q, Tensor k, Tensor v, DotProductFunction product, AttentionInputs inputs, AttentionState? state, in Pass pass)
    {
        FusedDistribution weighing = distribution.Fused;
        if (config.Mask.IsNone)
            return product.Attend(q, k, v, default(NoMask), inputs, weighing, pass);
        if (config.Mask.IsCausal && state is null)
            return product.Attend(q, k, v, default(Causal), inputs, weighing, pass);
        if (config.Mask.Sides is ( <= WidestWindow, <= WidestWindow) sides && state is null)
            return product.Attend(q, k, v, new Window(sides.Left, sides.Right), inputs, weighing, pass);
        (int queries, int keys) = (q.Shape[1], k.Shape[1]);
        bool[] flags = state is null ? config.Mask.RelativeTable(q.Shape[0], queries, keys, inputs.QueryRanges, inputs.KeyRanges)
            : config.Mask.StepTable(q.Shape[0], queries, keys, inputs.KeyRanges, state, isRelative: true);
        long perSequence = flags.Length > queries * keys ? queries * keys : 0;
        return product.Attend(q, k, v, new DenseMask(perSequence, 0, keys), inputs with { MaskFlags = flags }, weighing, pass);
    }

    private (Tensor Context, Tensor Weights) WrittenOut(Tensor q, AttentionMemory memory, SequenceRanges? queryRanges, AttentionState? state, in Pass pass, out HardChoice? choice)
    {
        (Tensor key, Tensor value) = memory.Prepared(isFused: false, pass);
        Tensor query = HeadsFirst(q);
        AttentionStep step = new(query, memory.Ranges, state) { QueryRanges = queryRanges };
        Tensor energies = score.Energies(query, key, step, pass);
        bool[] allowed = state is null ? config.Mask.Table(q.Shape[0], q.Shape[1], memory.KeyCount, queryRanges, memory.Ranges)
            : config.Mask.StepTable(q.Shape[0], q.Shape[1], memory.KeyCount, memory.Ranges, state, isRelative: false);
        if (allowed.Length > 0)
            energies = energies.MaskScores(allowed);
        (Tensor weights, choice) = distribution.Draw(energies, step, pass);
        weights = Changed(weights, energies, pass);
        Tensor kept = pass.IsTraining && config.Dropout > 0 ? weights.Dropout(config.Dropout, pass.Random.NextUInt64()) : weights;
        if (headCount == 1 && q.Shape[1] <= FewQueries)
            return (FewContexts(kept, value, memory), weights);
        Tensor context = kept.MatMul(headCount == 1 ? value.Reshape(new Shape(value.Shape[0], 1, value.Shape[1], value.Shape[2])) : value);
        return (headCount == 1 ? context.Reshape(new Shape(q.Shape[0], q.Shape[1], 1, context.Shape[3])) : context.SwapMiddle(), weights);
    }

    // A decoder's few queries: a weighted sum of rows for each, where a matrix product would pack more than it computes.
    private static Tensor FewContexts(Tensor weights, Tensor value, AttentionMemory memory)
    {
        (int batch, int queries, int keys) = (weights.Shape[0], weights.Shape[2], weights.Shape[3]);
        return weights.Reshape(new Shape(batch, queries, keys)).SumOverTime(value, memory.Steps).Reshape(new Shape(batch, queries, 1, value.Shape[2]));
    }

    // (batch, heads, sequence, size).
    private static Tensor HeadsFirst(Tensor x) => x.Shape[2] == 1 ? x.Reshape(new Shape(x.Shape[0], 1, x.Shape[1], x.Shape[3])) : x.SwapMiddle();

    // (batch, sequence, heads·size).
    private static Tensor Rows(Tensor x) => x.Reshape(new Shape(x.Shape[0], x.Shape[1], x.Shape[2] * x.Shape[3]));

    private static Tensor WithoutPadding(Tensor x, SequenceRanges? ranges) => ranges is { } real ? x.WithoutPadding(real) : x;

    private void RequireQuery(Tensor query, AttentionMemory memory)
    {
        Require(nameof(query), query, config.QuerySize);
        if (query.Shape[0] != memory.Batch)
            throw ShapeException.For("Attention", nameof(query), FormattableString.Invariant($"the batch of the keys and values ({memory.Batch}),"), query.Shape);
    }

    private static void Require(string name, Tensor x, int size)
    {
        if (x.Shape.Rank != 3 || x.Shape[2] != size)
            throw ShapeException.For("Attention", name, FormattableString.Invariant($"(batch, sequence, size) with size = {size}"), x.Shape);
    }
}
