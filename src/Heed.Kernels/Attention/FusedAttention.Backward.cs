namespace Heed.Kernels;

/// <content>The backward pass.</content>
public static unsafe partial class FusedAttention
{
    /// <summary>Gradients of scaled dot-product attention over all keys.</summary>
    /// <param name="dOutput">∂L/∂output, in the layout of the output.</param>
    /// <param name="q">As in the forward pass.</param>
    /// <param name="k">As in the forward pass.</param>
    /// <param name="v">As in the forward pass.</param>
    /// <param name="output">The forward pass's result.</param>
    /// <param name="logSumExp">The forward pass's <see cref="AttentionStatistics.LogSumExp"/>.</param>
    /// <param name="gradients">Results; overwritten, or added to where <see cref="AttentionGradients.AddsToKeys"/> says so.</param>
    /// <param name="shape">As in the forward pass.</param>
    /// <param name="options">As in the forward pass.</param>
    /// <exception cref="ArgumentException">A size, length, stride or overlap does not fit; nothing was written.</exception>
    public static void Backward(
        ReadOnlySpan<float> dOutput, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp,
        in AttentionGradients gradients, in AttentionShape shape, in AttentionOptions options = default) =>
        Backward(dOutput, q, k, v, output, logSumExp, gradients, shape, default(PlainScore), default(NoMask), default, options);

    /// <summary>Gradients of attention with a score modifier and a mask. Weights are computed again tile by tile; memory is O(queries) beside the results.</summary>
    /// <param name="dOutput">∂L/∂output, in the layout of the output.</param>
    /// <param name="q">As in the forward pass.</param>
    /// <param name="k">As in the forward pass.</param>
    /// <param name="v">As in the forward pass.</param>
    /// <param name="output">The forward pass's result.</param>
    /// <param name="logSumExp">The forward pass's <see cref="AttentionStatistics.LogSumExp"/>.</param>
    /// <param name="gradients">Results; overwritten, or added to where <see cref="AttentionGradients.AddsToKeys"/> says so.</param>
    /// <param name="shape">As in the forward pass.</param>
    /// <param name="modifier">As in the forward pass.</param>
    /// <param name="mask">As in the forward pass.</param>
    /// <param name="parameters">As in the forward pass.</param>
    /// <param name="options">As in the forward pass.</param>
    /// <typeparam name="TModifier">The score modifier.</typeparam>
    /// <typeparam name="TMask">The mask.</typeparam>
    /// <remarks>Cost: 2.5 times the forward pass. Same bits for any number of threads.</remarks>
    /// <exception cref="ArgumentException">A size, length, stride or overlap does not fit; nothing was written.</exception>
    public static void Backward<TModifier, TMask>(
        ReadOnlySpan<float> dOutput, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp,
        in AttentionGradients gradients, in AttentionShape shape, TModifier modifier, TMask mask, ReadOnlySpan<float> parameters = default, in AttentionOptions options = default)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        const string Operation = "FusedAttention.Backward";
        CheckModel(Operation, shape, options, modifier, mask, parameters.Length);
        bool packed = !options.QueryOffsets.IsEmpty;
        AttentionCheck.Operand(Operation, nameof(dOutput), dOutput.Length, shape.OutputStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.ValueDim, packed, isResult: false);
        AttentionCheck.Operand(Operation, nameof(output), output.Length, shape.OutputStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.ValueDim, packed, isResult: false);
        Require.Length(Operation, nameof(logSumExp), logSumExp.Length, shape.Rows(packed));
        Gradient(Operation, "gradients.Query", gradients.Query, shape.QueryStrides, shape.Batch, shape.HeadCount, shape.Queries, shape.HeadDim, packed);
        Gradient(Operation, "gradients.Key", gradients.Key, shape.KeyStrides, shape.Batch, shape.KeyValueHeadCount, shape.Keys, shape.HeadDim, packed);
        Gradient(Operation, "gradients.Value", gradients.Value, shape.ValueStrides, shape.Batch, shape.KeyValueHeadCount, shape.Keys, shape.ValueDim, packed);
        AttentionCheck.Optional(Operation, "gradients.Parameters", gradients.Parameters.Length, parameters.Length);
        AttentionCheck.Optional(Operation, "gradients.Sinks", gradients.Sinks.Length, options.Sinks.Length);
        AttentionCheck.Optional(Operation, "gradients.QueryTerms", gradients.QueryTerms.Length, options.QueryTerms.Length);
        AttentionCheck.Optional(Operation, "gradients.KeyTerms", gradients.KeyTerms.Length, options.KeyTerms.Length);
        AttentionCheck.Optional(Operation, "gradients.QueryTable", gradients.QueryTable.Length, options.QueryTable.Length);
        AttentionCheck.Optional(Operation, "gradients.ValueTable", gradients.ValueTable.Length, options.ValueTable.Length);
        AttentionCheck.Optional(Operation, "gradients.ValueMass", gradients.ValueMass.Length, ValueMassLength(shape, options));
        if (gradients.ValueMass.IsEmpty && !gradients.ValueTable.IsEmpty && shape.Rows(packed) > 0)
            throw new ArgumentException($"{Operation}: a gradient of the value table needs the forward pass's ValueMass in gradients.ValueMass.", nameof(gradients));
        AttentionCheck.Optional(Operation, "gradients.FromLogSumExp", gradients.FromLogSumExp.Length, shape.Rows(packed));
        AttentionCheck.Optional(Operation, "gradients.FromEntropy", gradients.FromEntropy.Length, shape.Rows(packed));
        AttentionCheck.Optional(Operation, "gradients.Entropy", gradients.Entropy.Length, gradients.FromEntropy.Length);
        if (gradients.Entropy.Length != gradients.FromEntropy.Length)
            throw new ArgumentException($"{Operation}: a gradient of the entropy needs the entropies of the forward pass in gradients.Entropy.", nameof(gradients));
        if (TModifier.HasDistribution && !(gradients.FromLogSumExp.IsEmpty && gradients.FromEntropy.IsEmpty))
            throw new ArgumentException($"{Operation}: losses on the log-sum-exp or the entropy are softmax's alone; leave FromLogSumExp and FromEntropy out.", nameof(gradients));
        AttentionInput input = new() { Q = q, K = k, V = v, Parameters = parameters, Options = options, DOutput = dOutput, Output = output, LogSumExp = logSumExp, Gradients = gradients };
        AttentionOverlap.Check(Operation, input, gradients, shape);
        BackwardAction<TModifier, TMask> action = new() { DOutput = dOutput, Output = output, LogSumExp = logSumExp, Gradients = gradients, Modifier = modifier, Mask = mask };
        AttentionPins.Run(Operation, q, k, v, shape, parameters, options, ref action);
    }

    private static void Gradient(string operation, string name, Span<float> result, in AttentionStrides strides, int batch, int heads, int rows, int size, bool packed)
    {
        if (!result.IsEmpty)
            AttentionCheck.Operand(operation, name, result.Length, strides, batch, heads, rows, size, packed, isResult: true);
    }

    private ref struct BackwardAction<TModifier, TMask> : IAttentionAction
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        public ReadOnlySpan<float> DOutput, Output, LogSumExp;
        public AttentionGradients Gradients;
        public TModifier Modifier;
        public TMask Mask;

        public readonly void Invoke(AttentionCall call)
        {
            AttentionGradients g = Gradients;
            g.Parameters.Clear();
            g.Sinks.Clear();
            g.QueryTerms.Clear();
            g.KeyTerms.Clear();
            g.QueryTable.Clear();
            g.ValueTable.Clear();
            fixed (float* dO = DOutput, o = Output, log = LogSumExp, fromLog = g.FromLogSumExp, fromEntropy = g.FromEntropy, entropy = g.Entropy, mass = g.ValueMass)
            fixed (float* dq = g.Query, dk = g.Key, dv = g.Value, parameters = g.Parameters, sinks = g.Sinks, queryTerms = g.QueryTerms, keyTerms = g.KeyTerms, table = g.QueryTable, valueTable = g.ValueTable)
            {
                Clear(dq, call, call.StridesQ, call.Heads, call.Queries, call.Dim);
                if (!g.AddsToKeys)
                {
                    ClearPadding(dk, call, call.StridesK, call.Dim);
                    ClearPadding(dv, call, call.StridesV, call.ValueDim);
                }
                AttentionBackward<TModifier, TMask> backward = new()
                {
                    Call = call,
                    Modifier = Modifier,
                    Mask = Mask,
                    Results = new()
                    {
                        DO = dO, O = o, LogSumExp = log, FromLogSumExp = fromLog, FromEntropy = fromEntropy, Entropy = entropy, ValueMass = mass,
                        DQ = dq, DK = dk, DV = dv, Parameters = parameters, ParameterCount = g.Parameters.Length, Adds = g.AddsToKeys,
                        Sinks = sinks, QueryTerms = queryTerms, KeyTerms = keyTerms, QueryTable = table, ValueTable = valueTable,
                    },
                };
                if (call.Batch == 0 || call.Heads == 0)
                    return;
                if (TModifier.HasDistribution)
                    RunWithCenters(ref backward, log);
                else
                    Simd.Run(ref backward);
            }
        }

        // dscore = slope·(dweight − center): the center is dO times the values weighed by the slopes, which a forward pass finds.
        private readonly void RunWithCenters(ref AttentionBackward<TModifier, TMask> backward, float* normalizers)
        {
            AttentionCall call = backward.Call;
            call.StridesO = AttentionStrides.HeadsFirst(call.Heads, call.Queries, call.ValueDim);
            call.Normalizers = normalizers;
            call.TakesSlopes = true;
            using Scratch centers = new((call.IsPacked ? 1L : call.Batch) * call.Heads * call.Queries * call.ValueDim);
            AttentionForward<TModifier, TMask> forward = new() { Call = call, Modifier = Modifier, Mask = Mask, Results = new() { O = centers.Pointer } };
            forward.Clear();
            if (call.Queries > 0)
                Simd.Run(ref forward);
            backward.Results.Centers = centers.Pointer;
            Simd.Run(ref backward);
        }

        // Of keys that belong to no sequence; the others are written whatever they are seen by.
        private static void ClearPadding(float* x, AttentionCall call, AttentionStrides strides, int size)
        {
            if (call.IsPacked || call.Heads == 0)
            {
                Clear(x, call, strides, call.KeyValueHeads, call.Keys, size);
                return;
            }
            for (int b = 0; x != null && b < call.Batch; b++)
            {
                AttentionSequence sequence = call.Sequence(b);
                for (int head = 0; head < call.KeyValueHeads; head++)
                {
                    for (int key = 0; key < call.Keys; key++)
                    {
                        if (key == sequence.FirstKey)
                            key += sequence.Keys;
                        if (key < call.Keys)
                            new Span<float>(x + call.Offset(strides, b, head, key), size).Clear();
                    }
                }
            }
        }

        private static void Clear(float* x, AttentionCall call, AttentionStrides strides, int heads, int rows, int size)
        {
            for (int b = 0; x != null && b < (call.IsPacked ? 1 : call.Batch); b++)
            {
                for (int i = 0; i < heads * rows; i++)
                    new Span<float>(x + call.Offset(strides, b, i / rows, i % rows), size).Clear();
            }
        }
    }
}
