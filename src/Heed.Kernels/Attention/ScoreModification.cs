namespace Heed.Kernels;

/// <summary>A score modifier over scores that are in memory: what <see cref="FusedAttention"/> does inside, for weights that are written out.</summary>
/// <remarks>
/// <para>Formula: results = modifier(scores), the scores already scaled. Buffers: scores and results <c>(batch, heads, queries, keys)</c>, contiguous; they may be the same.</para>
/// <para>Rows and keys that the options' starts and lengths leave out keep their scores, and hand their gradients on.</para>
/// <para>Vectors of four whatever the machine has: a struct gives each score the same bits in every lane and width (<see cref="ScoreChecker"/>), and this is not the fast path. The reference is <see cref="ReferenceScoreModification"/>.</para>
/// </remarks>
public static unsafe class ScoreModification
{
    /// <summary>The new scores.</summary>
    /// <param name="scores">Scaled scores.</param>
    /// <param name="results">Where the new ones go.</param>
    /// <param name="shape">Batch, heads, queries and keys; the size of a head does not count.</param>
    /// <param name="modifier">The struct.</param>
    /// <param name="parameters">What it reads.</param>
    /// <param name="options">Starts, lengths, positions, terms and tables.</param>
    /// <param name="positions">For each sequence the one position of all its queries, as decoders side by side have it; default: queries follow each other as in <see cref="FusedAttention"/>.</param>
    /// <typeparam name="TModifier">The struct.</typeparam>
    /// <exception cref="ArgumentException">Lengths, or what the struct reads, do not fit.</exception>
    public static void Forward<TModifier>(
        ReadOnlySpan<float> scores, Span<float> results, in AttentionShape shape, TModifier modifier, ReadOnlySpan<float> parameters = default, in AttentionOptions options = default,
        ReadOnlySpan<int> positions = default)
        where TModifier : unmanaged, IScoreModifier
    {
        Check("ScoreModification.Forward", scores.Length, results.Length, shape, options, positions);
        modifier.Check(shape, options, parameters.Length);
        ForwardAction<TModifier> action = new() { Scores = scores, Results = results, Positions = positions, Modifier = modifier };
        AttentionPins.Pin(default, default, default, shape, parameters, options, ref action);
    }

    /// <summary>The gradients.</summary>
    /// <param name="dResults">Gradient of the results; 0 at masked pairs.</param>
    /// <param name="scores">What Forward got.</param>
    /// <param name="dScores">Gradient of the scores, overwritten.</param>
    /// <param name="dParameters">Gradient of the parameters, overwritten; empty if nobody wants it.</param>
    /// <param name="shape">As in Forward.</param>
    /// <param name="modifier">The struct.</param>
    /// <param name="parameters">What it reads.</param>
    /// <param name="options">As in Forward.</param>
    /// <param name="positions">As in Forward.</param>
    /// <typeparam name="TModifier">The struct.</typeparam>
    /// <exception cref="ArgumentException">Lengths, or what the struct reads, do not fit.</exception>
    public static void Backward<TModifier>(
        ReadOnlySpan<float> dResults, ReadOnlySpan<float> scores, Span<float> dScores, Span<float> dParameters, in AttentionShape shape, TModifier modifier, ReadOnlySpan<float> parameters = default,
        in AttentionOptions options = default, ReadOnlySpan<int> positions = default)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        const string Operation = "ScoreModification.Backward";
        Check(Operation, scores.Length, dScores.Length, shape, options, positions);
        Require.Length(Operation, nameof(dResults), dResults.Length, scores.Length);
        AttentionCheck.Optional(Operation, nameof(dParameters), dParameters.Length, parameters.Length);
        modifier.Check(shape, options, parameters.Length);
        BackwardAction<TModifier> action = new() { DResults = dResults, Scores = scores, DScores = dScores, DParameters = dParameters, Positions = positions, Modifier = modifier };
        AttentionPins.Pin(default, default, default, shape, parameters, options, ref action);
    }

    internal static void Check(string operation, int scores, int results, in AttentionShape shape, in AttentionOptions options, ReadOnlySpan<int> positions)
    {
        AttentionCheck.Shape(operation, shape, options);
        if (!options.QueryOffsets.IsEmpty)
            throw AttentionCheck.Wrong(nameof(options), $"{operation}: packed sequences have no one matrix of scores.");
        long all = (long)shape.Batch * shape.HeadCount * shape.Queries * shape.Keys;
        Require.Length(operation, nameof(scores), scores, all);
        Require.Length(operation, nameof(results), results, all);
        AttentionCheck.Optional(operation, nameof(positions), positions.Length, shape.Batch);
    }

    /// <summary>Which sequence, head and query the row <paramref name="index"/> of the scores belongs to; false where it is none of the sequence's.</summary>
    internal static bool IsReal(AttentionCall call, ReadOnlySpan<int> positions, int index, out ScoreRow row, out int first)
    {
        int b = index / (call.Heads * call.Queries), head = index / call.Queries % call.Heads;
        AttentionSequence sequence = call.Sequence(b);
        int query = (index % call.Queries) - sequence.FirstQuery;
        first = (index * call.Keys) + sequence.FirstKey;
        row = default;
        if (query < 0 || query >= sequence.Queries)
            return false;
        row = call.Context(b, head / call.Group, sequence, (query * call.Group) + (head % call.Group));
        if (!positions.IsEmpty)
            row.QueryPosition = positions[b] - query;
        return true;
    }

    private ref struct ForwardAction<TModifier> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
    {
        public ReadOnlySpan<float> Scores;
        public Span<float> Results;
        public ReadOnlySpan<int> Positions;
        public TModifier Modifier;

        public readonly void Invoke(AttentionCall call)
        {
            Scores.CopyTo(Results);
            float[] lanes = new float[call.Keys + Simd128.Width];
            fixed (float* s = lanes)
            {
                for (int i = 0; i < call.Batch * call.Heads * call.Queries; i++)
                {
                    if (!IsReal(call, Positions, i, out ScoreRow row, out int first))
                        continue;
                    Span<float> own = Results.Slice(first, row.Keys);
                    own.CopyTo(lanes);
                    for (int j = 0; j < row.Keys; j += Simd128.Width)
                        Simd128.Store(Modifier.Forward(Simd128.Load(s + j), new ScoreContext<Simd128>(&row, j)), s + j);
                    lanes.AsSpan(0, own.Length).CopyTo(own);
                }
            }
        }
    }

    private ref struct BackwardAction<TModifier> : IAttentionAction
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        public ReadOnlySpan<float> DResults, Scores;
        public Span<float> DScores, DParameters;
        public ReadOnlySpan<int> Positions;
        public TModifier Modifier;

        public readonly void Invoke(AttentionCall call)
        {
            DResults.CopyTo(DScores);
            double[] sums = new double[DParameters.Length];
            float[] lanes = new float[call.Keys + Simd128.Width], gradients = new float[lanes.Length];
            fixed (float* s = lanes, g = gradients)
            fixed (double* p = sums)
            {
                for (int i = 0; i < call.Batch * call.Heads * call.Queries; i++)
                {
                    if (!IsReal(call, Positions, i, out ScoreRow row, out int first))
                        continue;
                    row.ParameterSums = p;
                    Span<float> own = DScores.Slice(first, row.Keys);
                    // Lanes that stand for no key have no gradient.
                    gradients.AsSpan().Clear();
                    own.CopyTo(gradients);
                    Scores.Slice(first, row.Keys).CopyTo(lanes);
                    for (int j = 0; j < row.Keys; j += Simd128.Width)
                        Simd128.Store(Modifier.Backward(Simd128.Load(g + j), Simd128.Load(s + j), new ScoreContext<Simd128>(&row, j), new ParameterGradient<Simd128>(&row, j)), g + j);
                    gradients.AsSpan(0, own.Length).CopyTo(own);
                }
            }
            for (int i = 0; i < sums.Length; i++)
                DParameters[i] = (float)sums[i];
        }
    }
}
