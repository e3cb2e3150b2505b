using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One block of keys of one sequence and key/value head against all rows that see it: the work of a task of the backward pass.</summary>
/// <remarks>
/// <para>For each tile of rows: scores S = Q·Kᵀ and dP = dO·Vᵀ strip by strip, weights and dS in their place, then dV += Pᵀ·dO, dK += dSᵀ·Q, dQ += dS·K. Five products
/// through one register tile, which reads the transposed left operands by exchanged strides.</para>
/// <para>dK and dV stay with the task; dQ of a tile is added to memory in the order of the key blocks (<see cref="AttentionBackward{TModifier, TMask}.Await"/>). Every sum has
/// a fixed order.</para>
/// </remarks>
internal unsafe ref partial struct BackwardTile<TModifier, TMask>
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    private readonly AttentionBackward<TModifier, TMask>* s;
    private readonly int b, head, block, firstKey, keys, panels, panel, height, tileRows, dim, valueDim, strideK, strideQ, strideV, strideD, strideS;
    private readonly AttentionSequence sequence;
    private readonly Scratch scratch;
    private readonly float* keyPanels, valuePanels, keyRows, copiedQueries, copiedOutputs, scores, dScores, dKeys, dValues, product;
    private readonly bool readsQueries, readsOutputs;   // as they lie: rows side by side, of whole panels
    private readonly bool isFew;   // rows of the sequence: keys and values are read as they lie, and their gradients written where they belong
    private readonly ScoreRow* contexts;
    private readonly ulong* dropoutKeys;
    private readonly RowGradient* gradients;
    private readonly int* starts;      // of the tile's strips, and the end of the last one
    private readonly byte* coverage;   // (strips, panels)
    private readonly double* sums;     // query terms of a tile, its tables, key terms of the block
    private float* queries, dOutputs;  // of a tile
    private int strips;                // of the tile
    private bool isCut;                // a panel of the tile is looked at pair by pair

    public BackwardTile(AttentionBackward<TModifier, TMask>* s, int b, int head, int block, AttentionSequence sequence, int panel, int height)
    {
        this.s = s;
        (this.b, this.head, this.block, this.sequence, this.panel, this.height) = (b, head, block, sequence, panel, height);
        AttentionCall call = s->Call;
        (dim, valueDim) = (call.Dim, call.ValueDim);
        firstKey = block * s->KeyBlock;
        keys = Math.Min(s->KeyBlock, sequence.Keys - firstKey);
        panels = (keys + panel - 1) / panel;
        isFew = sequence.Queries * call.Group <= AttentionCall.MostFewRows;
        tileRows = isFew ? AttentionCall.MostFewRows : s->TileRows;
        readsQueries = call.Group == 1 && call.StridesQ.Row == dim && dim % panel == 0;
        readsOutputs = call.Group == 1 && call.StridesO.Row == valueDim && valueDim % panel == 0;
        strideK = Stride(dim);
        strideV = Stride(valueDim);
        strideQ = readsQueries ? dim : strideK;
        strideD = readsOutputs ? valueDim : strideV;
        strideS = s->KeyBlock + 16;
        int most = Strips.Most(tileRows, height), width = panels * panel;
        long copies = isFew ? 0 : (long)width * (dim + valueDim + (2 * strideK) + strideV);
        long parts = copies + ((long)tileRows * ((2 * strideK) + strideV + (2 * strideS)));
        long extra = (2L * ((tileRows * (1L + call.Source.TableWidth)) + width)) + (tileRows * (sizeof(ScoreRow) + sizeof(RowGradient) + sizeof(ulong)) / 4) + most + 1 + ((most * panels + 3) / 4);
        scratch = new(parts + extra + 128);
        float* at = scratch.Pointer;
        if (!isFew)
        {
            keyPanels = Take(ref at, (long)width * dim);
            valuePanels = Take(ref at, (long)width * valueDim);
            keyRows = Take(ref at, (long)width * strideK);
            dKeys = Take(ref at, (long)width * strideK);
            dValues = Take(ref at, (long)width * strideV);
            new Span<float>(keyPanels, (int)copies).Clear();
        }
        copiedQueries = Take(ref at, (long)tileRows * strideK);
        product = Take(ref at, (long)tileRows * strideK);
        copiedOutputs = Take(ref at, (long)tileRows * strideV);
        scores = Take(ref at, (long)tileRows * strideS);
        dScores = Take(ref at, (long)tileRows * strideS);
        sums = (double*)Take(ref at, 2L * ((tileRows * (1L + call.Source.TableWidth)) + width));
        contexts = (ScoreRow*)Take(ref at, tileRows * sizeof(ScoreRow) / 4);
        dropoutKeys = (ulong*)Take(ref at, tileRows * 2);
        gradients = (RowGradient*)Take(ref at, tileRows * sizeof(RowGradient) / 4);
        starts = (int*)Take(ref at, most + 1);
        coverage = (byte*)at;
        new Span<double>(KeySums, width).Clear();
    }

    private readonly double* KeySums => sums + (tileRows * (1L + s->Call.Source.TableWidth));

    public readonly void Dispose() => scratch.Dispose();

    private readonly int Stride(int columns) => (((Padded(columns) + 15) / 16) | 1) * 16;

    private readonly int Padded(int columns) => Math.Max(1, (columns + panel - 1) / panel) * panel;

    private static float* Take(ref float* at, long length)
    {
        float* start = at;
        at += length;
        return start;
    }

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        if (isFew)
        {
            Few<V>();
            return;
        }
        Load<V>();
        bool finite = StripSoftmax.IsFinite<V>(keyRows, (nint)panels * panel * strideK);
        int rows = sequence.Queries * s->Call.Group;
        for (int first = 0, tile = 0; first < rows; first += tileRows, tile++)
        {
            int count = Math.Min(tileRows, rows - first);
            bool sees = Cover(first, count);
            if (sees)
                Tile<V>(first, count, finite);
            s->Await(b, head, tile, block);
            if (sees)
                AddRows<V>(first, count);
            s->Pass(b, head, tile, block);
        }
        Store<V>();
    }

    private readonly void Load<V>()
        where V : unmanaged, ISimd<V>
    {
        for (int p = 0; p < panels; p++)
        {
            int key = firstKey + (p * panel), count = Math.Min(panel, sequence.Keys - key);
            Packing.Panel<V>(s->Call.KeyRow(b, head, sequence.FirstKey + key), 1, (nint)s->Call.StridesK.Row, keyPanels + ((nint)p * panel * dim), dim, count);
            Packing.Panel<V>(s->Call.ValueRow(b, head, sequence.FirstKey + key), 1, (nint)s->Call.StridesV.Row, valuePanels + ((nint)p * panel * valueDim), valueDim, count);
        }
        for (int j = 0; j < keys; j++)
            new ReadOnlySpan<float>(s->Call.KeyRow(b, head, sequence.FirstKey + firstKey + j), dim).CopyTo(new Span<float>(keyRows + ((nint)j * strideK), dim));
    }

    // Which panels each strip of the tile sees; false if none.
    private bool Cover(int first, int count)
    {
        bool any = false;
        isCut = panels * panel > keys;
        TileCoverage whole = s->Mask.Cover(s->Call.Tile(b, head, sequence, first, count, firstKey, keys));
        if (whole == TileCoverage.None)
            return false;
        strips = Strips.Cut(first, count, s->StripPeriod, height, starts);
        for (int n = 0, i = 0; n < strips; n++)
        {
            for (int p = 0; p < panels; p++, i++)
            {
                coverage[i] = whole == TileCoverage.All ? (byte)whole
                    : (byte)s->Mask.Cover(s->Call.Tile(b, head, sequence, first + starts[n], starts[n + 1] - starts[n], firstKey + (p * panel), panel));
                any |= coverage[i] != (byte)TileCoverage.None;
                isCut |= coverage[i] == (byte)TileCoverage.Partly;
            }
        }
        return any;
    }

    private void Tile<V>(int first, int count, bool finite)
        where V : unmanaged, ISimd<V>
    {
        Rows(first, count);
        StripGradient<TModifier, TMask> gradient = new()
        {
            Modifier = s->Modifier, Mask = s->Mask, Scale = s->Call.Scale, Dropout = s->Call.Dropout, KeyPosition = s->Call.KeyPosition,
        };
        for (int n = 0; n < strips; n++)
        {
            (gradient.Contexts, gradient.DropoutKeys, gradient.Gradients) = Pointers(starts[n]);
            Strip<V>(ref gradient, n, finite);
        }
        bool finiteRows = StripSoftmax.IsFinite<V>(queries, (nint)count * strideQ), finiteOutputs = StripSoftmax.IsFinite<V>(dOutputs, (nint)count * strideD);
        for (int k = 0; k < keys; k += height)
        {
            int height12 = Math.Min(height, keys - k);
            (int from, int to) = RowsThatSee(k, height12, count);
            if (from >= to)
                continue;
            float* p = scores + k + ((nint)from * strideS), ds = dScores + k + ((nint)from * strideS);
            if (s->Results.DV != null)
                Product<V>(height12, p, 1, strideS, dOutputs + ((nint)from * strideD), strideD, dValues + ((nint)k * strideV), strideV, valueDim, to - from, finiteOutputs, accumulate: true);
            if (s->Results.DK != null)
                Product<V>(height12, ds, 1, strideS, queries + ((nint)from * strideQ), strideQ, dKeys + ((nint)k * strideK), strideK, dim, to - from, finiteRows, accumulate: true);
        }
    }

    private readonly StripPointers Pointers(int r) => new() { Contexts = contexts + r, DropoutKeys = dropoutKeys + r, Gradients = gradients + r };

    private struct StripPointers
    {
        public ScoreRow* Contexts;
        public ulong* DropoutKeys;
        public RowGradient* Gradients;

        public readonly void Deconstruct(out ScoreRow* context, out ulong* dropout, out RowGradient* gradient)
        {
            context = Contexts;
            dropout = DropoutKeys;
            gradient = Gradients;
        }
    }

    // The rows' operands, constants and, where anything looks at them, contexts.
    private void Rows(int first, int count)
    {
        bool looks = isCut || !TModifier.IsIdentity || TModifier.NamesValues || s->Call.Dropout > 0;
        queries = readsQueries ? s->Call.QueryRow(b, head, sequence.FirstQuery + first) : copiedQueries;
        dOutputs = readsOutputs ? s->Results.DO + s->Call.Offset(s->Call.StridesO, b, head, sequence.FirstQuery + first) : copiedOutputs;
        if (looks)
            new Span<double>(sums, checked(tileRows * (1 + s->Call.Source.TableWidth))).Clear();
        for (int r = 0; r < count; r++)
        {
            (int queryHead, int row, long at) = Place(first + r);
            if (looks)
                Look(r, first + r);
            gradients[r] = s->Gradients[at];
            if (!readsQueries)
                Copy(s->Call.QueryRow(b, queryHead, row), copiedQueries + ((nint)r * strideQ), dim, strideQ);
            if (!readsOutputs)
                Copy(s->Results.DO + s->Call.Offset(s->Call.StridesO, b, queryHead, row), copiedOutputs + ((nint)r * strideD), valueDim, strideD);
        }
    }

    // Of a row of the task: its head, its row of the operands, its row of the statistics.
    private readonly (int Head, int Row, long At) Place(int row)
    {
        int group = s->Call.Group, queryHead = (head * group) + (row % group), query = sequence.FirstQuery + (row / group);
        return (queryHead, query, s->Call.Row(b, queryHead, query));
    }

    // What modifier, mask and dropout see of a row.
    private readonly void Look(int r, int row)
    {
        ScoreRow context = s->Call.Context(b, head, sequence, row);
        if (s->Results.Parameters != null)
            context.ParameterSums = s->Sums(b, head, block);
        if (s->Results.QueryTerms != null)
            context.QueryTermSum = sums + r;
        if (s->Results.QueryTable != null)
            context.TableSums = sums + tileRows + ((nint)r * s->Call.Source.TableWidth);
        if (s->Results.KeyTerms != null)
            context.KeyTermSums = KeySums - firstKey;
        if (s->ValueDots != null)
        {
            context.ValueDots = s->ValueDots + (context.Row * s->Call.ValueRows);
            context.ValueRows = s->Call.ValueRows;
        }
        contexts[r] = context;
        if (s->Call.Dropout > 0)
            dropoutKeys[r] = s->Call.RowKey(contexts + r);
    }

    private static void Copy(float* source, float* destination, int length, int stride)
    {
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
        new Span<float>(destination + length, stride - length).Clear();
    }

    private readonly void Strip<V>(ref StripGradient<TModifier, TMask> gradient, int strip, bool finite)
        where V : unmanaged, ISimd<V>
    {
        int r = starts[strip], count = starts[strip + 1] - r;
        float* x = scores + ((nint)r * strideS), d = dScores + ((nint)r * strideS);
        int firstLive = panels, endLive = 0;
        byte* covers = coverage + (strip * panels);
        bool isPlain = typeof(V) == typeof(Simd256) && StripGradient<TModifier, TMask>.IsPlain && s->Call.Dropout == 0 && s->Results.FromEntropy == null;
        for (int p = 0, end; p < panels; p = end)
        {
            bool sees = covers[p] != (byte)TileCoverage.None;
            for (end = p + 1; end < panels && (covers[end] != (byte)TileCoverage.None) == sees; end++)
            {
            }
            int at = p * panel;
            if (!sees)
            {
                for (int i = 0; i < count; i++)
                {
                    new Span<float>(x + (i * (nint)strideS) + at, (end - p) * panel).Clear();
                    new Span<float>(d + (i * (nint)strideS) + at, (end - p) * panel).Clear();
                }
                continue;
            }
            (firstLive, endLive) = (Math.Min(firstLive, p), end);
            GemmTile.RunPanels<V>(count, queries + ((nint)r * strideQ), strideQ, 1, keyPanels + ((nint)at * dim), x + at, strideS, dim, end - p);
            GemmTile.RunPanels<V>(count, dOutputs + ((nint)r * strideD), strideD, 1, valuePanels + ((nint)at * valueDim), d + at, strideS, valueDim, end - p);
            for (int q = p, plain; q < end; q = plain)
            {
                for (plain = q; isPlain && plain < end && covers[plain] == (byte)TileCoverage.All && (plain + 1) * panel <= keys; plain++)
                {
                }
                if (plain > q)
                    gradient.RunPlain(count, x + (q * panel), d + (q * panel), strideS, (plain - q) * panel);
                else
                    gradient.Run<V>(count, x + (q * panel), d + (q * panel), strideS, firstKey + (q * panel), covers[q] == (byte)TileCoverage.Partly, ((plain = q + 1) * panel) > keys);
            }
        }
        if (s->Results.DQ == null)
            return;
        float* to = product + ((nint)r * strideK);
        if (firstLive >= endLive)
        {
            new Span<float>(to, count * strideK).Clear();
            return;
        }
        int from = firstLive * panel, depth = Math.Min(endLive * panel, keys) - from;
        Product<V>(count, d + from, strideS, 1, keyRows + ((nint)from * strideK), strideK, to, strideK, dim, depth, finite, accumulate: false);
    }

    // The rows of the tile whose strips see one of the keys k … k + count − 1.
    private readonly (int From, int To) RowsThatSee(int k, int count, int rows)
    {
        int first = k / panel, last = (k + count - 1) / panel, from = rows, to = 0;
        for (int n = 0, i = 0; n < strips; n++, i += panels)
        {
            if (coverage[i + first] == (byte)TileCoverage.None && coverage[i + last] == (byte)TileCoverage.None)
                continue;
            from = Math.Min(from, starts[n]);
            to = starts[n + 1];
        }
        return (from, to);
    }

    // C (rows × size) = or += A·B.
    private readonly void Product<V>(int rows, float* a, nint rowStride, nint depthStride, float* source, nint strideB, float* c, nint strideC, int size, int depth, bool finite, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        nint columns = Padded(size);
        if (!finite)
        {
            Careful<V>(rows, a, rowStride, depthStride, source, strideB, c, strideC, size, depth, accumulate);
            return;
        }
        GemmTile.RunColumns<V>(rows, a, rowStride, depthStride, source, strideB, panel, c, strideC, depth, accumulate ? c : null, strideC, (int)(columns / panel));
    }

    // The same where a factor is not finite: weights of 0 contribute nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void Careful<V>(int rows, float* a, nint rowStride, nint depthStride, float* source, nint strideB, float* c, nint strideC, int size, int depth, bool accumulate)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++)
        {
            for (nint j = 0; j < Padded(size); j += V.Width)
            {
                V sum = accumulate ? V.Load(c + (r * strideC) + j) : V.Zero;
                for (int p = 0; p < depth; p++)
                {
                    float x = a[(r * rowStride) + (p * depthStride)];
                    if (x != 0)
                        sum = V.FusedMultiplyAdd(V.Create(x), V.Load(source + (p * strideB) + j), sum);
                }
                V.Store(sum, c + (r * strideC) + j);
            }
        }
    }

    // What the tile says of its queries, added to what earlier keys said.
    private readonly void AddRows<V>(int first, int count)
        where V : unmanaged, ISimd<V>
    {
        int width = s->Call.Source.TableWidth;
        for (int r = 0; r < count; r++)
        {
            (int queryHead, int row, long at) = Place(first + r);
            if (s->Results.DQ != null)
                AttentionMath.Scaled<V>(product + ((nint)r * strideK), s->Call.Scale, s->Results.DQ + s->Call.Offset(s->Call.StridesQ, b, queryHead, row), dim, adds: true);
            if (s->Results.QueryTerms != null)
                s->Results.QueryTerms[at] += (float)sums[r];
            for (int i = 0; s->Results.QueryTable != null && i < width; i++)
                s->Results.QueryTable[(at * width) + i] += (float)sums[tileRows + ((nint)r * width) + i];
        }
    }

    private readonly void Store<V>()
        where V : unmanaged, ISimd<V>
    {
        for (int j = 0; j < keys; j++)
        {
            int key = sequence.FirstKey + firstKey + j;
            if (s->Results.DK != null)
                AttentionMath.Scaled<V>(dKeys + ((nint)j * strideK), s->Call.Scale, s->Results.DK + s->Call.Offset(s->Call.StridesK, b, head, key), dim, s->Results.Adds);
            if (s->Results.DV != null)
                AttentionMath.Scaled<V>(dValues + ((nint)j * strideV), 1, s->Results.DV + s->Call.Offset(s->Call.StridesV, b, head, key), valueDim, s->Results.Adds);
        }
        StoreKeyTerms();
    }

    private readonly void StoreKeyTerms()
    {
        for (int j = 0; j < keys && s->Results.KeyTerms != null; j++)
            s->Results.KeyTerms[s->Call.KeyTermRow(b, head, sequence.FirstKey + firstKey + j)] = (float)KeySums[j];
    }
}
