using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Rows of one picture's result, one group of channels: products that read the windows where they lie, without a matrix of them.</summary>
/// <remarks>
/// <para>Formula: out[i, j, f] = start + Σ over runs n and p &lt; depth of in[i·row + j·step + offset_n + p]·panels[n, p, f]. The pixels of a row are the rows of a register tile
/// (<see cref="GemmTile"/>): neighbouring windows overlap in memory, which a product does not mind.</para>
/// <para>Each element is one chain in the order of the runs, whatever the tile.</para>
/// </remarks>
internal unsafe struct ConvolutionSweep
{
    public float* In, Out, Panels, Bias, Edge;
    public nint InRow, InStep, OutRow, OutStep;
    public nint* Offsets;
    public int Runs, Depth;        // of a window
    public int Taps;               // neighbouring pixels of a run, where the windows of neighbouring pixels overlap; else 0
    public int Rows, Columns;      // pixels of the result
    public int Outputs;            // values of a pixel of the result
    public bool Accumulates;

    /// <summary>Floats of <see cref="Edge"/>.</summary>
    public static int EdgeLength<V>()
        where V : unmanaged, ISimd<V> => GemmTile.Height<V>() * Packing.PanelWidth<V>();

    public readonly void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), tiles = (Columns + GemmTile.Height<V>() - 1) / GemmTile.Height<V>();
        for (int first = 0; first < Outputs; first += width)
        {
            float* panel = Panels + ((nint)first * Runs * Depth);
            int columns = Math.Min(width, Outputs - first);
            if (columns == V.Width && Taps == 3)
            {
                ThreeTaps<V>(panel, first);
                continue;
            }
            for (int i = 0; i < Rows; i++)
            {
                for (int t = 0; t < tiles; t++)
                {
                    int j = (int)((long)Columns * t / tiles), pixels = (int)((long)Columns * (t + 1) / tiles) - j;
                    float* from = In + (i * InRow) + (j * InStep), to = Out + (i * OutRow) + (j * OutStep) + first;
                    if (columns == width)
                        Whole<V, GemmTile.Wide>(pixels, from, panel, to, first);
                    else if (columns == V.Width)
                        Whole<V, GemmTile.Narrow>(pixels, from, panel, to, first);
                    else
                        Part<V>(pixels, from, panel, to, first, columns);
                }
            }
        }
    }

    // One vector of outputs alone, windows of three neighbouring pixels.
    private readonly void ThreeTaps<V>(float* panel, int first)
        where V : unmanaged, ISimd<V>
    {
        int most = ThreeTapTile.Width<V>(), tiles = (Columns + most - 1) / most;
        for (int i = 0; i < Rows; i++)
        {
            for (int t = 0; t < tiles; t++)
            {
                int j = (int)((long)Columns * t / tiles), pixels = (int)((long)Columns * (t + 1) / tiles) - j;
                float* from = In + (i * InRow) + (j * InStep), to = Out + (i * OutRow) + (j * OutStep) + first;
                ThreeTapTile.Run<V>(
                    pixels, from, InStep, Offsets, Runs, Depth / 3, panel, Accumulates ? to : Bias == null ? null : Bias + first, Accumulates ? OutStep : 0, to, OutStep);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Whole<V, TForm>(int pixels, float* from, float* panel, float* to, int first)
        where V : unmanaged, ISimd<V>
        where TForm : struct, ITileForm
    {
        int width = Packing.PanelWidth<V>();
        float* start = Accumulates ? to : Bias == null ? null : Bias + first;
        nint startStride = Accumulates ? OutStep : 0;
        for (int n = 0; n < Runs; n++)
        {
            GemmTile.Run<V, TForm>(pixels, from + Offsets[n], InStep, 1, panel, width, to, OutStep, Depth, start, startStride, null, to);
            panel += Depth * width;
            start = to;
            startStride = OutStep;
        }
    }

    // Fewer columns than a panel: computed apart, and those that exist are copied.
    private readonly void Part<V>(int pixels, float* from, float* panel, float* to, int first, int columns)
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>();
        EdgeTile part = new() { Edge = Edge, Rows = pixels, Width = width, Columns = columns };
        part.Fill<V>(Accumulates ? to : Bias == null ? null : Bias + first, Accumulates ? OutStep : 0);
        for (int n = 0; n < Runs; n++)
        {
            if (columns > V.Width)
                GemmTile.Run<V, GemmTile.Wide>(pixels, from + Offsets[n], InStep, 1, panel, width, Edge, width, Depth, Edge, width, null, Edge);
            else
                GemmTile.Run<V, GemmTile.Narrow>(pixels, from + Offsets[n], InStep, 1, panel, width, Edge, width, Depth, Edge, width, null, Edge);
            panel += Depth * width;
        }
        part.CopyTo<V>(to, OutStep);
    }
}
