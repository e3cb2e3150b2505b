using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Where a forward pass writes: the output and the statistics that are asked for.</summary>
internal unsafe struct ForwardResults
{
    public float* O, LogSumExp, Maximum, Entropy, Distance, ValueMass;
    public float* TopWeights;   // (rows, TopCount): scores until the end
    public int* ArgMax, TopKeys;
    public int TopCount;

    /// <summary>Whether more than sums and maxima are asked for.</summary>
    public readonly bool Looks => Entropy != null || Distance != null || ArgMax != null;

    /// <summary>A row's end: the sink, the division, the statistics.</summary>
    /// <param name="mass">Weight of each row of the value table, or null.</param>
    public readonly void Finish<V>(ref readonly AttentionCall call, int b, int head, int row, RowState state, float* context, int columns, float* mass)
        where V : unmanaged, ISimd<V>
    {
        // The largest score of a key: a sink is none.
        float keys = state.Sum, largest = keys == 0 ? float.NegativeInfinity : state.Maximum * AttentionMath.LogTwo, scale = call.Dropout < 1 ? 1 / (1 - call.Dropout) : 0;
        if (call.Sinks != null)
        {
            float sink = call.Sinks[head] * AttentionMath.LogTwoE, most = Math.Max(state.Maximum, sink);
            float fa = keys == 0 ? 0 : AttentionMath.PowerOfTwo<V>(state.Maximum - most), fs = AttentionMath.PowerOfTwo<V>(sink - most);
            keys *= fa;
            scale *= fa;
            state.Exponents = fa * (state.Exponents + (fa == 0 ? 0 : (state.Maximum - most) * state.Sum));
            state.Distance *= fa;
            (state.Maximum, state.Sum) = (float.IsNaN(state.Maximum) ? state.Maximum : most, keys + fs);
        }
        float* o = O + call.Offset(call.StridesO, b, head, row);
        float factor = state.Sum == 0 ? 0 : scale / state.Sum;
        for (int i = 0; i < columns; i += V.Width)
        {
            int lanes = Math.Min(V.Width, columns - i);
            V sum = Lane.Load<V>(context + i, lanes);
            for (int j = 0; j < call.ValueRows && mass != null; j++)
            {
                if (mass[j] != 0)
                    sum = V.FusedMultiplyAdd(V.Create(mass[j]), Lane.Load<V>(call.ValueTable + ((nint)j * columns) + i, lanes), sum);
            }
            Lane.Store(sum * V.Create(factor), o + i, lanes);
        }
        long at = call.Row(b, head, row);
        for (int j = 0; j < call.ValueRows && ValueMass != null; j++)
            ValueMass[(at * call.ValueRows) + j] = mass == null ? 0 : mass[j] * factor;
        bool empty = state.Sum == 0;
        float log = empty ? 0 : AttentionMath.Log<V>(state.Sum);
        if (LogSumExp != null)
            LogSumExp[at] = call.Normalizers != null ? call.Normalizers[at] : Total(state, log);
        if (Maximum != null)
            Maximum[at] = largest;
        if (Entropy != null)
            Entropy[at] = empty ? 0 : ((keys * log) - (AttentionMath.LogTwo * state.Exponents)) / state.Sum;
        if (Distance != null)
            Distance[at] = empty ? 0 : state.Distance / state.Sum;
        if (ArgMax != null)
            ArgMax[at] = state.ArgMax;
    }
    /// <summary>Whether <see cref="FinishPlain{V}"/> does for all rows of a call.</summary>
    public readonly bool IsPlain(ref readonly AttentionCall call) => call.Sinks == null && call.ValueRows == 0 && call.Normalizers == null && !Looks;

    /// <summary>The end of many rows without a sink or further statistics: what <see cref="Finish{V}"/> does, with the logarithms of a vector of rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void FinishPlain<V>(
        ForwardResults* results, AttentionCall* call, int b, int keyValueHead, int firstQuery, int firstRow, int rows, RowState* states, float* contexts, nint stride)
        where V : unmanaged, ISimd<V>
    {
        float* logs = stackalloc float[V.Width];
        float scale = call->Dropout < 1 ? 1 / (1 - call->Dropout) : 0;
        int group = call->Group, columns = call->ValueDim, query = firstRow / group, member = firstRow % group;
        for (int first = 0; first < rows; first += V.Width)
        {
            int end = Math.Min(rows, first + V.Width);
            for (int r = first; r < end; r++)
                logs[r - first] = states[r].Sum;
            if (results->LogSumExp != null)
                V.Store(V.Log(V.Load(logs)), logs);
            for (int r = first; r < end; r++, contexts += stride)
            {
                int head = (keyValueHead * group) + member;
                float* o = results->O + call->Offset(call->StridesO, b, head, firstQuery + query);
                V factor = V.Create(states[r].Sum == 0 ? 0 : scale / states[r].Sum);
                int i = 0;
                for (; i + V.Width <= columns; i += V.Width)
                    V.Store(V.Load(contexts + i) * factor, o + i);
                if (i < columns)
                    V.Store(V.Load(contexts + i, columns - i) * factor, o + i, columns - i);
                long at = call->Row(b, head, firstQuery + query);
                if (results->LogSumExp != null)
                    results->LogSumExp[at] = Total(states[r], logs[r - first]);
                if (results->Maximum != null)
                    results->Maximum[at] = states[r].Sum == 0 ? float.NegativeInfinity : states[r].Maximum * AttentionMath.LogTwo;
                if (++member == group)
                    (member, query) = (0, query + 1);
            }
        }
    }

    private static float Total(RowState state, float log) =>
        state.Sum == 0 ? float.NegativeInfinity : (float)((state.Maximum * AttentionMath.LogTwoWide) + log);
}
