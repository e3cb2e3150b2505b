using Heed.Kernels;

namespace Heed;

/// <summary>Multi-head attention: several heads attend side by side in projections of their own, and one projection joins what they found.</summary>
/// <remarks>
/// <para>Formula: head_i = softmax(s(Q_i·K_iᵀ/√d) + mask)·V_i with Q_i = x·W_i^Q, K_i = m·W_i^K, V_i = m·W_i^V; y = [head_1; …; head_h]·W^O. m = x is self-attention, another sequence cross-attention.</para>
/// <para>Shapes: x <c>(batch, queries, size)</c>, m <c>(batch, keys, memory size)</c>, y <c>(batch, queries, size)</c>; weights <c>(batch, heads, queries, keys)</c>. Projections <c>q_proj</c>,
/// <c>k_proj</c>, <c>v_proj</c>, <c>out_proj</c>; beside them, where the configuration asks for it, <c>q_norm</c>, <c>k_norm</c>, <c>gate_proj</c>, <c>sinks</c>, <c>relative_bias</c> (buckets, heads),
/// <c>relative_keys</c> and <c>relative_values</c> (2·clip + 1, features of a head).</para>
/// <para>All of it goes through fused attention: the matrix of weights is never in memory, unless it is asked for (<see cref="Capture.Weights"/>).</para>
/// <para>Sources: Vaswani et al. 2017; multi-query: Shazeer 2019; grouped-query: Ainslie et al. 2023; for the rest see <see cref="MultiHeadConfig"/>.</para>
/// </remarks>
public sealed partial class MultiHeadAttention : Module
{
    private readonly Slot<Linear> queryMap, keyMap, valueMap, output;
    private readonly Linear? gate;
    private readonly RmsNorm? queryNorm, keyNorm;
    private readonly Parameter? sinks, relativeBias, relativeKeys, relativeValues;
    private readonly RotaryAngles? angles;
    private readonly float[] slopes;

    /// <summary>Builds the layer.</summary>
    /// <param name="config">Its shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public MultiHeadAttention(MultiHeadConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        Config = config;
        int memory = config.MemorySize == 0 ? config.Size : config.MemorySize, keys = config.KeyHeads * config.KeyDim, contexts = config.Heads * config.ValueDim;
        queryMap = RegisterSlot("q_proj", Map(config.Size, config.Heads * config.KeyDim, config.HasBias));
        keyMap = RegisterSlot("k_proj", Map(memory, keys, config.HasBias));
        valueMap = RegisterSlot("v_proj", Map(memory, config.KeyHeads * config.ValueDim, config.HasBias));
        output = RegisterSlot("out_proj", Map(contexts, config.Size, config.HasOutputBias ?? config.HasBias));
        if (config.NormalizesHeads)
        {
            queryNorm = Register("q_norm", new RmsNorm(config.KeyDim));
            keyNorm = Register("k_norm", new RmsNorm(config.KeyDim));
        }
        if (config.HasGate)
            gate = Register("gate_proj", Map(config.Size, contexts, hasBias: false));
        if (config.HasSinks)
            sinks = Register("sinks", new Parameter(new Shape(config.Heads), Initializer.Zeros));
        if (config.Position == "t5")
            relativeBias = Register("relative_bias", new Parameter(new Shape(config.Buckets, config.Heads), Initializer.Normal(0.02)));
        if (config.Position == "shaw")
        {
            relativeKeys = Register("relative_keys", new Parameter(new Shape((2 * config.Clip) + 1, config.KeyDim), Initializer.XavierUniform));
            relativeValues = Register("relative_values", new Parameter(new Shape((2 * config.Clip) + 1, config.ValueDim), Initializer.XavierUniform));
        }
        if (config.Position.StartsWith("rope", StringComparison.Ordinal))
            angles = new RotaryAngles(config.RopeSize == 0 ? config.KeyDim : config.RopeSize, config.RopeBase, config.RopeFactor);
        slopes = new float[config.Position == "alibi" ? config.Heads : 0];
        Alibi.Slopes(slopes);
    }

    /// <summary>The shape.</summary>
    public MultiHeadConfig Config { get; }

    /// <summary>Self-attention.</summary>
    /// <param name="x">Shape <c>(batch, sequence, size)</c>.</param>
    /// <param name="ranges">The real steps of each sequence; padding on either side never touches the result. Null: all are real.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Contexts <c>(batch, sequence, size)</c>, and weights if asked.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public AttentionResult Forward(Tensor x, SequenceRanges? ranges, in Pass pass) => Forward(x, ranges, x, ranges, pass);

    /// <summary>Attention to another sequence.</summary>
    /// <param name="x">Where queries come from: <c>(batch, queries, size)</c>.</param>
    /// <param name="ranges">The real queries; null: all.</param>
    /// <param name="memory">Where keys and values come from: <c>(batch, keys, memory size)</c>.</param>
    /// <param name="memoryRanges">The real keys; null: all.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Contexts <c>(batch, queries, size)</c>, and weights if asked.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public AttentionResult Forward(Tensor x, SequenceRanges? ranges, Tensor memory, SequenceRanges? memoryRanges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Forward(x, ranges, Prepare(memory, memoryRanges, pass), pass);
    }

    /// <summary>Attention to a memory that <see cref="Prepare"/> projected.</summary>
    /// <param name="x">Where queries come from: <c>(batch, queries, size)</c>.</param>
    /// <param name="ranges">The real queries; null: all.</param>
    /// <param name="memory">Keys and values.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Contexts <c>(batch, queries, size)</c>, and weights if asked.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public AttentionResult Forward(Tensor x, SequenceRanges? ranges, MultiHeadMemory memory, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(memory);
        Tensor q = Queries(x, PositionsOf(x, ranges), pass);
        bool drops = pass.IsTraining && Config.Dropout > 0;
        HeadSummaryCapture? summary = pass.Find<HeadSummaryCapture>();
        AttentionInputs inputs = new()
        {
            Ask = summary?.AskOf(this) ?? AttentionAsk.None,
            RowsFirst = true,
            Scale = Config.Scale,
            QueryRanges = ranges,
            KeyRanges = memory.Ranges,
            Sinks = sinks is null ? null : pass.Use(sinks),
            Parameters = Learned(pass),
            QueryTable = relativeKeys is null ? null : RelativeScores(q.SwapMiddle(), pass),
            ValueTable = relativeValues is null ? null : pass.Use(relativeValues),
            Dropout = drops ? Config.Dropout : 0,
            DropoutKey = drops ? pass.Random.NextUInt64() : 0,
        };
        Whole run = new() { Q = q, K = memory.Keys, V = memory.Values, Inputs = inputs };
        Choose(ref run);
        AttentionOutputs found = run.Result!;
        summary?.Take(this, found, ranges ?? SequenceRanges.Full(x.Shape[0], x.Shape[1]), memory.Ranges ?? SequenceRanges.Full(memory.Batch, memory.Keys.Shape[1]));
        if (pass.Find<AttentionCapture>() is { } capture && capture.Wants(this))
            Answer(capture, found, memory.Values, ranges, memory.Ranges);
        Tensor context = pass.Find<AttentionOverride>() is { } change && change.Wants(this) ? Overridden(change, found, memory, pass) : found.Context;
        return new AttentionResult(Join(context, x, pass), pass.Capture.HasFlag(Capture.Weights) ? found.Weights() : null);
    }

    /// <summary>Self-attention of new tokens over all that a cache holds, to which they are added first.</summary>
    /// <remarks>Bits of a token's result do not depend on how many tokens came with it. For evaluation: no gradient flows.</remarks>
    /// <param name="x">The new tokens: <c>(batch, tokens, size)</c>.</param>
    /// <param name="cache">From <see cref="NewCache"/>.</param>
    /// <param name="starts">The first real token of each sequence in the cache (padding on the left); empty: all are real.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Contexts <c>(batch, tokens, size)</c>; those of padding are zeros before the output projection.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="InvalidOperationException">The cache is full.</exception>
    public Tensor Forward(Tensor x, KeyValueCache cache, ReadOnlyMemory<int> starts, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(cache);
        int[] positions = angles is null ? [] : CachedPositions(x, cache, starts);
        Tensor q = Queries(x, positions, pass);
        (Tensor k, Tensor v) = KeysAndValues(x, positions, pass);
        cache.Append(HeadsFirst(k).Values, HeadsFirst(v).Values, x.Shape[1]);
        return Attend(x, q, cache, starts, pass);
    }

    /// <summary>Projects a memory, for all queries that will come.</summary>
    /// <param name="memory">Shape <c>(batch, keys, memory size)</c>.</param>
    /// <param name="ranges">The real keys; null: all.</param>
    /// <param name="pass">The call; the result lives as long, or is kept.</param>
    public MultiHeadMemory Prepare(Tensor memory, SequenceRanges? ranges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(memory);
        (Tensor k, Tensor v) = KeysAndValues(memory, PositionsOf(memory, ranges), pass);
        return new MultiHeadMemory(k, v, ranges);
    }

    /// <summary>An empty cache for this layer.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Most tokens.</param>
    /// <param name="format">How numbers are stored.</param>
    public KeyValueCache NewCache(int batch, int capacity, KeyValueFormat format = KeyValueFormat.Float32) =>
        new(batch, Config.KeyHeads, Config.KeyDim, Config.ValueDim, capacity, format);

    private static Linear Map(int from, int to, bool hasBias) => new(from, to, hasBias, Initializer.XavierUniform);

    private Tensor Attend(Tensor x, Tensor q, KeyValueCache cache, ReadOnlyMemory<int> starts, in Pass pass)
    {
        (int batch, int tokens) = (x.Shape[0], x.Shape[1]);
        Tensor queries = HeadsFirst(q), context = pass.Step.New(new Shape(batch, Config.Heads, tokens, Config.ValueDim));
        int[] keyLengths = [.. starts.ToArray().Select(s => cache.Length - s)];
        AttentionCapture? capture = pass.Find<AttentionCapture>();
        float[] logSumExp = new float[capture?.Wants(this) == true ? batch * Config.Heads * tokens : 0];
        // New tokens stand at the cache's end; those in front of a sequence's first one are padding.
        int first = cache.Length - tokens;
        int[] queryStarts = [.. starts.ToArray().Select(s => Math.Clamp(s - first, 0, tokens))];
        Cached run = new()
        {
            Cache = cache,
            Q = queries,
            Context = context,
            Heads = Config.Heads,
            Parameters = Learned(pass),
            Scale = Config.Scale,
            Sinks = sinks is null ? null : pass.Use(sinks),
            QueryTable = relativeKeys is null ? null : RelativeScores(queries, pass),
            ValueTable = relativeValues is null ? null : pass.Use(relativeValues),
            KeyStarts = starts,
            KeyLengths = keyLengths,
            QueryStarts = queryStarts,
            QueryLengths = [.. queryStarts.Select(s => tokens - s)],
            LogSumExp = logSumExp,
        };
        Choose(ref run);
        if (logSumExp.Length > 0)
            Answer(capture!, run);
        return Join(tokens == 1 ? context : context.SwapMiddle(), x, pass);
    }

    private Tensor Queries(Tensor x, int[] positions, in Pass pass)
    {
        Tensor q = Split(queryMap.Module.Forward(x, pass), Config.KeyDim);
        if (queryNorm is not null)
            q = queryNorm.Forward(q, pass);
        return angles is null ? q : q.Rotate(positions, angles, Config.Position == "rope-interleaved");
    }

    private (Tensor Keys, Tensor Values) KeysAndValues(Tensor memory, int[] positions, in Pass pass)
    {
        Tensor k = Split(keyMap.Module.Forward(memory, pass), Config.KeyDim), v = Split(valueMap.Module.Forward(memory, pass), Config.ValueDim);
        if (keyNorm is not null)
            k = keyNorm.Forward(k, pass);
        return (angles is null ? k : k.Rotate(positions, angles, Config.Position == "rope-interleaved"), v);
    }

    private Tensor Join(Tensor context, Tensor x, in Pass pass)
    {
        Tensor joined = context.Reshape(new Shape(x.Shape[0], x.Shape[1], Config.Heads * Config.ValueDim));
        if (gate is not null)
            joined *= gate.Forward(x, pass).Sigmoid();
        joined = Hooked(joined, pass);
        return Return(output.Module.Forward(joined, pass), pass);
    }

    private static Tensor Split(Tensor x, int size) => x.Reshape(new Shape(x.Shape[0], x.Shape[1], x.Shape[2] / size, size));

    private static Tensor HeadsFirst(Tensor x) => x.Shape[1] == 1 ? x.Reshape(new Shape(x.Shape[0], x.Shape[2], 1, x.Shape[3])) : x.SwapMiddle();

    // q·aᵀ for the vectors a of each distance, (batch, heads, queries, 2·clip + 1).
    private Tensor RelativeScores(Tensor queries, in Pass pass) => Tensor.Linear(queries, pass.Use(relativeKeys!));

    private Tensor? Learned(in Pass pass) => relativeBias is not null ? pass.Use(relativeBias) : slopes.Length > 0 ? pass.Input(slopes, new Shape(slopes.Length)) : null;

    // Positions count from a sequence's first real token; those of padding do not matter.
    private int[] PositionsOf(Tensor x, SequenceRanges? ranges)
    {
        if (angles is null)
            return [];
        (int batch, int time) = (x.Shape[0], x.Shape[1]);
        int[] positions = new int[batch * time];
        for (int i = 0; i < positions.Length; i++)
            positions[i] = Math.Max(0, (i % time) - (ranges is { } real ? real.Starts.Span[i / time] : 0));
        return positions;
    }

    private static int[] CachedPositions(Tensor x, KeyValueCache cache, ReadOnlyMemory<int> starts)
    {
        (int batch, int tokens) = (x.Shape[0], x.Shape[1]);
        int[] positions = new int[batch * tokens];
        for (int i = 0; i < positions.Length; i++)
            positions[i] = Math.Max(0, cache.Position + cache.Length + (i % tokens) - (starts.IsEmpty ? 0 : starts.Span[i / tokens]));
        return positions;
    }

    // What the score adds, then what it caps, then what may take part, each a type that the kernel is compiled for. Scale, soft-cap, bias, mask is the order.
    private void Choose<TRun>(ref TRun run)
        where TRun : IRun
    {
        switch (Config.Position)
        {
            case "alibi":
                Capped(ref run, new Alibi(0));
                break;
            case "t5":
                Capped(ref run, new RelativeBias(Config.Heads, Config.Buckets, Config.FarthestBucket, bothWays: !Config.IsCausal));
                break;
            case "shaw":
                Capped(ref run, new ShawScore(Config.Clip, Config.Scale ?? (float)(1 / Math.Sqrt(Config.KeyDim))));
                break;
            default:
                if (Config.SoftCap > 0)
                    Masked(ref run, new SoftCap(Config.SoftCap));
                else
                    Masked(ref run, default(PlainScore));
                break;
        }
    }

    private void Capped<TRun, TScore>(ref TRun run, TScore score)
        where TRun : IRun
        where TScore : unmanaged, IDifferentiableScoreModifier
    {
        if (Config.SoftCap > 0)
            Masked(ref run, new Then<SoftCap, TScore>(new SoftCap(Config.SoftCap), score));
        else
            Masked(ref run, score);
    }

    private void Masked<TRun, TScore>(ref TRun run, TScore score)
        where TRun : IRun
        where TScore : unmanaged, IDifferentiableScoreModifier
    {
        if (Config.Window > 0)
            run.Run(score, new Window(Config.Window - 1, Config.IsCausal ? 0 : Config.Window - 1));
        else if (Config.IsCausal)
            run.Run(score, default(Causal));
        else
            run.Run(score, default(NoMask));
    }

    private interface IRun
    {
        void Run<TScore, TMask>(TScore score, TMask mask)
            where TScore : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask;
    }

    private struct Whole : IRun
    {
        public Tensor Q, K, V;
        public AttentionInputs Inputs;
        public AttentionOutputs? Result;

        public void Run<TScore, TMask>(TScore score, TMask mask)
            where TScore : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask => Result = Tensor.Attention(Q, K, V, score, mask, Inputs);
    }

    private struct Cached : IRun
    {
        public KeyValueCache Cache;
        public Tensor Q, Context;
        public int Heads;
        public Tensor? Parameters, Sinks, QueryTable, ValueTable;
        public float? Scale;
        public ReadOnlyMemory<int> KeyStarts;
        public int[] KeyLengths, QueryStarts, QueryLengths;
        public float[] LogSumExp;

        public readonly void Run<TScore, TMask>(TScore score, TMask mask)
            where TScore : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask =>
            Cache.Attend(Q.Values, Context.Writable, Heads, Q.Shape[2], score, mask, Of(Parameters), new AttentionStatistics { LogSumExp = LogSumExp }, Options());

        public readonly AttentionOptions Options(int position = 0) => new()
        {
            KeyPosition = position,
            Scale = Scale,
            Sinks = Of(Sinks),
            QueryTable = Of(QueryTable),
            ValueTable = Of(ValueTable),
            KeyStarts = KeyStarts.Span,
            KeyLengths = KeyLengths,
            QueryStarts = QueryStarts,
            QueryLengths = QueryLengths,
        };

        public static ReadOnlySpan<float> Of(Tensor? tensor) => tensor is null ? default : tensor.Values;
    }
}
