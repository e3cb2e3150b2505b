using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Some pixels of a row of a convolution that is three pixels wide, one vector of filters: each value that is read serves the three windows that hold it.</summary>
/// <remarks>
/// <para>Formula: out[j, f] = start[f] + Σ over rows r, channels c and s &lt; 3 of in[r, j + s, c]·w[r, s, c, f]; s runs innermost. With one vector of filters a product would wait for its reads: one for each multiply–add, here one for three.</para>
/// <para>Registers: a sum for each pixel, 3 of weights, 1 of the picture; 16 pixels with 512 bits, 8 with narrower vectors.</para>
/// <para>Written out pixel by pixel because arrays of vectors do not live in registers; pixels beyond the number fold away.</para>
/// </remarks>
internal static unsafe class ThreeTapTile
{
    /// <summary>The most pixels of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Width<V>()
        where V : unmanaged, ISimd<V> => V.Width == 16 ? 16 : 8;

    /// <summary>One tile of 1 … 16 pixels.</summary>
    /// <param name="pixels">How many.</param>
    /// <param name="input">The first pixel's window.</param>
    /// <param name="stride">Values from pixel to pixel of the picture: its channels.</param>
    /// <param name="offsets">Where each of the rows starts, from the first pixel.</param>
    /// <param name="runs">Rows of a window.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="weights">(row, 3, channels, panel width).</param>
    /// <param name="start">Where the sums start, <paramref name="startStride"/> from pixel to pixel; null for 0.</param>
    /// <param name="startStride">0 for a bias.</param>
    /// <param name="output">The first pixel's result.</param>
    /// <param name="outputStride">Values from pixel to pixel of the result.</param>
    /// <typeparam name="V">The vector.</typeparam>
    public static void Run<V>(int pixels, float* input, nint stride, nint* offsets, int runs, int channels, float* weights, float* start, nint startStride, float* output, nint outputStride)
        where V : unmanaged, ISimd<V>
    {
        switch (pixels)
        {
            case 1: Run<V, Pixels1>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 2: Run<V, Pixels2>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 3: Run<V, Pixels3>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 4: Run<V, Pixels4>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 5: Run<V, Pixels5>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 6: Run<V, Pixels6>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 7: Run<V, Pixels7>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 8: Run<V, Pixels8>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 9: Run<V, Pixels9>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 10: Run<V, Pixels10>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 11: Run<V, Pixels11>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 12: Run<V, Pixels12>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 13: Run<V, Pixels13>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 14: Run<V, Pixels14>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 15: Run<V, Pixels15>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
            case 16: Run<V, Pixels16>(input, stride, offsets, runs, channels, weights, start, startStride, output, outputStride); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run<V, TPixels>(float* input, nint stride, nint* offsets, int runs, int channels, float* weights, float* start, nint startStride, float* output, nint outputStride)
        where V : unmanaged, ISimd<V>
        where TPixels : struct, ITileRows
    {
        int rows = TPixels.Count;
        nint width = Packing.PanelWidth<V>(), tap = channels * width;
        V c0 = V.Zero, c1 = V.Zero, c2 = V.Zero, c3 = V.Zero, c4 = V.Zero, c5 = V.Zero, c6 = V.Zero, c7 = V.Zero, c8 = V.Zero, c9 = V.Zero, ca = V.Zero, cb = V.Zero, cc = V.Zero, cd = V.Zero, ce = V.Zero, cf = V.Zero;
        if (start != null)
        {
            c0 = V.Load(start + (0 * startStride));
            if (rows > 1) c1 = V.Load(start + (1 * startStride));
            if (rows > 2) c2 = V.Load(start + (2 * startStride));
            if (rows > 3) c3 = V.Load(start + (3 * startStride));
            if (rows > 4) c4 = V.Load(start + (4 * startStride));
            if (rows > 5) c5 = V.Load(start + (5 * startStride));
            if (rows > 6) c6 = V.Load(start + (6 * startStride));
            if (rows > 7) c7 = V.Load(start + (7 * startStride));
            if (rows > 8) c8 = V.Load(start + (8 * startStride));
            if (rows > 9) c9 = V.Load(start + (9 * startStride));
            if (rows > 10) ca = V.Load(start + (10 * startStride));
            if (rows > 11) cb = V.Load(start + (11 * startStride));
            if (rows > 12) cc = V.Load(start + (12 * startStride));
            if (rows > 13) cd = V.Load(start + (13 * startStride));
            if (rows > 14) ce = V.Load(start + (14 * startStride));
            if (rows > 15) cf = V.Load(start + (15 * startStride));
        }
        for (int r = 0; r < runs; r++, weights += 2 * tap)
        {
            float* x0 = input + offsets[r], x3 = x0 + (3 * stride), x6 = x3 + (3 * stride), x9 = x6 + (3 * stride), x12 = x9 + (3 * stride), x15 = x12 + (3 * stride);
            for (nint n = channels; n > 0; n--, weights += width)
            {
                V w0 = V.Load(weights), w1 = V.Load(weights + tap), w2 = V.Load(weights + (2 * tap)), x;
                x = V.Create(*x0); c0 = V.FusedMultiplyAdd(x, w0, c0);
                x = V.Create(x0[stride]); if (rows > 1) c1 = V.FusedMultiplyAdd(x, w0, c1); c0 = V.FusedMultiplyAdd(x, w1, c0);
                x = V.Create(x0[2 * stride]); if (rows > 2) c2 = V.FusedMultiplyAdd(x, w0, c2); if (rows > 1) c1 = V.FusedMultiplyAdd(x, w1, c1); c0 = V.FusedMultiplyAdd(x, w2, c0);
                if (rows > 1) { x = V.Create(*x3); if (rows > 3) c3 = V.FusedMultiplyAdd(x, w0, c3); if (rows > 2) c2 = V.FusedMultiplyAdd(x, w1, c2); c1 = V.FusedMultiplyAdd(x, w2, c1); }
                if (rows > 2) { x = V.Create(x3[stride]); if (rows > 4) c4 = V.FusedMultiplyAdd(x, w0, c4); if (rows > 3) c3 = V.FusedMultiplyAdd(x, w1, c3); c2 = V.FusedMultiplyAdd(x, w2, c2); }
                if (rows > 3) { x = V.Create(x3[2 * stride]); if (rows > 5) c5 = V.FusedMultiplyAdd(x, w0, c5); if (rows > 4) c4 = V.FusedMultiplyAdd(x, w1, c4); c3 = V.FusedMultiplyAdd(x, w2, c3); }
                if (rows > 4) { x = V.Create(*x6); if (rows > 6) c6 = V.FusedMultiplyAdd(x, w0, c6); if (rows > 5) c5 = V.FusedMultiplyAdd(x, w1, c5); c4 = V.FusedMultiplyAdd(x, w2, c4); }
                if (rows > 5) { x = V.Create(x6[stride]); if (rows > 7) c7 = V.FusedMultiplyAdd(x, w0, c7); if (rows > 6) c6 = V.FusedMultiplyAdd(x, w1, c6); c5 = V.FusedMultiplyAdd(x, w2, c5); }
                if (rows > 6) { x = V.Create(x6[2 * stride]); if (rows > 8) c8 = V.FusedMultiplyAdd(x, w0, c8); if (rows > 7) c7 = V.FusedMultiplyAdd(x, w1, c7); c6 = V.FusedMultiplyAdd(x, w2, c6); }
                if (rows > 7) { x = V.Create(*x9); if (rows > 9) c9 = V.FusedMultiplyAdd(x, w0, c9); if (rows > 8) c8 = V.FusedMultiplyAdd(x, w1, c8); c7 = V.FusedMultiplyAdd(x, w2, c7); }
                if (rows > 8) { x = V.Create(x9[stride]); if (rows > 10) ca = V.FusedMultiplyAdd(x, w0, ca); if (rows > 9) c9 = V.FusedMultiplyAdd(x, w1, c9); c8 = V.FusedMultiplyAdd(x, w2, c8); }
                if (rows > 9) { x = V.Create(x9[2 * stride]); if (rows > 11) cb = V.FusedMultiplyAdd(x, w0, cb); if (rows > 10) ca = V.FusedMultiplyAdd(x, w1, ca); c9 = V.FusedMultiplyAdd(x, w2, c9); }
                if (rows > 10) { x = V.Create(*x12); if (rows > 12) cc = V.FusedMultiplyAdd(x, w0, cc); if (rows > 11) cb = V.FusedMultiplyAdd(x, w1, cb); ca = V.FusedMultiplyAdd(x, w2, ca); }
                if (rows > 11) { x = V.Create(x12[stride]); if (rows > 13) cd = V.FusedMultiplyAdd(x, w0, cd); if (rows > 12) cc = V.FusedMultiplyAdd(x, w1, cc); cb = V.FusedMultiplyAdd(x, w2, cb); }
                if (rows > 12) { x = V.Create(x12[2 * stride]); if (rows > 14) ce = V.FusedMultiplyAdd(x, w0, ce); if (rows > 13) cd = V.FusedMultiplyAdd(x, w1, cd); cc = V.FusedMultiplyAdd(x, w2, cc); }
                if (rows > 13) { x = V.Create(*x15); if (rows > 15) cf = V.FusedMultiplyAdd(x, w0, cf); if (rows > 14) ce = V.FusedMultiplyAdd(x, w1, ce); cd = V.FusedMultiplyAdd(x, w2, cd); }
                if (rows > 14) { x = V.Create(x15[stride]); if (rows > 15) cf = V.FusedMultiplyAdd(x, w1, cf); ce = V.FusedMultiplyAdd(x, w2, ce); }
                if (rows > 15) { x = V.Create(x15[2 * stride]); cf = V.FusedMultiplyAdd(x, w2, cf); }
                x0++;
                if (rows > 1) x3++;
                if (rows > 4) x6++;
                if (rows > 7) x9++;
                if (rows > 10) x12++;
                if (rows > 13) x15++;
            }
        }
        V.Store(c0, output + (0 * outputStride));
        if (rows > 1) V.Store(c1, output + (1 * outputStride));
        if (rows > 2) V.Store(c2, output + (2 * outputStride));
        if (rows > 3) V.Store(c3, output + (3 * outputStride));
        if (rows > 4) V.Store(c4, output + (4 * outputStride));
        if (rows > 5) V.Store(c5, output + (5 * outputStride));
        if (rows > 6) V.Store(c6, output + (6 * outputStride));
        if (rows > 7) V.Store(c7, output + (7 * outputStride));
        if (rows > 8) V.Store(c8, output + (8 * outputStride));
        if (rows > 9) V.Store(c9, output + (9 * outputStride));
        if (rows > 10) V.Store(ca, output + (10 * outputStride));
        if (rows > 11) V.Store(cb, output + (11 * outputStride));
        if (rows > 12) V.Store(cc, output + (12 * outputStride));
        if (rows > 13) V.Store(cd, output + (13 * outputStride));
        if (rows > 14) V.Store(ce, output + (14 * outputStride));
        if (rows > 15) V.Store(cf, output + (15 * outputStride));
    }

    private readonly struct Pixels1 : ITileRows { public static int Count => 1; }

    private readonly struct Pixels2 : ITileRows { public static int Count => 2; }

    private readonly struct Pixels3 : ITileRows { public static int Count => 3; }

    private readonly struct Pixels4 : ITileRows { public static int Count => 4; }

    private readonly struct Pixels5 : ITileRows { public static int Count => 5; }

    private readonly struct Pixels6 : ITileRows { public static int Count => 6; }

    private readonly struct Pixels7 : ITileRows { public static int Count => 7; }

    private readonly struct Pixels8 : ITileRows { public static int Count => 8; }

    private readonly struct Pixels9 : ITileRows { public static int Count => 9; }

    private readonly struct Pixels10 : ITileRows { public static int Count => 10; }

    private readonly struct Pixels11 : ITileRows { public static int Count => 11; }

    private readonly struct Pixels12 : ITileRows { public static int Count => 12; }

    private readonly struct Pixels13 : ITileRows { public static int Count => 13; }

    private readonly struct Pixels14 : ITileRows { public static int Count => 14; }

    private readonly struct Pixels15 : ITileRows { public static int Count => 15; }

    private readonly struct Pixels16 : ITileRows { public static int Count => 16; }
}
