using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>Copies of operands in the order in which <see cref="GemmTile"/> reads them.</summary>
internal static unsafe class Packing
{
    // How many groups ahead a column of A is fetched.
    private const int Ahead = 16;

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

    /// <summary>The strides with which a packed tile is read: an A that is stored by columns becomes groups of the tile's height; any other becomes rows.</summary>
    public static (nint RowStride, nint DepthStride) TileStrides<V>(bool byColumns, int depth)
        where V : unmanaged, ISimd<V> => byColumns ? (1, GemmTile.Height<V>()) : (RowLength(depth), 1);

    /// <summary>One tile of A, of which <paramref name="readable"/> rows, or more, may be read.</summary>
    public static void Tile<V>(float* a, nint rowStride, nint depthStride, float* packed, int rows, int readable, int depth)
        where V : unmanaged, ISimd<V>
    {
        if (rowStride == 1)
            Groups<V>(a, depthStride, packed, GemmTile.Height<V>(), rows, readable, depth);
        else
            Lines<V>(a, rowStride, depthStride, packed, RowLength(depth), rows, depth);
    }

    /// <summary>All tiles of a block of an A that is stored by columns, in long runs; tile t has the rows from firstRows[t] to firstRows[t + 1], and <paramref name="readable"/> rows, or more, may be read.</summary>
    public static void Columns<V>(float* a, nint depthStride, float* packed, int* firstRows, int tiles, int readable, int depth)
        where V : unmanaged, ISimd<V>
    {
        const int Near = 8;
        nint length = TileLength<V>(depth), height = GemmTile.Height<V>();
        int whole = tiles, read = height > V.Width ? 2 * V.Width : V.Width;
        while (whole > 0 && firstRows[whole - 1] + read > readable)
            whole--;
        float* column = a, group = packed;
        for (int p = 0; p < depth; p++, column += depthStride, group += height)
        {
            float* to = group;
            for (int t = 0; t < whole; t++, to += length)
            {
                float* from = column + firstRows[t];
                if (Sse.IsSupported)
                    Sse.Prefetch0(from + (Near * depthStride));
                // A whole vector, as in a group: what falls beyond it is overwritten by the next one or lies in the tile's padding.
                V.Store(V.Load(from), to);
                if (height > V.Width)
                    V.Store(V.Load(from + V.Width), to + V.Width);
            }
        }
        for (int t = whole; t < tiles; t++)
            Groups<V>(a + firstRows[t], depthStride, packed + (t * length), (int)height, firstRows[t + 1] - firstRows[t], readable - firstRows[t], depth);
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
                Sse.Prefetch0(a + (Ahead * depthStride));
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
