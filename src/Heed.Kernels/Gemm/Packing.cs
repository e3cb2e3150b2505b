using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>Copies of operands in the order in which <see cref="GemmTile"/> reads them.</summary>
internal static unsafe class Packing
{
    private const int GroupsAtOnce = 8;

    /// <summary>Width of a panel of B: two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelWidth<V>()
        where V : unmanaged, ISimd<V> => 2 * V.Width;

    /// <summary>One panel: depth × panel width floats, columns beyond <paramref name="columns"/> filled with 0.</summary>
    public static void Panel<V>(float* b, nint rowStride, nint columnStride, float* panel, int depth, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = PanelWidth<V>();
        if (columnStride == 1)
        {
            int first = Math.Min(columns, V.Width);
            for (int p = 0; p < depth; p++, b += rowStride, panel += width)
            {
                V.Store(V.Load(b, first), panel);
                V.Store(V.Load(b + first, columns - first), panel + V.Width);
            }
            return;
        }
        // Only what has no column, never a place that holds a number: another task may be reading the same numbers there.
        for (int p = 0; p < depth && columns < width; p++)
            new Span<float>(panel + ((nint)p * width) + columns, width - columns).Clear();
        if (rowStride == 1)
        {
            Transpose.Run(b, columnStride, panel, width, columns, depth);
        }
        else
        {
            for (int p = 0; p < depth; p++, b += rowStride, panel += width)
            {
                for (int j = 0; j < columns; j++)
                    panel[j] = b[j * columnStride];
            }
        }
    }

    /// <summary>Floats between neighbouring packed tiles of A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint TileLength<V>(int depth)
        where V : unmanaged, ISimd<V> => ((nint)GemmTile.Height<V>() * RowLength(depth)) + V.Width;

    // An odd number of cache lines, so that the rows of a tile do not share cache sets.
    private static int RowLength(int depth) => (((depth + 15) / 16) | 1) * 16;

    /// <summary>All tiles of a block of A, the rows spread evenly over them; returns the strides to read each with. A tile of an A that is stored
    /// by columns becomes <paramref name="depth"/> groups of the tile's height; any other becomes rows.</summary>
    public static (nint RowStride, nint DepthStride) Tiles<V>(float* a, nint rowStride, nint depthStride, float* packed, int rows, int tiles, int depth)
        where V : unmanaged, ISimd<V>
    {
        bool byColumns = rowStride == 1 && depthStride != 1;
        // Few groups at a time, so that a cache line that two tiles share is fetched once.
        int height = GemmTile.Height<V>(), length = RowLength(depth), step = byColumns ? GroupsAtOnce : Math.Max(depth, 1);
        for (int p = 0; p < depth; p += step)
        {
            for (int t = 0; t < tiles; t++)
            {
                int row = (int)((long)rows * t / tiles), count = (int)((long)rows * (t + 1) / tiles) - row;
                float* from = a + (row * rowStride) + (p * depthStride), to = packed + (t * TileLength<V>(depth));
                if (byColumns)
                    Groups<V>(from, depthStride, to + ((nint)p * height), height, count, rows - row, Math.Min(step, depth - p));
                else
                    Lines<V>(from, rowStride, depthStride, to, length, count, depth);
            }
        }
        return byColumns ? (1, height) : (length, 1);
    }

    private static void Groups<V>(float* a, nint depthStride, float* tile, int height, int rows, int readable, int depth)
        where V : unmanaged, ISimd<V>
    {
        // Whole vectors are stored: what falls beyond a group is overwritten by the next one or lies in the tile's padding.
        bool whole = readable >= (rows + V.Width - 1) / V.Width * V.Width;
        for (int p = 0; p < depth; p++, a += depthStride, tile += height)
        {
            // The columns of A lie too far apart for the processor to foresee.
            if (Sse.IsSupported)
                Sse.Prefetch0(a + (GroupsAtOnce * depthStride));
            if (whole)
            {
                for (int r = 0; r < rows; r += V.Width)
                    V.Store(V.Load(a + r), tile + r);
            }
            else
            {
                for (int r = 0; r < rows; r += V.Width)
                    V.Store(V.Load(a + r, Math.Min(V.Width, rows - r)), tile + r);
            }
        }
    }

    private static void Lines<V>(float* a, nint rowStride, nint depthStride, float* tile, int length, int rows, int depth)
        where V : unmanaged, ISimd<V>
    {
        int whole = depthStride == 1 ? depth - (depth % V.Width) : 0;
        for (int r = 0; r < rows; r++, a += rowStride, tile += length)
        {
            for (int p = 0; p < whole; p += V.Width)
                V.Store(V.Load(a + p), tile + p);
            for (int p = whole; p < depth; p++)
                tile[p] = a[p * depthStride];
        }
    }
}
