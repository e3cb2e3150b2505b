namespace Heed.Kernels;

/// <content>A task of one strip, as in decoding: keys and values as they lie, each byte read once for the whole group of heads.</content>
/// <remarks>Such a task waits for memory, not for arithmetic. The products are those of the packed path, in the same order, a few dimensions or keys at a time; while
/// they compute, the panel that comes next is fetched, line by line in the order of memory.</remarks>
internal unsafe ref partial struct ForwardTile<TModifier, TMask>
{
    // Dimensions of a panel of keys that are transposed at a time: they stay in the first-level cache until the product.
    private const int DimensionsAtOnce = 32;

    // Scores of the strip against the keys of the i-th live panel.
    private readonly void ReadKeys<V>(int count, float* q, int i, int panels)
        where V : unmanaged, ISimd<V>
    {
        (int key, int lead, int keys) = Part(live[i] >> panelBits);
        Ahead ahead = i + 1 < panels ? KeysAhead(live[i + 1]) : ValuesAhead(live[0]);
        int dim = s->Call.Dim, parts = Math.Max(1, (dim + DimensionsAtOnce - 1) / DimensionsAtOnce), lines = ahead.Lines(parts);
        float* to = scores + live[i];
        (nint start, nint rowStride) = Source(s->Call.K, s->Call.StridesK, key, keys, dim);
        for (int d = 0; d == 0 || d < dim; d += DimensionsAtOnce)
        {
            ahead.Fetch(lines);
            int depth = Math.Min(DimensionsAtOnce, dim - d);
            PackKeys<V>((float*)start + d, rowStride, keyPanels, lead, keys, depth);
            GemmTile.Run<V>(count, q + d, queryStride, 1, keyPanels, panel, to, scoreStride, depth, d == 0 ? null : to, scoreStride);
        }
    }

    // context = weights · values, panel by panel.
    private readonly void ReadValues<V>(int count, int panels, float* context)
        where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < panels; i++)
        {
            Ahead ahead = i + 1 < panels ? ValuesAhead(live[i + 1]) : KeysAhead(block);
            int lines = ahead.Lines(valueStride / panel);
            ValueRows v = Rows(live[i], live[i] + panel);
            float* weights = scores + live[i] + v.Skip;
            for (int c = 0; c < valueStride; c += panel)
            {
                ahead.Fetch(lines);
                float* to = context + c;
                GemmTile.Run<V>(count, weights, scoreStride, 1, v.Panel(c / panel), v.Stride, to, stride, v.Depth, i == 0 ? null : to, stride);
            }
        }
    }

    // The same for one to four rows, whole panels of keys: without copies.
    private readonly void ReadFewKeys<V>(int count, float* q, int i, int end)
        where V : unmanaged, ISimd<V>
    {
        int key = firstKey + live[i], keys = live[end - 1] + panel - live[i];
        byte* k = (byte*)s->Call.K + (s->Call.Offset(s->Call.StridesK, b, head, sequence.FirstKey + key) * ElementSize);
        nint step = (nint)s->Call.StridesK.Row * ElementSize;
        byte* following = ValuesAhead(live[0]).Row;
        if (s->Call.IsShort)
            FewRows.Scores<V, FewRows.Shorts>(count, q, queryStride, k, step, scores + live[i], scoreStride, s->Call.Dim, keys, following);
        else
            FewRows.Scores<V, FewRows.Singles>(count, q, queryStride, k, step, scores + live[i], scoreStride, s->Call.Dim, keys, following);
    }

    private readonly void ReadFewValues<V>(int count, int panels, float* context)
        where V : unmanaged, ISimd<V>
    {
        nint step = (nint)s->Call.StridesV.Row * ElementSize;
        for (int i = 0, end; i < panels; i = end)
        {
            end = Run(i, panels);
            int key = firstKey + live[i], lead = Math.Max(0, -key), keys = Math.Min(firstKey + live[end - 1] + panel, sequence.Keys) - key - lead;
            byte* v = (byte*)s->Call.V + (s->Call.Offset(s->Call.StridesV, b, head, sequence.FirstKey + key + lead) * ElementSize);
            float* weights = scores + live[i] + lead;
            byte* following = KeysAhead(block).Row;
            if (s->Call.IsShort)
                FewRows.Values<V, FewRows.Shorts>(count, weights, scoreStride, v, step, context, stride, s->Call.ValueDim, keys, i > 0, following);
            else
                FewRows.Values<V, FewRows.Singles>(count, weights, scoreStride, v, step, context, stride, s->Call.ValueDim, keys, i > 0, following);
        }
    }

    private readonly int ElementSize => s->Call.IsShort ? sizeof(ushort) : sizeof(float);

    // The end of the run of whole panels, side by side, that starts with the i-th; i if that one is not whole.
    private readonly int WholeRun(int i, int panels)
    {
        int end = i;
        for (; end < panels && (end == i || live[end] == live[end - 1] + panel); end++)
        {
            int key = firstKey + live[end];
            if (key < 0 || key + panel > sequence.Keys)
                break;
        }
        return end;
    }
}
