using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>One block of rows and depth of a product, over a range of panels.</summary>
/// <remarks>Panels are taken a few at a time, and for each tile of rows all of these: rows of A and C are then visited in longer runs, which the
/// translation of addresses needs (without: 5 % slower at 1,024³ with pages of 4 KiB).</remarks>
internal unsafe struct GemmBlock
{
    // Floats of the panels that are taken together, a quarter of a small second-level cache: as many come in meanwhile.
    private const int TogetherFloats = 1 << 15;

    // With fewer tiles than this a group of panels is over before the next one has come.
    private const int FewestTiles = 2;

    public int FirstRow, Rows, FirstDepth, Depth, FirstPanel, EndPanel;
    public float* PackedA;   // room for the block of A; null: A is read in place
    public int Together;     // how many panels are taken together
    public float* Following; // the first packed panel that is read after this block; null: not known or not packed
    public float* Slots;     // room for the panels of B that are taken together, where the tasks share no copy
    public bool* Ready;      // which panels of a shared copy are filled at this depth; null: all
    public Activation Activation; // applied to the sums of this block: none while more depth comes
    public int Turn;         // tasks that run at the same time start at different panels, so that they seldom fill the same one
    public float* Edge;      // room for one tile of C

    /// <summary>How many panels are taken together: four at least, and no more than make 128 columns.</summary>
    public static int PanelsTogether<V>(int depth)
        where V : unmanaged, ISimd<V> => Math.Clamp(TogetherFloats / (Packing.PanelWidth<V>() * Math.Max(depth, 1)), 4, 128 / Packing.PanelWidth<V>());

    public readonly void Run<V>(GemmCall* s)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), tiles = (Rows + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        float* a = s->A + (FirstRow * s->RowStrideA) + (FirstDepth * s->DepthStrideA);
        bool byColumns = s->RowStrideA == 1 && s->DepthStrideA != 1, isPacked = PackedA == null;
        (nint rowStride, nint depthStride) = PackedA == null ? (s->RowStrideA, s->DepthStrideA) : Packing.TileStrides<V>(byColumns, Depth);
        for (int t = 0; t < tiles && !isPacked && !byColumns; t++)
            PackTile<V>(s, a, PackedA + (t * Packing.TileLength<V>(Depth)), Row(t, tiles), Row(t + 1, tiles) - Row(t, tiles), FirstPanel);
        if (byColumns && !isPacked && V.Width < 16)
        {
            // Tiles of few registers have no room for packing on the way: one pass is 4 % faster. With 512 bits both cost the same.
            int* firstRows = stackalloc int[tiles + 1];
            for (int t = 0; t <= tiles; t++)
                firstRows[t] = Row(t, tiles);
            Packing.Columns<V>(a, s->DepthStrideA, PackedA, firstRows, tiles, s->Rows - FirstRow, Depth);
            isPacked = true;
        }
        isPacked |= !byColumns;
        int groups = (EndPanel - FirstPanel + Together - 1) / Together, shift = Ready == null ? 0 : Turn % 2 * (groups / 2);
        for (int g = 0; g < groups; g++)
        {
            int first = Group(g + shift, groups), end = Math.Min(first + Together, EndPanel);
            if (Rows == 1)
            {
                int from = first;
                first = RunRow<V>(s, a, from, end);
                Activate<V>(s, 0, 1, from, first);
            }
            if (first == end)
                continue;
            int next = g + 1 < groups ? Group(g + 1 + shift, groups) : -1;
            bool fetches = tiles >= FewestTiles, isPackedB = s->Panels != null && Ready == null;
            float* following = !fetches ? null : next < 0 ? Following : s->Panels != null && IsReady(next) ? PackedPanel<V>(s, next, next) : null;
            // The next panels are spread over the tiles that read these.
            int step = (width + tiles - 1) / tiles;
            for (int t = 0; t < tiles; t++)
            {
                int row = Row(t, tiles), rows = Row(t + 1, tiles) - row;
                float* tileA = PackedA != null ? PackedA + (t * Packing.TileLength<V>(Depth)) : a + (row * rowStride);
                float* c = s->C + ((FirstRow + row) * s->StrideC), below = c + (rows * s->StrideC) + (first * width);
                int j = first;
                if (!isPacked && PackTile<V>(s, a, tileA, row, rows, first))
                    j++;
                if (row == 0 && !isPackedB)
                {
                    for (; j < end; j++)
                        FirstTile<V>(s, tileA, rowStride, depthStride, rows, j, first, j + 1 < end ? c + ((j + 1) * width) : below);
                }
                else if (j < end)
                {
                    float* fetch = following != null && t * step < width ? following + ((nint)(j - first) * width * s->Depth) + ((nint)t * step * Depth) : null;
                    Tiles<V>(s, tileA, rowStride, depthStride, row, rows, j, end, first, fetch, step, below);
                }
                Activate<V>(s, row, rows, first, end);
                if (fetches && next >= 0 && following == null)
                    FetchNext<V>(s, next, t, tiles);
            }
            isPacked = true;
        }
    }

    // Packs the tile of A at a row. One that is stored by columns, with whole vectors and a whole panel beside it, is packed by the first product that reads it; true if so.
    private readonly bool PackTile<V>(GemmCall* s, float* a, float* packed, int row, int rows, int panel)
        where V : unmanaged, ISimd<V>
    {
        int readable = s->Rows - FirstRow - row, width = Packing.PanelWidth<V>(), column = panel * width;
        // The first tile packs B.
        if (s->RowStrideA != 1 || row == 0 || readable < (rows + V.Width - 1) / V.Width * V.Width || column + width > s->Columns)
        {
            Packing.Tile<V>(a + (row * s->RowStrideA), s->RowStrideA, s->DepthStrideA, packed, rows, readable, Depth);
            return false;
        }
        float* c = s->C + ((FirstRow + row) * s->StrideC) + column;
        GemmTile.Run<V, GemmTile.PackingA>(rows, a + row, 1, s->DepthStrideA, PackedPanel<V>(s, panel, panel), width, c, s->StrideC, Depth, Start(s, c, column), StartStride(s), packed, c + width);
        return true;
    }

    // Where a panel lies that is packed, at this depth.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* PackedPanel<V>(GemmCall* s, int panel, int first)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        return s->Panels != null ? s->Panels + ((nint)panel * width * s->Depth) + ((nint)FirstDepth * width) : Slots + ((nint)(panel - first) * Depth * width);
    }

    // The rows are spread evenly over the tiles.
    private readonly int Row(int tile, int tiles) => (int)((long)Rows * tile / tiles);

    private readonly int Group(int index, int groups) => FirstPanel + (index % groups * Together);

    private readonly bool IsReady(int panel) => Ready == null || Volatile.Read(ref Ready[panel]);

    // The first rows and a panel: packs the panel if it is not packed yet, so that the tiles below find it.
    private readonly void FirstTile<V>(GemmCall* s, float* a, nint rowStride, nint depthStride, int rows, int panel, int first, float* nextC)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), column = panel * width, columns = Math.Min(width, s->Columns - column);
        float* c = s->C + (FirstRow * s->StrideC) + column, start = Start(s, c, column);
        nint strideB = width;
        float* b = PackedPanel<V>(s, panel, first);
        if (s->Panels == null || !IsReady(panel))
        {
            float* source = s->B + (FirstDepth * s->RowStrideB) + (column * s->ColumnStrideB);
            if (s->ColumnStrideB != 1 || columns < width)
            {
                Packing.Panel<V>(source, s->RowStrideB, s->ColumnStrideB, b, Depth, columns);
                SetReady(panel);
            }
            else if (rows < Rows)
            {
                GemmTile.Run<V, GemmTile.PackingB>(rows, a, rowStride, depthStride, source, s->RowStrideB, c, s->StrideC, Depth, start, StartStride(s), b, nextC);
                SetReady(panel);
                return;
            }
            else
            {
                b = source;
                strideB = s->RowStrideB;
            }
        }
        if (columns < width)
            Narrow<V>(s, rows, a, rowStride, depthStride, b, strideB, c, start, columns);
        else
            GemmTile.Run<V, GemmTile.Wide>(rows, a, rowStride, depthStride, b, strideB, c, s->StrideC, Depth, start, StartStride(s), null, nextC);
    }

    // Rows over packed panels, in one call, so that the stores of a tile run under the sums of the next one.
    private readonly void Tiles<V>(
        GemmCall* s, float* a, nint rowStride, nint depthStride, int row, int rows, int panel, int endPanel, int first, float* fetch, nint fetchStep, float* nextC)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), column = panel * width, endColumn = Math.Min(endPanel, s->Columns / width) * width;
        float* c = s->C + ((FirstRow + row) * s->StrideC) + column, b = PackedPanel<V>(s, panel, first);
        nint skip = s->Panels != null ? (nint)(s->Depth - Depth) * width : 0;
        if (column < endColumn && fetch != null)
            GemmTile.Run<V, GemmTile.FetchingStrip>(rows, a, rowStride, depthStride, b, width, c, s->StrideC, Depth, Start(s, c, column), StartStride(s), fetch, nextC, fetchStep, skip, c + endColumn - column);
        else if (column < endColumn)
            GemmTile.Run<V, GemmTile.Strip>(rows, a, rowStride, depthStride, b, width, c, s->StrideC, Depth, Start(s, c, column), StartStride(s), null, nextC, 0, skip, c + endColumn - column);
        if (endColumn < Math.Min(endPanel * width, s->Columns))
        {
            c += endColumn - column;
            Narrow<V>(s, rows, a, rowStride, depthStride, PackedPanel<V>(s, endColumn / width, first), width, c, Start(s, c, endColumn), s->Columns - endColumn);
        }
    }

    // While the sums of a tile of rows and a few panels are in the first-level cache.
    private readonly void Activate<V>(GemmCall* s, int row, int rows, int panel, int endPanel)
        where V : unmanaged, ISimd<V>
    {
        if (Activation == Activation.None)
            return;
        int width = Packing.PanelWidth<V>(), column = panel * width, count = Math.Min(endPanel * width, s->Columns) - column;
        for (int r = row; r < row + rows; r++)
            ActivationRow.Apply<V>(Activation, s->C + ((FirstRow + r) * s->StrideC) + column, count);
    }

    private readonly void SetReady(int panel)
    {
        if (Ready != null)
            Volatile.Write(ref Ready[panel], true);
    }

    // One row alone over whole panels that need no packing, four at a time; the first panel that is left.
    private readonly int RunRow<V>(GemmCall* s, float* a, int panel, int endPanel)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), whole = Math.Min(endPanel, s->Columns / width);
        bool isPacked = s->Panels != null && Ready == null;
        if (!isPacked && s->ColumnStrideB != 1)
            return panel;
        nint strideB = isPacked ? width : s->RowStrideB, panelStride = isPacked ? (nint)s->Depth * width : width;
        for (; panel + 4 <= whole; panel += 4)
        {
            int column = panel * width;
            float* b = (isPacked ? s->Panels + (panel * panelStride) : s->B + column) + (FirstDepth * strideB), c = s->C + (FirstRow * s->StrideC) + column;
            GemmTile.RunRow<V>(a, s->DepthStrideA, b, strideB, panelStride, c, Depth, Start(s, c, column));
        }
        return panel;
    }

    // While the tiles of some panels compute, the next panels of an unpacked B come into the second-level cache, a part with each tile: their
    // lines are too far apart for the processor to foresee.
    private readonly void FetchNext<V>(GemmCall* s, int panel, int part, int parts)
        where V : unmanaged, ISimd<V>
    {
        const int Line = 16;
        int column = panel * Packing.PanelWidth<V>(), columns = Math.Min(Together * Packing.PanelWidth<V>(), s->Columns - column);
        if (!Sse.IsSupported || (s->ColumnStrideB != 1 && s->RowStrideB != 1))
            return;
        (nint stride, int count, int length) = s->ColumnStrideB == 1 ? (s->RowStrideB, Depth, columns) : (s->ColumnStrideB, columns, Depth);
        float* b = s->B + (FirstDepth * s->RowStrideB) + (column * s->ColumnStrideB);
        for (int i = (int)((long)count * part / parts), end = (int)((long)count * (part + 1) / parts); i < end; i++)
        {
            for (int k = 0; k < length; k += Line)
                Sse.Prefetch1(b + (i * stride) + k);
        }
    }

    // The sums start from C after the first block of depth, else from the bias or 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Start(GemmCall* s, float* c, int column) =>
        FirstDepth > 0 || s->Accumulate ? c : s->Bias == null ? null : s->Bias + column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly nint StartStride(GemmCall* s) => FirstDepth > 0 || s->Accumulate ? s->StrideC : 0;

    // The last columns, fewer than a panel: computed in a tile of its own, of which the columns that exist are copied.
    private readonly void Narrow<V>(
        GemmCall* s, int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, float* start, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        if (start != null)
        {
            for (int r = 0; r < rows; r++)
                Copy<V>(start + (r * StartStride(s)), Edge + (r * width), columns);
            start = Edge;
        }
        if (columns > V.Width)
            GemmTile.Run<V>(rows, a, rowStride, depthStride, b, strideB, Edge, width, Depth, start, width);
        else
            GemmTile.Run<V, GemmTile.Narrow>(rows, a, rowStride, depthStride, b, strideB, Edge, width, Depth, start, width, null, Edge);
        for (int r = 0; r < rows; r++)
            Copy<V>(Edge + (r * width), c + (r * s->StrideC), columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<V>(float* source, float* destination, int count)
        where V : unmanaged, ISimd<V>
    {
        int first = Math.Min(count, V.Width);
        V.Store(V.Load(source, first), destination, first);
        V.Store(V.Load(source + first, count - first), destination + first, count - first);
    }
}
