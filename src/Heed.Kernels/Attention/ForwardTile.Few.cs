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
}
