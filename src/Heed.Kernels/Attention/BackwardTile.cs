using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One block of keys of one sequence and key/value head against all rows that see it: the work of a task of the backward pass.</summary>
/// <remarks>
/// <para>For each tile of rows: scores S = Q·Kᵀ and dP = dO·Vᵀ strip by strip, weights and dS in their place, then dV += Pᵀ·dO, dK += dSᵀ·Q, dQ += dS·K. Five products
/// through one register tile, which reads the transposed left operands by exchanged strides.</para>
/// <para>dK and dV stay with the task; dQ of a tile is added to memory in the order of the key blocks (<see cref="AttentionBackward{TModifier, TMask}.Await"/>). Every sum has
/// a fixed order.</para>
/// </remarks>
internal unsafe ref struct BackwardTile<TModifier, TMask>
    where TModifier : unmanaged, IDifferentiableScoreModifier
    where TMask : unmanaged, IAttentionMask
{
    private readonly AttentionBackward<TModifier, TMask>* s;
    private readonly int b, head, block, firstKey, keys, panels, panel, height, tileRows, dim, valueDim, strideQ, strideV, strideS;
    private readonly AttentionSequence sequence;
    private readonly Scratch scratch;
    private readonly float* keyPanels, valuePanels, keyRows, queries, dOutputs, scores, dScores, dKeys, dValues, product;
    private readonly ScoreRow* contexts;
    private readonly ulong* dropoutKeys;
    private readonly RowGradient* gradients;
    private readonly byte* coverage;   // (strips, panels)
    private readonly double* sums;     // query terms of a tile, its tables, key terms of the block

    public BackwardTile(AttentionBackward<TModifier, TMask>* s, int b, int head, int block, AttentionSequence sequence, int panel, int height)
    {
        this.s = s;
        (this.b, this.head, this.block, this.sequence, this.panel, this.height) = (b, head, block, sequence, panel, height);
        AttentionCall call = s->Call;
        (dim, valueDim) = (call.Dim, call.ValueDim);
        firstKey = block * s->KeyBlock;
        keys = Math.Min(s->KeyBlock, sequence.Keys - firstKey);
        panels = (keys + panel - 1) / panel;
        tileRows = s->TileRows;
        strideQ = Stride(dim);
        strideV = Stride(valueDim);
        strideS = s->KeyBlock + 16;
        int strips = (tileRows + height - 1) / height, width = panels * panel;
        long parts = ((long)width * (dim + valueDim + (2 * strideQ) + strideV)) + ((long)tileRows * ((2 * strideQ) + strideV + (2 * strideS)));
        long extra = (2L * ((tileRows * (1L + call.Source.TableWidth)) + width)) + (tileRows * (sizeof(ScoreRow) + sizeof(RowGradient) + sizeof(ulong)) / 4) + (strips * panels);
        scratch = new(parts + extra + 128);
        float* at = scratch.Pointer;
        keyPanels = Take(ref at, (long)width * dim);
        valuePanels = Take(ref at, (long)width * valueDim);
        keyRows = Take(ref at, (long)width * strideQ);
        dKeys = Take(ref at, (long)width * strideQ);
        dValues = Take(ref at, (long)width * strideV);
        queries = Take(ref at, (long)tileRows * strideQ);
        product = Take(ref at, (long)tileRows * strideQ);
        dOutputs = Take(ref at, (long)tileRows * strideV);
        scores = Take(ref at, (long)tileRows * strideS);
        dScores = Take(ref at, (long)tileRows * strideS);
        sums = (double*)Take(ref at, 2L * ((tileRows * (1L + call.Source.TableWidth)) + width));
        contexts = (ScoreRow*)Take(ref at, tileRows * sizeof(ScoreRow) / 4);
        dropoutKeys = (ulong*)Take(ref at, tileRows * 2);
        gradients = (RowGradient*)Take(ref at, tileRows * sizeof(RowGradient) / 4);
        coverage = (byte*)at;
        new Span<float>(keyPanels, (int)((long)width * (dim + valueDim + (2 * strideQ) + strideV))).Clear();
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

    public readonly void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        Load<V>();
        bool finite = StripSoftmax.IsFinite<V>(keyRows, (nint)panels * panel * strideQ);
        int rows = sequence.Queries * s->Call.Group;
        for (int first = 0, tile = 0; first < rows; first += tileRows, tile++)
        {
            int count = Math.Min(tileRows, rows - first);
            bool sees = Cover(first, count);
            if (sees)
                Tile<V>(first, count, finite);
            s->Await(b, head, tile, block);
            if (sees)
                AddRows(first, count);
            s->Pass(b, head, tile, block);
        }
        Store();
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
            new ReadOnlySpan<float>(s->Call.KeyRow(b, head, sequence.FirstKey + firstKey + j), dim).CopyTo(new Span<float>(keyRows + ((nint)j * strideQ), dim));
    }

    // Which panels each strip of the tile sees; false if none.
    private readonly bool Cover(int first, int count)
    {
        bool any = false;
        TileCoverage whole = s->Mask.Cover(s->Call.Tile(b, head, sequence, first, count, firstKey, keys));
        if (whole == TileCoverage.None)
            return false;
        for (int r = 0, i = 0; r < count; r += height)
        {
            for (int p = 0; p < panels; p++, i++)
            {
                coverage[i] = whole == TileCoverage.All ? (byte)whole
                    : (byte)s->Mask.Cover(s->Call.Tile(b, head, sequence, first + r, Math.Min(height, count - r), firstKey + (p * panel), panel));
                any |= coverage[i] != (byte)TileCoverage.None;
            }
        }
        return any;
    }

    private readonly void Tile<V>(int first, int count, bool finite)
        where V : unmanaged, ISimd<V>
    {
        Rows(first, count);
        StripGradient<TModifier, TMask> gradient = new()
        {
            Modifier = s->Modifier, Mask = s->Mask, Scale = s->Call.Scale, Dropout = s->Call.Dropout, KeyPosition = s->Call.KeyPosition,
        };
        for (int r = 0; r < count; r += height)
        {
            (gradient.Contexts, gradient.DropoutKeys, gradient.Gradients) = Pointers(r);
            Strip<V>(ref gradient, r, Math.Min(height, count - r), finite);
        }
        bool finiteRows = StripSoftmax.IsFinite<V>(queries, (nint)count * strideQ), finiteOutputs = StripSoftmax.IsFinite<V>(dOutputs, (nint)count * strideV);
        for (int k = 0; k < keys; k += height)
        {
            int height12 = Math.Min(height, keys - k);
            (int from, int to) = RowsThatSee(k, height12, count);
            if (from >= to)
                continue;
            float* p = scores + k + ((nint)from * strideS), ds = dScores + k + ((nint)from * strideS);
            if (s->Results.DV != null)
                Product<V>(height12, p, 1, strideS, dOutputs + ((nint)from * strideV), strideV, dValues + ((nint)k * strideV), strideV, valueDim, to - from, finiteOutputs, accumulate: true);
            if (s->Results.DK != null)
                Product<V>(height12, ds, 1, strideS, queries + ((nint)from * strideQ), strideQ, dKeys + ((nint)k * strideQ), strideQ, dim, to - from, finiteRows, accumulate: true);
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

    // Copies of the rows' operands, contexts and constants.
    private readonly void Rows(int first, int count)
    {
        int group = s->Call.Group, width = s->Call.Source.TableWidth;
        new Span<double>(sums, checked(tileRows * (1 + width))).Clear();
        for (int r = 0; r < count; r++)
        {
            ScoreRow context = s->Call.Context(b, head, sequence, first + r);
            if (s->Results.Parameters != null)
                context.ParameterSums = s->Sums(b, head, block);
            if (s->Results.QueryTerms != null)
                context.QueryTermSum = sums + r;
            if (s->Results.QueryTable != null)
                context.TableSums = sums + tileRows + ((nint)r * width);
            if (s->Results.KeyTerms != null)
                context.KeyTermSums = KeySums - firstKey;
            if (s->ValueDots != null)
            {
                context.ValueDots = s->ValueDots + (context.Row * s->Call.ValueRows);
                context.ValueRows = s->Call.ValueRows;
            }
            contexts[r] = context;
            gradients[r] = s->Gradients[context.Row];
            if (s->Call.Dropout > 0)
                dropoutKeys[r] = s->Call.RowKey(contexts + r);
            int row = sequence.FirstQuery + ((first + r) / group);
            Copy(s->Call.QueryRow(b, context.Head, row), queries + ((nint)r * strideQ), dim, strideQ);
            Copy(s->Results.DO + s->Call.Offset(s->Call.StridesO, b, context.Head, row), dOutputs + ((nint)r * strideV), valueDim, strideV);
        }
    }

    private static void Copy(float* source, float* destination, int length, int stride)
    {
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
        new Span<float>(destination + length, stride - length).Clear();
    }

    private readonly void Strip<V>(ref StripGradient<TModifier, TMask> gradient, int r, int count, bool finite)
        where V : unmanaged, ISimd<V>
    {
        float* x = scores + ((nint)r * strideS), d = dScores + ((nint)r * strideS);
        int firstLive = panels, endLive = 0;
        for (int p = 0; p < panels; p++)
        {
            byte c = coverage[(r / height * panels) + p];
            if (c == (byte)TileCoverage.None)
            {
                for (int i = 0; i < count; i++)
                {
                    new Span<float>(x + (i * (nint)strideS) + (p * panel), panel).Clear();
                    new Span<float>(d + (i * (nint)strideS) + (p * panel), panel).Clear();
                }
                continue;
            }
            (firstLive, endLive) = (Math.Min(firstLive, p), p + 1);
            GemmTile.Run<V>(count, queries + ((nint)r * strideQ), strideQ, 1, keyPanels + ((nint)p * panel * dim), panel, x + (p * panel), strideS, dim, null, 0);
            GemmTile.Run<V>(count, dOutputs + ((nint)r * strideV), strideV, 1, valuePanels + ((nint)p * panel * valueDim), panel, d + (p * panel), strideS, valueDim, null, 0);
            gradient.Run<V>(count, x + (p * panel), d + (p * panel), strideS, firstKey + (p * panel), c == (byte)TileCoverage.Partly, (p + 1) * panel > keys);
        }
        if (s->Results.DQ == null)
            return;
        float* to = product + ((nint)r * strideQ);
        if (firstLive >= endLive)
        {
            new Span<float>(to, count * strideQ).Clear();
            return;
        }
        int from = firstLive * panel, depth = Math.Min(endLive * panel, keys) - from;
        Product<V>(count, d + from, strideS, 1, keyRows + ((nint)from * strideQ), strideQ, to, strideQ, dim, depth, finite, accumulate: false);
    }

    // The rows of the tile whose strips see one of the keys k … k + count − 1.
    private readonly (int From, int To) RowsThatSee(int k, int count, int rows)
    {
        int first = k / panel, last = (k + count - 1) / panel, from = rows, to = 0;
        for (int r = 0, i = 0; r < rows; r += height, i += panels)
        {
            if (coverage[i + first] == (byte)TileCoverage.None && coverage[i + last] == (byte)TileCoverage.None)
                continue;
            from = Math.Min(from, r);
            to = Math.Min(rows, r + height);
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
        for (nint j = 0; j < columns; j += panel)
            GemmTile.Run<V>(rows, a, rowStride, depthStride, source + j, strideB, c + j, strideC, depth, accumulate ? c + j : null, strideC);
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
    private readonly void AddRows(int first, int count)
    {
        int group = s->Call.Group, width = s->Call.Source.TableWidth;
        for (int r = 0; r < count; r++)
        {
            if (s->Results.DQ != null)
            {
                float* to = s->Results.DQ + s->Call.Offset(s->Call.StridesQ, b, contexts[r].Head, sequence.FirstQuery + ((first + r) / group)), from = product + ((nint)r * strideQ);
                for (int i = 0; i < dim; i++)
                    to[i] += from[i] * s->Call.Scale;
            }
            if (s->Results.QueryTerms != null)
                s->Results.QueryTerms[contexts[r].Row] += (float)sums[r];
            for (int i = 0; s->Results.QueryTable != null && i < width; i++)
                s->Results.QueryTable[(contexts[r].Row * width) + i] += (float)sums[tileRows + ((nint)r * width) + i];
        }
    }

    private readonly void Store()
    {
        for (int j = 0; j < keys; j++)
        {
            int key = sequence.FirstKey + firstKey + j;
            if (s->Results.DK != null)
            {
                float* to = s->Results.DK + s->Call.Offset(s->Call.StridesK, b, head, key);
                for (int i = 0; i < dim; i++)
                    to[i] = dKeys[((nint)j * strideQ) + i] * s->Call.Scale;
            }
            if (s->Results.DV != null)
                new ReadOnlySpan<float>(dValues + ((nint)j * strideV), valueDim).CopyTo(new Span<float>(s->Results.DV + s->Call.Offset(s->Call.StridesV, b, head, key), valueDim));
            if (s->Results.KeyTerms != null)
                s->Results.KeyTerms[s->Call.KeyTermRow(b, head, key)] = (float)KeySums[j];
        }
    }
}
