using System.Numerics;
using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The rows of one task against blocks of keys, strip by strip.</summary>
/// <remarks>
/// <para>For each block of keys (a multiple of the panel, at absolute multiples of <see cref="AttentionCall.Block"/>) and each strip of rows (a register tile high):
/// scores of the strip against the panels that the mask leaves, softmax relative to the strip's own maximum while they are in the first-level cache, product with the
/// values from zero, then one merge with what earlier blocks said. A block's result thus depends on nothing but the row and the block, which is why whole, chunked
/// and cached attention, and any split over threads, have the same bits.</para>
/// <para>Keys are packed transposed in panels on first use by the task, and so are values and queries whose rows do not lie side by side. A task of one strip reads both
/// as they lie (ForwardTile.Few.cs).</para>
/// </remarks>
internal unsafe ref partial struct ForwardTile<TModifier, TMask>
    where TModifier : unmanaged, IScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    // Panels that a mask is asked about together before it is asked about each.
    private const int PanelsAtOnce = 4;

    private readonly AttentionForward<TModifier, TMask>* s;
    private readonly int b, head, firstRow, rows, strips, queryStride, scoreStride, valueStride, stride, block, panel, panelBits, height;
    private readonly AttentionSequence sequence;
    private readonly Scratch scratch;
    private readonly float* queries, scores, keyPanels, valuePanels, widened;
    private readonly bool inPlace, isFew;   // values are read as they lie; so few rows that keys are too, without a copy
    private readonly ScoreRow* contexts;
    private readonly int* live;
    private readonly int* starts;   // of the strips, and the end of the last one
    private readonly byte* coverage;
    private readonly bool* keysReady;
    private readonly bool* valuesReady;
    private int firstKey, filled;   // of the block: local index of its first key; whose panels are ready
    private int missing;            // panels of the block whose keys are not packed yet
    private int wholePanels;        // if the last strip saw the whole block: how many panels that is, which stand in live and coverage; else 0
    private bool isCut, wholeIsCut; // a panel of the strip is looked at pair by pair
    private int known;              // contexts that are filled for some row of the task
    private NextTask next;

    public ForwardTile(AttentionForward<TModifier, TMask>* s, int b, int head, AttentionSequence sequence, int firstRow, int rows, int panel, int height, byte* memory)
    {
        this.s = s;
        (this.b, this.head, this.sequence, this.firstRow, this.rows, this.panel, this.height) = (b, head, sequence, firstRow, rows, panel, height);
        block = s->Call.Block;
        panelBits = BitOperations.Log2((uint)panel);
        starts = (int*)(memory + (height * sizeof(ScoreRow)));
        strips = Strips.Cut(firstRow, rows, s->StripPeriod, height, starts);
        bool readsQueries = s->Call.Group == 1 && s->Call.StridesQ.Row == s->Call.Dim;
        queryStride = readsQueries ? s->Call.Dim : Odd(s->Call.Dim);
        valueStride = Padded(s->Call.ValueDim, panel);
        stride = ContextStride(s->Call.ValueDim, s->Call.ValueRows, panel);
        scoreStride = block + 16;
        inPlace = (strips == 1 || (s->Call.StridesV.Row == s->Call.ValueDim && !s->Call.IsShort)) && s->Call.ValueDim > 0 && s->Call.ValueDim % panel == 0;
        isFew = inPlace && rows <= FewRows.Most(panel) && FewRows.Fits(s->Call.Dim, s->Call.ValueDim, s->Call.IsShort);
        long sizeQ = readsQueries ? 0 : (long)rows * queryStride, sizeS = (long)height * scoreStride;
        long sizeK = (long)(strips == 1 ? panel : block) * Math.Max(s->Call.Dim, 1), sizeV = inPlace ? 0 : (long)block * valueStride;
        int widest = s->Call.IsShort ? Math.Max(s->Call.Dim, s->Call.ValueDim) : 0;
        scratch = new(sizeQ + sizeS + sizeK + sizeV + ((long)panel * widest) + 64);
        queries = readsQueries ? s->Call.QueryRow(b, head, sequence.FirstQuery + firstRow) : scratch.Pointer;
        scores = scratch.Pointer + sizeQ;
        keyPanels = scores + sizeS;
        valuePanels = keyPanels + sizeK;
        widened = valuePanels + sizeV;
        contexts = (ScoreRow*)memory;
        live = starts + Strips.Most(rows, height) + 1;
        coverage = (byte*)(live + (block / panel));
        keysReady = (bool*)(coverage + (block / panel));
        valuesReady = keysReady + (block / panel);
        filled = int.MinValue;
    }

    /// <summary>Bytes of stack memory that a tile needs.</summary>
    public static int Memory(int rows, int block, int panel, int height) => (height * sizeof(ScoreRow)) + ((Strips.Most(rows, height) + 1) * sizeof(int)) + (block / panel * (sizeof(int) + 3));

    public static int Padded(int columns, int panel) => Math.Max(1, (columns + panel - 1) / panel) * panel;

    /// <summary>Floats of a row's context: the sum of the values, then the weight of each row of the value table, if there is one.</summary>
    public static int ContextStride(int valueDim, int valueRows, int panel) => Padded(valueDim, panel) + (valueRows == 0 ? 0 : Padded(valueRows, panel));

    public readonly int StripCount => strips;

    /// <summary>The first row of a strip in the task; of the strip behind the last, the number of rows.</summary>
    public readonly int FirstRow(int strip) => starts[strip];

    public readonly int Stride => stride;

    public readonly void Dispose() => scratch.Dispose();

    // An odd number of cache lines, so that the rows of a strip do not share cache sets.
    private static int Odd(int length) => (((length + 15) / 16) | 1) * 16;

    /// <summary>Copies the rows' queries; not those that lie side by side as they are.</summary>
    public readonly void LoadQueries()
    {
        if (queries != scratch.Pointer)
            return;
        int group = s->Call.Group;
        for (int r = 0; r < rows; r++)
        {
            int row = firstRow + r;
            new ReadOnlySpan<float>(s->Call.QueryRow(b, (head * group) + (row % group), sequence.FirstQuery + (row / group)), s->Call.Dim)
                .CopyTo(new Span<float>(queries + ((nint)r * queryStride), s->Call.Dim));
        }
    }

    /// <summary>One strip against one block; false if it sees nothing there.</summary>
    public bool Strip<V>(int blockIndex, int strip, RowState* states, float* context)
        where V : unmanaged, ISimd<V>
    {
        firstKey = (int)(((long)blockIndex * block) - s->Call.KeyPosition);
        if (filled != blockIndex)
        {
            new Span<byte>(keysReady, 2 * block / panel).Clear();
            filled = blockIndex;
            missing = block >> panelBits;
            wholePanels = 0;
        }
        int row = starts[strip], count = starts[strip + 1] - row, panels = Cover(firstRow + row, count);
        if (panels == 0)
            return false;
        if (!TModifier.IsIdentity || TModifier.NamesValues || s->Call.Dropout > 0 || s->Results.Looks || s->GathersTop || isCut)
        {
            for (int r = 0; r < Math.Min(count, known); r++)
                s->Call.Move(contexts + r, sequence, firstRow + row + r);
            for (; known < count; known++)
                contexts[known] = s->Call.Context(b, head, sequence, firstRow + row + known);
        }
        float* q = queries + ((nint)row * queryStride);
        bool modifies = !TModifier.IsIdentity;
        for (int i = 0, end; i < panels && strips == 1; i = end)
        {
            end = isFew ? WholeRun(i, panels) : i;
            if (end > i)
                ReadFewKeys<V>(count, q, i, end);
            else
                ReadKeys<V>(count, q, (end = i + 1) - 1, panels);
        }
        for (int i = 0, end; i < panels && strips > 1; i = end)
        {
            end = Run(i, panels);
            for (int j = i; j < end && missing > 0; j++)
            {
                if (!keysReady[live[j] >> panelBits])
                    LoadKeys<V>(live[j] >> panelBits);
            }
            float* keys = keyPanels + ((nint)live[i] * s->Call.Dim);
            GemmTile.RunPanels<V>(count, q, queryStride, 1, keys, scores + live[i], scoreStride, s->Call.Dim, end - i);
        }
        if (modifies)
        {
            StripSoftmax.Score<V, TModifier, TMask>(s->Modifier, s->Mask, s->Call.Scale, contexts, count, scores, scoreStride, live, panels, coverage, firstKey, states);
        }
        else
        {
            if (isCut)
                StripSoftmax.Cut<V, TMask>(s->Mask, contexts, count, scores, scoreStride, live, panels, coverage, firstKey);
            StripSoftmax.Maxima<V>(count, scores, scoreStride, live, panels, states);
        }
        float factor = modifies ? AttentionMath.LogTwoE : s->Call.Scale * AttentionMath.LogTwoE;
        if (s->GathersTop)
            StripSoftmax.Top<V>(scores, scoreStride, count, live, panels, firstKey, contexts, s->Results.TopWeights, s->Results.TopKeys, s->Results.TopCount);
        if (TModifier.HasDistribution)
            StripSoftmax.Distribute<V, TModifier>(s->Modifier, s->Call.TakesSlopes, scores, scoreStride, count, live, panels, contexts, s->Call.Normalizers, states);
        else if (!s->Results.Looks)
            StripSoftmax.Run<V, StripSoftmax.NoLook>(scores, scoreStride, count, live, panels, factor, firstKey, contexts, states);
        else if (s->Results.Distance == null)
            StripSoftmax.Run<V, StripSoftmax.ShortLook>(scores, scoreStride, count, live, panels, factor, firstKey, contexts, states);
        else
            StripSoftmax.Run<V, StripSoftmax.FullLook>(scores, scoreStride, count, live, panels, factor, firstKey, contexts, states);
        if (s->Call.Dropout > 0)
        {
            ulong* keys = stackalloc ulong[height];
            for (int r = 0; r < count; r++)
                keys[r] = s->Call.RowKey(contexts + r);
            StripSoftmax.Drop<V>(scores, scoreStride, count, live, panels, s->Call.Dropout, keys, (uint)(blockIndex * block));
        }
        Values<V>(count, panels, context);
        if (TModifier.NamesValues && s->Call.ValueRows > 0)
            ValueMass<V>(count, panels, context + valueStride);
        if (!StripSoftmax.IsFinite<V>(context, (nint)count * stride))
            Careful<V>(count, panels, context);
        return true;
    }

    // Which panels of the block the strip must look at.
    private int Cover(int row, int count)
    {
        isCut = false;
        int first = Math.Max(0, -firstKey), end = Math.Min(block, sequence.Keys - firstKey), n = 0;
        if (first >= end)
            return 0;
        MaskTile tile = s->Call.Tile(b, head, sequence, row, count, firstKey, block);
        TileCoverage whole = s->Mask.Cover(tile);
        if (whole == TileCoverage.None)
            return 0;
        if (whole == TileCoverage.All && wholePanels > 0)
        {
            isCut = wholeIsCut;
            return wholePanels;
        }
        for (int p = first >> panelBits, last = (end - 1) >> panelBits; p <= last;)
        {
            int groupEnd = whole == TileCoverage.All ? last + 1 : Math.Min(p + PanelsAtOnce, last + 1);
            TileCoverage group = whole == TileCoverage.All ? whole : Cover(tile, p, groupEnd);
            for (; p < groupEnd; p++)
            {
                TileCoverage c = group == TileCoverage.Partly ? Cover(tile, p, p + 1) : group;
                if (c == TileCoverage.None)
                    continue;
                int key = firstKey + (p << panelBits);
                coverage[p] = c == TileCoverage.All && (key < 0 || key + panel > sequence.Keys) ? StripSoftmax.Ragged : (byte)c;
                isCut |= coverage[p] != (byte)TileCoverage.All;
                live[n++] = p << panelBits;
            }
        }
        (wholePanels, wholeIsCut) = (whole == TileCoverage.All ? n : 0, isCut);
        return n;
    }

    // What the mask says of the panels first … end − 1.
    private readonly TileCoverage Cover(in MaskTile tile, int first, int end) =>
        s->Mask.Cover(tile with { FirstKey = Math.Max(firstKey + (first << panelBits), 0), LastKey = Math.Min(firstKey + (end << panelBits), sequence.Keys) - 1 });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LoadKeys<V>(int p)
        where V : unmanaged, ISimd<V>
    {
        (int key, int lead, int keys) = Part(p);
        (nint start, nint stride) = Source(s->Call.K, s->Call.StridesK, key, keys, s->Call.Dim);
        KeysAhead((p + 1) * panel).Fetch(int.MaxValue);
        PackKeys<V>((float*)start, stride, keyPanels + ((nint)p * panel * s->Call.Dim), lead, keys, s->Call.Dim);
        keysReady[p] = true;
        missing--;
    }

    // Some dimensions of a panel's keys, transposed; zeros where there is no key.
    private readonly void PackKeys<V>(float* start, nint stride, float* slot, int lead, int keys, int depth)
        where V : unmanaged, ISimd<V>
    {
        if (lead == 0)
        {
            Packing.Panel<V>(start, 1, stride, slot, depth, keys);
            return;
        }
        new Span<float>(slot, panel * depth).Clear();
        Transpose.Run(start, stride, slot + lead, panel, keys, depth);
    }

    // The keys of a panel that exist: the first one, how many lanes come before it, how many there are.
    private readonly (int Key, int Lead, int Keys) Part(int p)
    {
        int key = firstKey + (p * panel), lead = Math.Max(0, -key);
        return (key + lead, lead, Math.Min(panel, sequence.Keys - key) - lead);
    }

    // Some rows of keys or values in float32: where they lie, or a widened copy.
    private readonly (nint Start, nint Stride) Source(float* operand, in AttentionStrides strides, int key, int keys, int size)
    {
        long offset = s->Call.Offset(strides, b, head, sequence.FirstKey + key);
        if (!s->Call.IsShort)
            return ((nint)(operand + offset), (nint)strides.Row);
        for (int j = 0; j < keys; j++)
            BFloat16.Widen((ushort*)operand + offset + (j * strides.Row), widened + ((nint)j * size), size);
        return ((nint)widened, size);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void LoadValues<V>(int p)
        where V : unmanaged, ISimd<V>
    {
        float* slot = valuePanels + ((nint)p * panel * panel);
        (int key, int lead, int keys) = Part(p);
        (nint start, nint stride) = Source(s->Call.V, s->Call.StridesV, key, keys, s->Call.ValueDim);
        for (int c = 0; c < valueStride; c += panel, slot += (nint)block * panel)
        {
            if (keys < panel)
                new Span<float>(slot, panel * panel).Clear();
            Packing.Panel<V>((float*)start + c, stride, 1, slot + (lead * panel), keys, Math.Clamp(s->Call.ValueDim - c, 0, panel));
        }
        valuesReady[p] = true;
    }

    // context = weights · values, over runs of neighbouring panels.
    private void Values<V>(int count, int panels, float* context)
        where V : unmanaged, ISimd<V>
    {
        if (isFew)
        {
            ReadFewValues<V>(count, panels, context);
            return;
        }
        if (strips == 1 && inPlace)
        {
            ReadValues<V>(count, panels, context);
            return;
        }
        for (int i = 0; i < panels && !inPlace; i++)
        {
            if (!valuesReady[live[i] >> panelBits])
                LoadValues<V>(live[i] >> panelBits);
        }
        for (int i = 0, end; i < panels; i = end)
        {
            end = Run(i, panels);
            // What a mask cut off at both ends is left out: a weight of 0 adds nothing.
            int first = live[i] + (isCut && i == 0 ? StripSoftmax.Weighed<V>(scores + live[i], scoreStride, count).First : 0);
            ValueRows v = Rows(first, live[end - 1] + panel);
            if (isCut && end == panels)
                v.Depth = Math.Clamp(live[end - 1] + StripSoftmax.Weighed<V>(scores + live[end - 1], scoreStride, count).End - first - v.Skip, 0, v.Depth);
            float* weights = scores + first + v.Skip;
            if (next.LinesAtOnce == 0)
            {
                GemmTile.RunColumns<V>(count, weights, scoreStride, 1, v.Source, v.Stride, v.Columns, context, stride, v.Depth, i == 0 ? null : context, stride, valueStride >> panelBits);
                continue;
            }
            for (int c = 0; c < valueStride; c += panel)
            {
                next.Fetch();
                float* to = context + c;
                GemmTile.Run<V>(count, weights, scoreStride, 1, v.Panel(c >> panelBits), v.Stride, to, stride, v.Depth, i == 0 ? null : to, stride);
            }
        }
    }

    // The end of the run of neighbouring live panels that starts with the i-th.
    private readonly int Run(int i, int panels)
    {
        if (live[panels - 1] - live[i] == (panels - 1 - i) << panelBits)
            return panels;
        for (i++; i < panels && live[i] == live[i - 1] + panel; i++)
        {
        }
        return i;
    }

    // The values of the keys first … end − 1 of the block: packed, or as they lie; widened ones of one panel only.
    private readonly ValueRows Rows(int first, int end)
    {
        if (!inPlace)
            return new() { Source = valuePanels + ((nint)first * panel), Stride = panel, Columns = (nint)block * panel, Depth = end - first };
        int key = firstKey + first, lead = Math.Max(0, -key), keys = Math.Max(0, Math.Min(firstKey + end, sequence.Keys) - key - lead);
        (nint start, nint stride) = Source(s->Call.V, s->Call.StridesV, key + lead, keys, s->Call.ValueDim);
        return new() { Source = (float*)start, Stride = stride, Columns = panel, Skip = lead, Depth = keys };
    }

    private struct ValueRows
    {
        public float* Source;
        public nint Stride, Columns;
        public int Skip, Depth;   // weights before the first row, rows

        public readonly float* Panel(int c) => Source + (c * Columns);
    }

    // The weight that each row of the value table gets from the strip's keys.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ValueMass<V>(int count, int panels, float* mass)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < count; r++, mass += stride)
        {
            new Span<float>(mass, stride - valueStride).Clear();
            for (int p = 0; p < panels; p++)
            {
                for (int i = live[p]; i < live[p] + panel; i += V.Width)
                    StripSoftmax.AddMass(V.Load(scores + ((nint)r * scoreStride) + i), s->Modifier.ValueIndex(new ScoreContext<V>(contexts + r, firstKey + i)), mass, s->Call.ValueRows);
            }
        }
    }

    // The product again where it is not finite: keys of weight 0 contribute nothing, whatever their values are.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void Careful<V>(int count, int panels, float* context)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < count; r++)
            new Span<float>(context + ((nint)r * stride), valueStride).Clear();
        for (int i = 0; i < panels; i++)
        {
            ValueRows part = Rows(live[i], live[i] + panel);
            for (int r = 0; r < count; r++)
            {
                float* weights = scores + ((nint)r * scoreStride) + live[i] + part.Skip;
                for (int c = 0; c < valueStride; c += V.Width)
                {
                    float* v = part.Panel(c / panel) + (c % panel), to = context + ((nint)r * stride) + c;
                    V sum = V.Load(to);
                    for (int k = 0; k < part.Depth; k++, v += part.Stride)
                    {
                        if (weights[k] != 0)
                            sum = V.FusedMultiplyAdd(V.Create(weights[k]), V.Load(v), sum);
                    }
                    V.Store(sum, to);
                }
            }
        }
    }
}
