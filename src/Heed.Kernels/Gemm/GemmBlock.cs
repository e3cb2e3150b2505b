using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One block of rows and depth of a product, over a range of panels.</summary>
internal unsafe struct GemmBlock
{
    public int FirstRow, Rows, FirstDepth, Depth, FirstPanel, EndPanel;
    public float* PackedA;   // room for the block of A; null: A is read in place
    public float* Panel;     // room for one panel of B
    public float* Edge;      // room for one tile of C

    public void Run<V>(GemmCall* s)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), tiles = (Rows + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        float* a = s->A + (FirstRow * s->RowStrideA) + (FirstDepth * s->DepthStrideA);
        (nint rowStride, nint depthStride) = (s->RowStrideA, s->DepthStrideA);
        if (PackedA != null)
            (rowStride, depthStride) = Packing.Tiles<V>(a, rowStride, depthStride, PackedA, Rows, tiles, Depth);
        for (int j = FirstPanel; j < EndPanel; j++)
        {
            int column = j * width, columns = Math.Min(width, s->Columns - column);
            bool isReadable = s->IsPacked || (s->ColumnStrideB == 1 && columns == width);
            float* b = Operand<V>(s, column, columns, isReadable, out nint strideB);
            if (Rows == 1 && isReadable && j + 4 <= EndPanel && column + (4 * width) <= s->Columns)
            {
                float* c = s->C + (FirstRow * s->StrideC) + column;
                GemmTile.RunRow<V>(a, s->DepthStrideA, b, strideB, s->IsPacked ? (nint)s->Depth * width : width, c, Depth, Start(s, c, column));
                j += 3;
                continue;
            }
            bool copies = isReadable && !s->IsPacked && tiles > 1;
            for (int t = 0; t < tiles; t++)
            {
                int row = (int)((long)Rows * t / tiles), rows = (int)((long)Rows * (t + 1) / tiles) - row;
                float* from = PackedA != null ? PackedA + (t * Packing.TileLength<V>(Depth)) : a + (row * rowStride);
                float* c = s->C + ((FirstRow + row) * s->StrideC) + column;
                if (columns < width)
                {
                    Narrow<V>(s, rows, from, rowStride, depthStride, b, strideB, c, column, columns);
                }
                else if (copies)
                {
                    GemmTile.Run<V, GemmTile.Copying>(rows, from, rowStride, depthStride, b, strideB, c, s->StrideC, Depth, Start(s, c, column), StartStride(s), Panel);
                    b = Panel;
                    (strideB, copies) = (width, false);
                }
                else
                {
                    GemmTile.Run<V>(rows, from, rowStride, depthStride, b, strideB, c, s->StrideC, Depth, Start(s, c, column), StartStride(s));
                }
            }
        }
    }

    // Where the tile reads this panel of B: in place, or packed just now.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Operand<V>(GemmCall* s, int column, int columns, bool isReadable, out nint strideB)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        strideB = width;
        if (s->IsPacked)
            return s->B + ((nint)column * s->Depth) + ((nint)FirstDepth * width);
        float* b = s->B + (FirstDepth * s->RowStrideB) + (column * s->ColumnStrideB);
        if (isReadable)
        {
            strideB = s->RowStrideB;
            return b;
        }
        Packing.Panel<V>(b, s->RowStrideB, s->ColumnStrideB, Panel, Depth, columns);
        return Panel;
    }

    // The sums start from C after the first block of depth, else from the bias or 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float* Start(GemmCall* s, float* c, int column) =>
        FirstDepth > 0 || s->Accumulate ? c : s->Bias == null ? null : s->Bias + column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly nint StartStride(GemmCall* s) => FirstDepth > 0 || s->Accumulate ? s->StrideC : 0;

    // The last columns, fewer than a panel: computed in a tile of its own, of which the columns that exist are copied.
    private readonly void Narrow<V>(
        GemmCall* s, int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, int column, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        float* start = Start(s, c, column);
        if (start != null)
        {
            for (int r = 0; r < rows; r++)
                Copy<V>(start + (r * StartStride(s)), Edge + (r * width), columns);
            start = Edge;
        }
        if (columns > V.Width)
            GemmTile.Run<V>(rows, a, rowStride, depthStride, b, strideB, Edge, width, Depth, start, width);
        else
            GemmTile.Run<V, GemmTile.Narrow>(rows, a, rowStride, depthStride, b, strideB, Edge, width, Depth, start, width, null);
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
