namespace Heed.Kernels;

/// <summary>Fused attention: softmax(modifier(scale·Q·Kᵀ), mask)·V and its gradients, without the matrix of weights ever being in memory.</summary>
/// <remarks>
/// <para>Score modifier and mask are structs that the JIT compiles into the kernel; those of a user cost what the shipped ones cost. Order: scale,
/// modifier, mask, softmax, dropout.</para>
/// <para>Numeric contract: a query that may see no key gives a zero row and log-sum-exp −∞; what is masked never touches the result, NaN and infinity included. A query's bits depend
/// on its own row, the keys that it sees and their positions, so whole, chunked and cached attention agree bit for bit, and so do batches and any number of threads.</para>
/// <para>Cost: 2·batch·heads·queries·keys·(headDim + valueDim) operations for what the mask leaves, in tiles; memory O(tile) for each thread. Thread-safe.</para>
/// <para>Source: online softmax (Milakov and Gimelshein, 2018), tiles and recomputation (Dao et al., FlashAttention, 2022).</para>
/// </remarks>
public static unsafe partial class FusedAttention
{
    /// <summary>Scaled dot-product attention over all keys.</summary>
    /// <param name="q">Queries (batch, heads, queries, headDim).</param>
    /// <param name="k">Keys (batch, key/value heads, keys, headDim).</param>
    /// <param name="v">Values (batch, key/value heads, keys, valueDim).</param>
    /// <param name="output">(batch, heads, queries, valueDim); overwritten. Must lie apart from the operands.</param>
    /// <param name="shape">Sizes and layouts.</param>
    /// <param name="statistics">What to tell about the weights; default nothing.</param>
    /// <param name="options">Scale, dropout, sinks, lengths, positions; default none.</param>
    /// <exception cref="ArgumentException">A size, length, stride or overlap does not fit; nothing was written.</exception>
    public static void Forward(
        ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, Span<float> output, in AttentionShape shape,
        in AttentionStatistics statistics = default, in AttentionOptions options = default) =>
        Forward(q, k, v, output, shape, default(PlainScore), default(NoMask), default, statistics, options);

    /// <summary>Attention with a score modifier and a mask.</summary>
    /// <param name="q">Queries (batch, heads, queries, headDim).</param>
    /// <param name="k">Keys (batch, key/value heads, keys, headDim).</param>
    /// <param name="v">Values (batch, key/value heads, keys, valueDim).</param>
    /// <param name="output">(batch, heads, queries, valueDim); overwritten. Must lie apart from the operands.</param>
    /// <param name="shape">Sizes and layouts.</param>
    /// <param name="modifier">Function of the score; <see cref="PlainScore"/> for none.</param>
    /// <param name="mask">Which pairs take part; <see cref="NoMask"/> for all.</param>
    /// <param name="parameters">What the modifier reads; default none.</param>
    /// <param name="statistics">What to tell about the weights; default nothing.</param>
    /// <param name="options">Scale, dropout, sinks, lengths, positions; default none.</param>
    /// <typeparam name="TModifier">The score modifier.</typeparam>
    /// <typeparam name="TMask">The mask.</typeparam>
    /// <exception cref="ArgumentException">A size, length, stride or overlap does not fit; nothing was written.</exception>
    public static void Forward<TModifier, TMask>(
        ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, Span<float> output, in AttentionShape shape, TModifier modifier, TMask mask,
        ReadOnlySpan<float> parameters = default, in AttentionStatistics statistics = default, in AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        const string Operation = "FusedAttention.Forward";
        CheckModel(Operation, shape, options, modifier, mask, parameters.Length);
        bool packed = !options.QueryOffsets.IsEmpty;
        AttentionCheck.Operand(Operation, nameof(output), output.Length, shape.OutputStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.ValueDim, packed, isResult: true);
        CheckStatistics(Operation, statistics, shape, options);
        AttentionOverlap.Check(Operation, new AttentionInput { Q = q, K = k, V = v, Parameters = parameters, Options = options }, output, statistics);
        CheckDistribution<TModifier>(Operation, statistics);
        ForwardAction<TModifier, TMask> action = new() { Output = output, Statistics = statistics, Modifier = modifier, Mask = mask };
        AttentionPins.Run(Operation, q, k, v, shape, parameters, options, ref action);
    }

    /// <summary>Attention over the tokens of a cache, whose memory the caller has pinned and checked.</summary>
    internal static void ForwardCached<TModifier, TMask>(
        ReadOnlySpan<float> q, CachedOperands cached, Span<float> output, in AttentionShape shape, TModifier modifier, TMask mask,
        ReadOnlySpan<float> parameters, in AttentionStatistics statistics, in AttentionOptions options)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        const string Operation = "KeyValueCache.Attend";
        CheckModel(Operation, shape, options, modifier, mask, parameters.Length);
        AttentionCheck.Operand(Operation, nameof(q), q.Length, shape.QueryStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.HeadDim, isPacked: false, isResult: false);
        AttentionCheck.Operand(Operation, nameof(output), output.Length, shape.OutputStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.ValueDim, isPacked: false, isResult: true);
        CheckStatistics(Operation, statistics, shape, options);
        AttentionOverlap.Check(Operation, new AttentionInput { Q = q, Parameters = parameters, Options = options }, output, statistics);
        if (cached.IsShort && !(statistics.KeyMass.IsEmpty && statistics.TopKeys.IsEmpty))
            throw new ArgumentException($"{Operation}: TopKeys and KeyMass need a cache in float32; copy the keys out and attend with FusedAttention.Forward.", nameof(statistics));
        CheckDistribution<TModifier>(Operation, statistics);
        if (TModifier.HasDistribution && cached.IsShort)
            throw new ArgumentException($"{Operation}: distributions other than softmax need keys in float32.", nameof(modifier));
        ForwardAction<TModifier, TMask> action = new() { Output = output, Statistics = statistics, Modifier = modifier, Mask = mask, Cached = cached, IsCached = true };
        AttentionPins.Pin(q, default, default, shape, parameters, options, ref action);
    }

    private static void CheckModel<TModifier, TMask>(
        string operation, in AttentionShape shape, in AttentionOptions options, TModifier modifier, TMask mask, int parameters)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        AttentionCheck.Shape(operation, shape, options);
        modifier.Check(shape, options, parameters);
        if (!TModifier.NamesValues && !options.ValueTable.IsEmpty)
            throw AttentionCheck.Wrong(nameof(options.ValueTable), $"{operation}: there is a ValueTable, but {typeof(TModifier).Name} names none of its rows. Use ShawScore, or a struct with ValueIndex.");
        mask.Check(shape, options);
    }

    private static void CheckDistribution<TModifier>(string operation, in AttentionStatistics s)
        where TModifier : unmanaged, IScoreModifier
    {
        if (TModifier.HasDistribution && !(s.Maximum.IsEmpty && s.ArgMax.IsEmpty && s.Entropy.IsEmpty && s.ExpectedDistance.IsEmpty))
            throw new ArgumentException($"{operation}: Maximum, ArgMax, Entropy and ExpectedDistance are told of softmax only; LogSumExp (the normalizer), TopKeys and KeyMass of every distribution.", nameof(s));
    }

    private static long ValueMassLength(in AttentionShape shape, in AttentionOptions options) =>
        options.ValueTable.IsEmpty ? 0 : shape.Rows(!options.QueryOffsets.IsEmpty) * (options.ValueTable.Length / shape.ValueDim);

    private static void CheckStatistics(string operation, in AttentionStatistics s, in AttentionShape shape, in AttentionOptions options)
    {
        bool packed = !options.QueryOffsets.IsEmpty;
        long rows = shape.Rows(packed);
        AttentionCheck.Optional(operation, nameof(s.LogSumExp), s.LogSumExp.Length, rows);
        AttentionCheck.Optional(operation, nameof(s.Maximum), s.Maximum.Length, rows);
        AttentionCheck.Optional(operation, nameof(s.Entropy), s.Entropy.Length, rows);
        AttentionCheck.Optional(operation, nameof(s.ExpectedDistance), s.ExpectedDistance.Length, rows);
        AttentionCheck.Optional(operation, nameof(s.ArgMax), s.ArgMax.Length, rows);
        AttentionCheck.Optional(operation, nameof(s.ValueMass), s.ValueMass.Length, ValueMassLength(shape, options));
        AttentionCheck.Optional(operation, nameof(s.KeyMass), s.KeyMass.Length, (packed ? 1L : shape.Batch) * shape.HeadCount * shape.Keys);
        if (s.TopKeys.Length != s.TopWeights.Length || (s.TopKeys.Length > 0 && (rows == 0 || s.TopKeys.Length % rows != 0)))
            throw AttentionCheck.Wrong(nameof(s.TopKeys), FormattableString.Invariant($"{operation}: TopKeys has {s.TopKeys.Length} values and TopWeights {s.TopWeights.Length}; both need the same number for each of {rows} rows."));
        if ((!s.TopKeys.IsEmpty || !s.KeyMass.IsEmpty) && s.LogSumExp.IsEmpty && rows > 0)
            throw AttentionCheck.Wrong(nameof(s.LogSumExp), $"{operation}: TopKeys and KeyMass are found in a second sweep, which needs LogSumExp: ask for it too.");
    }

    private ref struct ForwardAction<TModifier, TMask> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        public Span<float> Output;
        public AttentionStatistics Statistics;
        public TModifier Modifier;
        public TMask Mask;
        public CachedOperands Cached;
        public bool IsCached;

        public readonly void Invoke(AttentionCall call)
        {
            if (IsCached)
            {
                call.K = Cached.Keys;
                call.V = Cached.Values;
                (call.IsShort, call.KeyPosition) = (Cached.IsShort, Cached.Position);
            }
            fixed (float* o = Output, logSumExp = Statistics.LogSumExp, maximum = Statistics.Maximum, entropy = Statistics.Entropy, distance = Statistics.ExpectedDistance, valueMass = Statistics.ValueMass)
            fixed (float* topWeights = Statistics.TopWeights, mass = Statistics.KeyMass)
            fixed (int* argMax = Statistics.ArgMax, topKeys = Statistics.TopKeys)
            {
                int topCount = topKeys == null ? 0 : Statistics.TopKeys.Length / Statistics.LogSumExp.Length;
                Statistics.TopKeys.Fill(-1);
                Statistics.TopWeights.Fill(float.NegativeInfinity);
                AttentionForward<TModifier, TMask> forward = new()
                {
                    Call = call,
                    Modifier = Modifier,
                    Mask = Mask,
                    Results = new() { O = o, LogSumExp = logSumExp, Maximum = maximum, Entropy = entropy, Distance = distance, ValueMass = valueMass, ArgMax = argMax, TopKeys = topKeys, TopWeights = topWeights, TopCount = topCount },
                };
                if (TModifier.HasDistribution)
                    RunWithNormalizers(ref forward);
                else
                    Run(ref forward);
                Statistics.KeyMass.Clear();
                if (call.Batch == 0 || call.Heads == 0 || call.Queries == 0)
                    return;
                if (mass != null)
                    All(call, logSumExp, new KeyMassConsumer { Mass = mass });
                if (topKeys != null && !forward.GathersTop)
                    All(call, logSumExp, new TopConsumer { Keys = topKeys, Scores = topWeights, Count = topCount });
                if (topKeys == null)
                    return;
                TopEnd<TModifier> end = new() { Modifier = Modifier, Factor = TModifier.IsIdentity ? call.Scale * AttentionMath.LogTwoE : AttentionMath.LogTwoE, LogSumExp = logSumExp, Keys = topKeys, Weights = topWeights, Count = topCount, Rows = Statistics.LogSumExp.Length };
                Simd.Run(ref end);
            }
        }

        private static void Run(ref AttentionForward<TModifier, TMask> forward)
        {
            forward.Clear();
            if (forward.Call.Batch > 0 && forward.Call.Heads > 0 && forward.Call.Queries > 0)
                Simd.Run(ref forward);
        }

        private readonly void RunWithNormalizers(ref AttentionForward<TModifier, TMask> forward)
        {
            AttentionCall call = forward.Call;
            using Scratch normalizers = new((call.IsPacked ? 1L : call.Batch) * call.Heads * call.Queries);
            NormalizerSearch.Run(call, Modifier, Mask, normalizers.Pointer);
            forward.Call.Normalizers = normalizers.Pointer;
            Run(ref forward);
        }

        private readonly void All<TConsumer>(AttentionCall call, float* logSumExp, TConsumer consumer)
            where TConsumer : unmanaged, IWeightConsumer
        {
            AttentionSweep<TModifier, TMask, TConsumer> sweep = new()
            {
                Call = call, Modifier = Modifier, Mask = Mask, Consumer = consumer, LogSumExp = logSumExp, Tasks = call.Batch * call.Heads, EndQuery = int.MaxValue, EndKey = int.MaxValue,
            };
            Simd.Run(ref sweep);
        }
    }
}
