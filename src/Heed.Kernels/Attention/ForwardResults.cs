namespace Heed.Kernels;

/// <summary>Where a forward pass writes: the output and the statistics that are asked for.</summary>
internal unsafe struct ForwardResults
{
    public float* O, LogSumExp, Maximum, Entropy, Distance, ValueMass;
    public int* ArgMax;

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
            LogSumExp[at] = call.Normalizers != null ? call.Normalizers[at] : empty ? float.NegativeInfinity : (float)((state.Maximum * AttentionMath.LogTwoWide) + log);
        if (Maximum != null)
            Maximum[at] = largest;
        if (Entropy != null)
            Entropy[at] = empty ? 0 : ((keys * log) - (AttentionMath.LogTwo * state.Exponents)) / state.Sum;
        if (Distance != null)
            Distance[at] = empty ? 0 : state.Distance / state.Sum;
        if (ArgMax != null)
            ArgMax[at] = state.ArgMax;
    }
}
