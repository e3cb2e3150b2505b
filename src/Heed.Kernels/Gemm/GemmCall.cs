using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One product with all its pointers: how it is cut into tasks, and what a task does.</summary>
/// <remarks>
/// Loops of a task, from outside: blocks of columns (a block of B stays in the second-level cache), blocks of depth, tiles of rows (a tile of A
/// stays in the first-level cache), panels of B. The depth of a product is walked in order, block by block, with C carrying the sums, so the
/// blocking changes no bit.
/// </remarks>
internal unsafe struct GemmCall : ISimdKernel
{
    private const int DepthBlock = 256, ColumnBlock = 512;

    public float* A;
    public nint RowStrideA;
    public nint DepthStrideA;
    public float* B;
    public nint StrideB;       // distance of B's rows
    public nint PanelStride;   // distance of B's panels
    public float* TailPanel;   // the last, narrower panel of a B that is read in place
    public float* C;
    public nint StrideC;
    public float* Bias;
    public int Rows, Columns, Depth;
    public bool Accumulate;
    public Activation Activation;
    private int rowTasks, columnTasks, rowTiles, panels;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int height = Height<V>();
        rowTiles = (Rows + height - 1) / height;
        panels = (Columns + Packing.PanelWidth<V>() - 1) / Packing.PanelWidth<V>();
        rowTasks = columnTasks = 1;
        double work = 2.0 * Rows * Columns * Depth;
        int degree = work < 1e6 ? 1 : Workers.Degree;
        if (degree > 1)
        {
            // About four tasks a thread even out cores of unequal speed.
            int wanted = work < 2e7 ? degree : 4 * degree;
            if (rowTiles >= panels)
                rowTasks = Math.Min(rowTiles, wanted);
            else
                columnTasks = Math.Min(panels, wanted);
        }
        fixed (GemmCall* self = &this)
        {
            if (rowTasks * columnTasks == 1)
                Task<V>(self, 0);
            else
                Workers.Run(&Task<V>, self, rowTasks * columnTasks);
        }
    }

    // 12 rows where there are 32 registers, else 6.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Height<V>()
        where V : unmanaged, ISimd<V> => V.Width == 16 ? 12 : 6;

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        GemmCall* s = (GemmCall*)state;
        int rowTask = index % s->rowTasks, columnTask = index / s->rowTasks;
        int firstTile = (int)((long)s->rowTiles * rowTask / s->rowTasks), endTile = (int)((long)s->rowTiles * (rowTask + 1) / s->rowTasks);
        int firstPanel = (int)((long)s->panels * columnTask / s->columnTasks), endPanel = (int)((long)s->panels * (columnTask + 1) / s->columnTasks);
        int width = Packing.PanelWidth<V>(), panelBlock = ColumnBlock / width;
        // Rows are spread evenly over the tiles, so that no tile is left with one or two rows.
        int firstRow = (int)((long)s->Rows * firstTile / s->rowTiles), endRow = (int)((long)s->Rows * endTile / s->rowTiles);
        bool packs = endPanel - firstPanel >= 4 && s->Rows > 1;
        using Scratch scratch = new((Height<V>() * DepthBlock) + (Height<V>() * width));
        float* edge = scratch.Pointer + (Height<V>() * DepthBlock);
        for (int j = firstPanel; j < endPanel; j += panelBlock)
        {
            int endBlock = Math.Min(endPanel, j + panelBlock);
            for (int p = 0; p == 0 || p < s->Depth; p += DepthBlock)
            {
                int depth = Math.Min(DepthBlock, s->Depth - p);
                for (int t = firstTile; t < endTile; t++)
                {
                    int row = (int)((long)s->Rows * t / s->rowTiles), rows = (int)((long)s->Rows * (t + 1) / s->rowTiles) - row;
                    float* a = s->A + (row * s->RowStrideA) + (p * s->DepthStrideA);
                    (nint rowStride, nint depthStride) = (s->RowStrideA, s->DepthStrideA);
                    if (packs)
                    {
                        (rowStride, depthStride) = Packing.Tile<V>(a, rowStride, depthStride, scratch.Pointer, rows, depth);
                        a = scratch.Pointer;
                    }
                    RowOfTiles<V>(s, a, rowStride, depthStride, row, rows, j, endBlock, p, depth, edge);
                }
            }
        }
        if (s->Activation != Activation.None)
        {
            int first = firstPanel * width, end = Math.Min(endPanel * width, s->Columns);
            for (int i = firstRow; i < endRow; i++)
                ActivationRow.Apply<V>(s->Activation, s->C + (i * s->StrideC) + first, end - first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RowOfTiles<V>(
        GemmCall* s, float* a, nint rowStride, nint depthStride, int row, int rows, int firstPanel, int endPanel, int p, int depth, float* edge)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        float* c = s->C + (row * s->StrideC);
        bool fromC = p > 0 || s->Accumulate;
        float* start = fromC ? c : s->Bias;
        nint startStride = fromC ? s->StrideC : 0;
        for (int j = firstPanel; j < endPanel; j++)
        {
            int column = j * width, columns = Math.Min(width, s->Columns - column);
            float* b = s->B + (j * s->PanelStride) + (p * s->StrideB);
            float* from = start == null ? null : start + column;
            if (columns < width)
            {
                Edge<V>(s, a, rowStride, depthStride, rows, b, p, depth, from, startStride, c + column, columns, edge);
            }
            else if (rows == 1 && (j + 4 < endPanel || (j + 4 == endPanel && (endPanel * width) <= s->Columns)))
            {
                GemmTile.RunRow<V>(a, depthStride, b, s->StrideB, s->PanelStride, c + column, depth, from);
                j += 3;
            }
            else
            {
                GemmTile.Run<V>(rows, a, rowStride, depthStride, b, s->StrideB, c + column, s->StrideC, depth, from, startStride);
            }
        }
    }

    // The last columns, fewer than a panel: computed in a tile of its own, of which the columns that exist are copied.
    private static void Edge<V>(
        GemmCall* s, float* a, nint rowStride, nint depthStride, int rows, float* b, int p, int depth, float* from, nint startStride, float* c, int columns, float* edge)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        nint strideB = s->StrideB;
        if (s->TailPanel != null)
        {
            b = s->TailPanel + (p * width);
            strideB = width;
        }
        if (from != null)
        {
            for (int r = 0; r < rows; r++)
                Copy<V>(from + (r * startStride), edge + (r * width), columns);
        }
        GemmTile.Run<V>(rows, a, rowStride, depthStride, b, strideB, edge, width, depth, from == null ? null : edge, width);
        for (int r = 0; r < rows; r++)
            Copy<V>(edge + (r * width), c + (r * s->StrideC), columns);
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
