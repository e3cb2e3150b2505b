using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Copies of operands in the order in which <see cref="GemmTile"/> reads them.</summary>
internal static unsafe class Packing
{
    /// <summary>Width of a panel of B: two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PanelWidth<V>()
        where V : unmanaged, ISimd<V> => 2 * V.Width;

    /// <summary>One panel: depth × panel width floats, columns beyond <paramref name="columns"/> filled with 0.</summary>
    public static void Panel<V>(float* b, nint rowStride, nint columnStride, float* panel, int depth, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = PanelWidth<V>();
        if (columns < width)
            new Span<float>(panel, depth * width).Clear();
        if (columnStride == 1 && columns == width)
        {
            for (int p = 0; p < depth; p++, b += rowStride, panel += width)
            {
                V.Store(V.Load(b), panel);
                V.Store(V.Load(b + V.Width), panel + V.Width);
            }
        }
        else if (rowStride == 1)
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

    /// <summary>One tile of A as rows of <paramref name="depth"/> floats (element (r, p) at r·depth + p), or, if A is stored by columns, as
    /// depth rows of <paramref name="rows"/> floats; returns the strides to read it with.</summary>
    public static (nint RowStride, nint DepthStride) Tile<V>(float* a, nint rowStride, nint depthStride, float* tile, int rows, int depth)
        where V : unmanaged, ISimd<V>
    {
        if (depthStride == 1)
        {
            int whole = depth - (depth % V.Width);
            for (int r = 0; r < rows; r++, a += rowStride, tile += depth)
            {
                for (int p = 0; p < whole; p += V.Width)
                    V.Store(V.Load(a + p), tile + p);
                V.Store(V.Load(a + whole, depth - whole), tile + whole, depth - whole);
            }
            return (depth, 1);
        }
        for (int p = 0; p < depth; p++, a += depthStride, tile += rows)
        {
            if (rowStride == 1)
            {
                int r = 0;
                for (; r + V.Width <= rows; r += V.Width)
                    V.Store(V.Load(a + r), tile + r);
                V.Store(V.Load(a + r, rows - r), tile + r, rows - r);
            }
            else
            {
                for (int r = 0; r < rows; r++)
                    tile[r] = a[r * rowStride];
            }
        }
        return (1, rows);
    }
}
