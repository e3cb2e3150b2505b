namespace Heed.Kernels;

/// <summary><see cref="FusedAttention"/> in double precision: plain loops over the whole matrix, the oracle of tests and checkers.</summary>
/// <remarks>Shapes, layouts and edges as <see cref="FusedAttention"/> has them; the same structs run, one <see cref="ReferenceLane"/> at a time. Terms, tables and sinks are
/// those of the options, or in double those of <see cref="ReferenceAttentionTerms"/>.</remarks>
public static unsafe class ReferenceAttention
{
    /// <summary>Output, and if given the weights before dropout (rows, keys), log-sum-exp (rows) and entropies (rows).</summary>
    public static void Forward<TModifier, TMask>(
        ReadOnlySpan<double> q, ReadOnlySpan<double> k, ReadOnlySpan<double> v, Span<double> output, in AttentionShape shape, TModifier modifier, TMask mask,
        ReadOnlySpan<double> parameters = default, in AttentionOptions options = default, Span<double> weights = default, Span<double> logSumExp = default, Span<double> entropy = default, in ReferenceAttentionTerms terms = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        AttentionCheck.Shape("ReferenceAttention.Forward", shape, options);
        modifier.Check(shape, options, parameters.Length);
        mask.Check(shape, options);
        Action<TModifier, TMask> action = new()
        {
            Q = q, K = k, V = v, Parameters = parameters, Modifier = modifier, Mask = mask, Output = output, Weights = weights, LogSumExp = logSumExp, Entropy = entropy, Terms = terms.Or(options),
        };
        AttentionPins.Pin(default, default, default, shape, default, options, ref action);
    }

    /// <summary>The gradients, added to what is there: of queries, keys, values, and if given of parameters, sinks, terms and table.</summary>
    public static void Backward<TModifier, TMask>(
        ReadOnlySpan<double> dOutput, ReadOnlySpan<double> q, ReadOnlySpan<double> k, ReadOnlySpan<double> v, in ReferenceAttentionGradients gradients, in AttentionShape shape,
        TModifier modifier, TMask mask, ReadOnlySpan<double> parameters = default, in AttentionOptions options = default, in ReferenceAttentionTerms terms = default)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        const string Operation = "ReferenceAttention.Backward";
        AttentionCheck.Shape(Operation, shape, options);
        modifier.Check(shape, options, parameters.Length);
        mask.Check(shape, options);
        AttentionCheck.Optional(Operation, "gradients.Parameters", gradients.Parameters.Length, parameters.Length);
        AttentionCheck.Optional(Operation, "gradients.QueryTerms", gradients.QueryTerms.Length, options.QueryTerms.Length);
        AttentionCheck.Optional(Operation, "gradients.KeyTerms", gradients.KeyTerms.Length, options.KeyTerms.Length);
        AttentionCheck.Optional(Operation, "gradients.QueryTable", gradients.QueryTable.Length, options.QueryTable.Length);
        BackwardAction<TModifier, TMask> action = new()
        {
            Q = q, K = k, V = v, DO = dOutput, Parameters = parameters, Modifier = modifier, Mask = mask, G = gradients, Terms = terms.Or(options),
        };
        AttentionPins.Pin(default, default, default, shape, default, options, ref action);
    }

    // Raw scaled scores and scores of one row, and its softmax; gives log-sum-exp.
    private static double Row<TModifier, TMask>(
        in AttentionRow row, ReadOnlySpan<double> q, ReadOnlySpan<double> k, TModifier modifier, TMask mask, Span<double> scaled, Span<double> weights, Span<double> scores)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        ScoreRow context = row.Context;
        double most = double.NegativeInfinity;
        for (int j = 0; j < row.Sequence.Keys; j++)
        {
            ScoreContext<ReferenceLane> at = new(&context, j);
            double dot = 0;
            long key = row.Key(j);
            for (int i = 0; i < row.Call.Dim; i++)
                dot += q[(int)row.Query + i] * k[(int)key + i];
            scaled[j] = dot * row.Call.Scale;
            scores[j] = mask.Allows(at).IsSet ? modifier.Forward(new ReferenceLane(scaled[j]), at).Value : double.NegativeInfinity;
            most = Math.Max(most, scores[j]);
        }
        double sink = row.Terms.Sinks == null ? double.NegativeInfinity : row.Terms.Sinks[context.Head], sum = 0;
        most = Math.Max(most, sink);
        weights.Clear();
        if (double.IsNegativeInfinity(most))
            return most;
        if (TModifier.HasDistribution)
            return Distribute(modifier, most, scores, weights);
        for (int j = 0; j < row.Sequence.Keys; j++)
            sum += weights[j] = double.IsNegativeInfinity(scores[j]) ? 0 : Math.Exp(scores[j] - most);
        sum += Math.Exp(sink - most);
        foreach (ref double weight in weights)
            weight /= sum;
        return most + Math.Log(sum);
    }

    // Weights g(score − normalizer) that sum to 1; gives the normalizer.
    private static double Distribute<TModifier>(TModifier modifier, double most, ReadOnlySpan<double> scores, Span<double> weights)
        where TModifier : unmanaged, IScoreModifier
    {
        double low = most - modifier.Reach, high = most;
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2, sum = 0;
            for (int j = 0; j < scores.Length; j++)
                sum += weights[j] = modifier.Weight(new ReferenceLane(scores[j] - middle)).Value;
            (low, high) = sum > 1 ? (middle, high) : (low, middle);
        }
        return low;
    }

    private static double Keep(in AttentionRow row, int j)
    {
        ScoreRow context = row.Context;
        if (row.Call.Dropout == 0)
            return 1;
        bool drops = ReferenceLane.Uniform(row.Call.RowKey(&context), (uint)(row.Call.KeyPosition + j)).Value < row.Call.Dropout;
        return drops ? 0 : 1 / (1 - (double)row.Call.Dropout);
    }

    private struct WideTerms
    {
        public double* Sinks, QueryTerms, KeyTerms, QueryTable, ValueTable;
    }

    private readonly struct AttentionRow
    {
        public readonly AttentionCall Call;
        public readonly WideTerms Terms;
        public readonly AttentionSequence Sequence;
        public readonly ScoreRow Context;
        public readonly long Query, Output;
        private readonly int b;

        public AttentionRow(AttentionCall call, WideTerms terms, int b, int head, int query)
        {
            (Call, Terms, this.b) = (call, terms, b);
            Sequence = call.Sequence(b);
            call.Source.KeyTerms = null;
            ScoreRow context = call.Context(b, head / call.Group, Sequence, (query * call.Group) + (head % call.Group));
            context.QueryTerms = terms.QueryTerms;
            context.KeyTerms = terms.KeyTerms == null ? null : terms.KeyTerms + call.KeyTermRow(b, context.KeyValueHead, Sequence.FirstKey);
            context.QueryTable = terms.QueryTable;
            Context = context;
            Query = call.Offset(call.StridesQ, b, head, Sequence.FirstQuery + query);
            Output = call.Offset(call.StridesO, b, head, Sequence.FirstQuery + query);
        }

        public long Key(int j) => Call.Offset(Call.StridesK, b, Context.KeyValueHead, Sequence.FirstKey + j);

        public long Value(int j) => Call.Offset(Call.StridesV, b, Context.KeyValueHead, Sequence.FirstKey + j);

        // The vector that a modifier adds to a value, or null.
        public double* Added<TModifier>(TModifier modifier, int j)
            where TModifier : unmanaged, IScoreModifier
        {
            ScoreRow context = Context;
            if (!TModifier.NamesValues || Terms.ValueTable == null)
                return null;
            long index = (long)modifier.ValueIndex(new ScoreContext<ReferenceLane>(&context, j)).Value;
            if ((ulong)index >= (ulong)Call.ValueRows)
                ScoreRead.Throw("row of the value table", index, Call.ValueRows);
            return Terms.ValueTable + (index * Call.ValueDim);
        }

        public long KeyTerm => Call.KeyTermRow(b, Context.KeyValueHead, Sequence.FirstKey);
    }

    private ref struct Action<TModifier, TMask> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        public ReadOnlySpan<double> Q, K, V, Parameters;
        public Span<double> Output, Weights, LogSumExp, Entropy;
        public ReferenceAttentionTerms Terms;
        public TModifier Modifier;
        public TMask Mask;

        public readonly void Invoke(AttentionCall call)
        {
            fixed (double* parameters = Parameters, sinks = Terms.Sinks, queryTerms = Terms.QueryTerms, keyTerms = Terms.KeyTerms, table = Terms.QueryTable, valueTable = Terms.ValueTable)
            {
                WideTerms wide = new() { Sinks = sinks, QueryTerms = queryTerms, KeyTerms = keyTerms, QueryTable = table, ValueTable = valueTable };
                call.Source.Parameters = parameters;
                call.Source.ParameterCount = Parameters.Length;
                Output.Clear();
                Weights.Clear();
                LogSumExp.Fill(double.NegativeInfinity);
                Entropy.Clear();
                for (int b = 0; b < call.Batch; b++)
                {
                    for (int i = 0; i < call.Heads * call.Sequence(b).Queries; i++)
                        One(new(call, wide, b, i % call.Heads, i / call.Heads));
                }
            }
        }

        private readonly void One(in AttentionRow row)
        {
            int keys = row.Sequence.Keys, at = (int)row.Context.Row;
            double[] scaled = new double[keys], scores = new double[keys], weights = new double[keys];
            double log = Row(row, Q, K, Modifier, Mask, scaled, weights, scores), entropy = 0;
            for (int j = 0; j < keys; j++)
            {
                if (weights[j] == 0)
                    continue;
                entropy -= weights[j] * Math.Log(weights[j]);
                double w = weights[j] * Keep(row, j);
                double* added = row.Added(Modifier, j);
                for (int i = 0; i < row.Call.ValueDim && w != 0; i++)
                    Output[(int)row.Output + i] += w * (V[(int)row.Value(j) + i] + (added == null ? 0 : added[i]));
            }
            if (!Weights.IsEmpty)
                weights.CopyTo(Weights.Slice((at * row.Call.Keys) + row.Sequence.FirstKey, keys));
            if (!LogSumExp.IsEmpty)
                LogSumExp[at] = log;
            if (!Entropy.IsEmpty)
                Entropy[at] = entropy;
        }
    }

    private ref struct BackwardAction<TModifier, TMask> : IAttentionAction
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        public ReadOnlySpan<double> Q, K, V, DO, Parameters;
        public ReferenceAttentionGradients G;
        public ReferenceAttentionTerms Terms;
        public TModifier Modifier;
        public TMask Mask;

        public readonly void Invoke(AttentionCall call)
        {
            fixed (double* parameters = Parameters, sinks = Terms.Sinks, wideQueryTerms = Terms.QueryTerms, wideKeyTerms = Terms.KeyTerms, wideTable = Terms.QueryTable, wideValueTable = Terms.ValueTable)
            fixed (double* parameterSums = G.Parameters, queryTerms = G.QueryTerms, keyTerms = G.KeyTerms, table = G.QueryTable)
            {
                WideTerms wide = new() { Sinks = sinks, QueryTerms = wideQueryTerms, KeyTerms = wideKeyTerms, QueryTable = wideTable, ValueTable = wideValueTable };
                call.Source.Parameters = parameters;
                call.Source.ParameterCount = Parameters.Length;
                for (int b = 0; b < call.Batch; b++)
                {
                    for (int i = 0; i < call.Heads * call.Sequence(b).Queries; i++)
                    {
                        AttentionRow row = new(call, wide, b, i % call.Heads, i / call.Heads);
                        ScoreRow context = row.Context;
                        context.ParameterSums = parameterSums;
                        context.QueryTermSum = queryTerms == null ? null : queryTerms + context.Row;
                        context.KeyTermSums = keyTerms == null ? null : keyTerms + row.KeyTerm;
                        context.TableSums = table == null ? null : table + (context.Row * context.TableWidth);
                        One(row, &context);
                    }
                }
            }
        }

        private readonly void One(in AttentionRow row, ScoreRow* context)
        {
            int keys = row.Sequence.Keys, at = (int)row.Context.Row, dim = row.Call.Dim, valueDim = row.Call.ValueDim;
            double[] scaled = new double[keys], scores = new double[keys], weights = new double[keys], d = new double[keys];
            double log = Row(row, Q, K, Modifier, Mask, scaled, weights, scores), dot = 0, entropy = 0, total = 0, slopes = 0;
            for (int j = 0; j < keys; j++)
            {
                if (weights[j] == 0)
                    continue;
                double keep = Keep(row, j), value = 0;
                double* added = row.Added(Modifier, j);
                for (int i = 0; i < valueDim; i++)
                {
                    value += DO[(int)row.Output + i] * (V[(int)row.Value(j) + i] + (added == null ? 0 : added[i]));
                    if (added != null && !G.ValueTable.IsEmpty)
                        G.ValueTable[(int)(added - row.Terms.ValueTable) + i] += weights[j] * keep * DO[(int)row.Output + i];
                    G.Value[(int)row.Value(j) + i] += weights[j] * keep * DO[(int)row.Output + i];
                }
                d[j] = value * keep;
                double slope = TModifier.HasDistribution ? Modifier.Slope(new ReferenceLane(weights[j])).Value : weights[j];
                dot += slope * d[j];
                slopes += slope;
                entropy -= weights[j] * Math.Log(weights[j]);
                total += weights[j];
            }
            if (TModifier.HasDistribution && slopes > 0)
                dot /= slopes;
            double fromLog = G.FromLogSumExp.IsEmpty ? 0 : G.FromLogSumExp[at], fromEntropy = G.FromEntropy.IsEmpty ? 0 : G.FromEntropy[at];
            for (int j = 0; j < keys; j++)
            {
                if (weights[j] == 0)
                    continue;
                double ds = (TModifier.HasDistribution ? Modifier.Slope(new ReferenceLane(weights[j])).Value : weights[j]) * (d[j] - dot + fromLog - (fromEntropy * (Math.Log(weights[j]) + entropy + 1 - total)));
                ds = row.Call.Scale * Modifier.Backward(new ReferenceLane(ds), new(scaled[j]), new ScoreContext<ReferenceLane>(context, j), new ParameterGradient<ReferenceLane>(context, j)).Value;
                for (int i = 0; i < dim; i++)
                {
                    G.Query[(int)row.Query + i] += ds * K[(int)row.Key(j) + i];
                    G.Key[(int)row.Key(j) + i] += ds * Q[(int)row.Query + i];
                }
            }
            if (!G.Sinks.IsEmpty && row.Terms.Sinks != null)
                G.Sinks[context->Head] += Math.Exp(row.Terms.Sinks[context->Head] - log) * (fromLog - dot - (fromEntropy * (entropy - total)));
        }
    }
}

/// <summary>Where <see cref="ReferenceAttention.Backward"/> adds its results; as <see cref="AttentionGradients"/>, in double. The first three are required.</summary>
public readonly ref struct ReferenceAttentionGradients
{
    /// <summary>∂L/∂q.</summary>
    public Span<double> Query { get; init; }

    /// <summary>∂L/∂k.</summary>
    public Span<double> Key { get; init; }

    /// <summary>∂L/∂v.</summary>
    public Span<double> Value { get; init; }

    /// <summary>Of the parameters, or empty.</summary>
    public Span<double> Parameters { get; init; }

    /// <summary>Of the sinks, or empty.</summary>
    public Span<double> Sinks { get; init; }

    /// <summary>Of the query terms, or empty.</summary>
    public Span<double> QueryTerms { get; init; }

    /// <summary>Of the key terms, or empty.</summary>
    public Span<double> KeyTerms { get; init; }

    /// <summary>Of the table, or empty.</summary>
    public Span<double> QueryTable { get; init; }

    /// <summary>Of the value table, or empty.</summary>
    public Span<double> ValueTable { get; init; }

    /// <summary>∂L/∂(log-sum-exp), or empty.</summary>
    public ReadOnlySpan<double> FromLogSumExp { get; init; }

    /// <summary>∂L/∂(entropy), or empty.</summary>
    public ReadOnlySpan<double> FromEntropy { get; init; }
}

/// <summary>Sinks, terms and tables of <see cref="AttentionOptions"/> in double precision; what is empty is taken from the options.</summary>
public readonly ref struct ReferenceAttentionTerms
{
    /// <summary><see cref="AttentionOptions.Sinks"/>.</summary>
    public ReadOnlySpan<double> Sinks { get; init; }

    /// <summary><see cref="AttentionOptions.QueryTerms"/>.</summary>
    public ReadOnlySpan<double> QueryTerms { get; init; }

    /// <summary><see cref="AttentionOptions.KeyTerms"/>.</summary>
    public ReadOnlySpan<double> KeyTerms { get; init; }

    /// <summary><see cref="AttentionOptions.QueryTable"/>.</summary>
    public ReadOnlySpan<double> QueryTable { get; init; }

    /// <summary><see cref="AttentionOptions.ValueTable"/>.</summary>
    public ReadOnlySpan<double> ValueTable { get; init; }

    internal ReferenceAttentionTerms Or(in AttentionOptions options) => new()
    {
        Sinks = Or(nameof(Sinks), Sinks, options.Sinks),
        QueryTerms = Or(nameof(QueryTerms), QueryTerms, options.QueryTerms),
        KeyTerms = Or(nameof(KeyTerms), KeyTerms, options.KeyTerms),
        QueryTable = Or(nameof(QueryTable), QueryTable, options.QueryTable),
        ValueTable = Or(nameof(ValueTable), ValueTable, options.ValueTable),
    };

    private static ReadOnlySpan<double> Or(string name, ReadOnlySpan<double> wide, ReadOnlySpan<float> narrow)
    {
        AttentionCheck.Optional("ReferenceAttention", name, wide.Length, narrow.Length);
        return wide.IsEmpty ? KernelChecker.Widen(narrow) : wide;
    }
}
