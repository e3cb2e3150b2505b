namespace Heed.Kernels;

/// <summary>What is done with a checked and pinned attention.</summary>
internal interface IAttentionAction
{
    void Invoke(AttentionCall call);
}

/// <summary>Checks the operands of an attention and pins them for the time of a call.</summary>
internal static unsafe class AttentionPins
{
    public static void Run<TAction>(
        string operation, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, in AttentionShape s, ReadOnlySpan<float> parameters, in AttentionOptions o, ref TAction action)
        where TAction : struct, IAttentionAction, allows ref struct
    {
        bool packed = !o.QueryOffsets.IsEmpty;
        AttentionCheck.Operand(operation, nameof(q), q.Length, s.QueryStrides, s.Batch, s.HeadCount, s.Queries, s.HeadDim, packed, isResult: false);
        AttentionCheck.Operand(operation, nameof(k), k.Length, s.KeyStrides, s.Batch, s.KeyValueHeadCount, s.Keys, s.HeadDim, packed, isResult: false);
        AttentionCheck.Operand(operation, nameof(v), v.Length, s.ValueStrides, s.Batch, s.KeyValueHeadCount, s.Keys, s.ValueDim, packed, isResult: false);
        Pin(q, k, v, s, parameters, o, ref action);
    }

    /// <summary>Pins without a check.</summary>
    public static void Pin<TAction>(
        ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, in AttentionShape s, ReadOnlySpan<float> parameters, in AttentionOptions o, ref TAction action)
        where TAction : struct, IAttentionAction, allows ref struct
    {
        long rows = s.Rows(!o.QueryOffsets.IsEmpty);
        fixed (float* pq = q, pk = k, pv = v, pp = parameters, sinks = o.Sinks, queryTerms = o.QueryTerms, keyTerms = o.KeyTerms, table = o.QueryTable, valueTable = o.ValueTable)
        fixed (int* queryLengths = o.QueryLengths, queryStarts = o.QueryStarts, keyLengths = o.KeyLengths, keyStarts = o.KeyStarts)
        fixed (int* queryOffsets = o.QueryOffsets, keyOffsets = o.KeyOffsets, numbers = o.MaskNumbers)
        fixed (bool* flags = o.MaskFlags)
        {
            AttentionCall call = new()
            {
                Q = pq, K = pk, V = pv,
                StridesQ = s.QueryStrides, StridesK = s.KeyStrides, StridesV = s.ValueStrides, StridesO = s.OutputStrides,
                Batch = s.Batch, Heads = s.HeadCount, KeyValueHeads = s.KeyValueHeadCount, Group = s.Group, Queries = s.Queries, Keys = s.Keys, Dim = s.HeadDim, ValueDim = s.ValueDim,
                Scale = ScaleOf(s, o), Dropout = o.Dropout, DropoutKey = o.DropoutKey, Sinks = sinks,
                ValueTable = valueTable, ValueRows = s.ValueDim == 0 ? 0 : o.ValueTable.Length / s.ValueDim,
                QueryLengths = queryLengths, QueryStarts = queryStarts, KeyLengths = keyLengths, KeyStarts = keyStarts, QueryOffsets = queryOffsets, KeyOffsets = keyOffsets,
                KeyPosition = o.KeyPosition, QueryPosition = o.QueryPosition,
                Source = new()
                {
                    Parameters = pp, ParameterCount = parameters.Length, Numbers = numbers, NumberCount = o.MaskNumbers.Length, Flags = flags, FlagCount = o.MaskFlags.Length,
                    QueryTerms = queryTerms, KeyTerms = keyTerms, QueryTable = table, TableWidth = rows == 0 ? 0 : checked((int)(o.QueryTable.Length / rows)),
                },
            };
            action.Invoke(call);
        }
    }

    /// <summary>The factor of the scores.</summary>
    public static float ScaleOf(in AttentionShape s, in AttentionOptions o) => o.Scale ?? (s.HeadDim == 0 ? 1 : (float)(1 / Math.Sqrt(s.HeadDim)));
}
