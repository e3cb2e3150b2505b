using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>A number of rows as a type, so that the JIT makes one body for each height of a tile.</summary>
internal interface ITileRows
{
    static abstract int Count { get; }
}

/// <summary>How a tile reads its operands, as a type.</summary>
internal interface ITileForm
{
    /// <summary>Two vectors wide, or one: for the last columns.</summary>
    static virtual bool IsWide => true;

    /// <summary>Writes the rows of B that it reads to a packed panel, which the tiles below then read: packing costs no pass of its own.</summary>
    static virtual bool PacksB => false;

    /// <summary>Writes the A that it reads, stored by columns, to a packed tile, which the panels to the right then read.</summary>
    static virtual bool PacksA => false;

    /// <summary>Fetches memory that later tiles read into the second-level cache, <c>fetchStep</c> floats with each step of depth.</summary>
    static virtual bool Fetches => false;

    /// <summary>Goes on with the packed panels to the right, until it has filled the columns before <c>end</c>.</summary>
    static virtual bool Repeats => false;

    /// <summary>C is in the first-level cache and need not be fetched.</summary>
    static virtual bool IsNear => false;
}

/// <summary>The register tile of every matrix product: C (rows × 2 vectors) += A (rows × k) · B (k × 2 vectors).</summary>
/// <remarks>
/// <para>Formula: c[r, j] ← fma(a[r, p], b[p, j], c[r, j]) for p = 0 … k−1 in order, starting from 0, from C, or from a bias row. Every element
/// is one chain in the order of p, whatever the tile, the packing or the vector width: that is why a product has the same bits for any
/// number of rows, threads or lanes.</para>
/// <para>A: element (r, p) at a[r·rowStride + p·depthStride]. B: row p at b + p·stride, two vectors wide. C: row r at c + r·stride.</para>
/// <para>Registers: 2·rows accumulators, 2 of B, 1 broadcast; 12 rows use 27 of 32 registers with 512 bits, 6 rows use 15 of 16 with 256.
/// Compiled optimised at once: under tiered profiling the 256-bit body once came out 30 % slower.</para>
/// <para>Written out row by row because arrays of vectors do not live in registers; rows beyond the height fold away.</para>
/// </remarks>
internal static unsafe class GemmTile
{
    // How many rows of B ahead of use an unpacked B is fetched: 16 rows of 24 multiply–adds cover the latency of the
    // third-level cache.
    private const int Ahead = 16;

    // So many steps before its end a tile fetches the C of the next one.
    private const int Late = 64;

    /// <summary>Rows of the tallest tile: 12 where there are 32 registers, else 6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Height<V>()
        where V : unmanaged, ISimd<V> => V.Width == 16 ? 12 : 6;

    /// <summary>One tile, or with a repeating form a strip of them; a packing form writes its rows of B, two vectors each, or its columns of A, whole vectors at distances of the height, to <paramref name="other"/>; a fetching form starts to fetch there.</summary>
    /// <remarks><paramref name="next"/>: the C of the tile that comes after this one or after the strip. A strip ends before the columns at <paramref name="end"/>; from the last row of a panel,
    /// and of what is fetched beside it, to the first of the next panel there are <paramref name="skip"/> floats.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<V, TRows, TForm>(
        float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride, float* other, float* next,
        nint fetchStep = 0, nint skip = 0, float* end = null)
        where V : unmanaged, ISimd<V>
        where TRows : struct, ITileRows
        where TForm : struct, ITileForm
    {
        int rows = TRows.Count;
        bool wide = TForm.IsWide;
        nint w = V.Width;
    Panel:
        V c00 = V.Zero, c01 = V.Zero,
          c10 = V.Zero, c11 = V.Zero,
          c20 = V.Zero, c21 = V.Zero,
          c30 = V.Zero, c31 = V.Zero,
          c40 = V.Zero, c41 = V.Zero,
          c50 = V.Zero, c51 = V.Zero,
          c60 = V.Zero, c61 = V.Zero,
          c70 = V.Zero, c71 = V.Zero,
          c80 = V.Zero, c81 = V.Zero,
          c90 = V.Zero, c91 = V.Zero,
          ca0 = V.Zero, ca1 = V.Zero,
          cb0 = V.Zero, cb1 = V.Zero;
        if (start != null)
        {
            c00 = V.Load(start); if (wide) c01 = V.Load(start + w);
            if (rows > 1) { c10 = V.Load(start + startStride); if (wide) c11 = V.Load(start + startStride + w); }
            if (rows > 2) { c20 = V.Load(start + (2 * startStride)); if (wide) c21 = V.Load(start + (2 * startStride) + w); }
            if (rows > 3) { c30 = V.Load(start + (3 * startStride)); if (wide) c31 = V.Load(start + (3 * startStride) + w); }
            if (rows > 4) { c40 = V.Load(start + (4 * startStride)); if (wide) c41 = V.Load(start + (4 * startStride) + w); }
            if (rows > 5) { c50 = V.Load(start + (5 * startStride)); if (wide) c51 = V.Load(start + (5 * startStride) + w); }
            if (rows > 6) { c60 = V.Load(start + (6 * startStride)); if (wide) c61 = V.Load(start + (6 * startStride) + w); }
            if (rows > 7) { c70 = V.Load(start + (7 * startStride)); if (wide) c71 = V.Load(start + (7 * startStride) + w); }
            if (rows > 8) { c80 = V.Load(start + (8 * startStride)); if (wide) c81 = V.Load(start + (8 * startStride) + w); }
            if (rows > 9) { c90 = V.Load(start + (9 * startStride)); if (wide) c91 = V.Load(start + (9 * startStride) + w); }
            if (rows > 10) { ca0 = V.Load(start + (10 * startStride)); if (wide) ca1 = V.Load(start + (10 * startStride) + w); }
            if (rows > 11) { cb0 = V.Load(start + (11 * startStride)); if (wide) cb1 = V.Load(start + (11 * startStride) + w); }
        }
        float* a0 = a, a3 = a + (3 * rowStride), a6 = a3 + (3 * rowStride), a9 = a6 + (3 * rowStride);
        for (nint part = !Sse.IsSupported || TForm.IsNear ? depth : depth >= 2 * Late ? depth - Late : 0, left = depth; ; part = left)
        {
            left -= part;
            for (nint p = part; p > 0; p--)
            {
                V b0 = V.Load(b), b1 = wide ? V.Load(b + w) : b0, x;
                if (TForm.PacksB)
                {
                    if (Sse.IsSupported)
                    {
                        Sse.Prefetch0(b + (Ahead * strideB));
                        Sse.Prefetch0(b + (Ahead * strideB) + w);
                    }
                    V.Store(b0, other);
                    V.Store(b1, other + w);
                    other += 2 * w;
                }
                if (TForm.Fetches && Sse.IsSupported)
                {
                    Sse.Prefetch1(other);
                    other += fetchStep;
                }
                if (TForm.PacksA)
                {
                    // The columns of A lie too far apart for the processor to foresee.
                    if (Sse.IsSupported)
                        Sse.Prefetch0(a0 + (Ahead * depthStride) + rows - 1);
                    V.Store(V.Load(a0), other);
                    if (rows > w) V.Store(V.Load(a0 + w), other + w);
                    other += Height<V>();
                }
                x = V.Create(*a0); V.Accumulate(x, b0, ref c00); if (wide) V.Accumulate(x, b1, ref c01);
                if (rows > 1) { x = V.Create(a0[rowStride]); V.Accumulate(x, b0, ref c10); if (wide) V.Accumulate(x, b1, ref c11); }
                if (rows > 2) { x = V.Create(a0[2 * rowStride]); V.Accumulate(x, b0, ref c20); if (wide) V.Accumulate(x, b1, ref c21); }
                if (rows > 3) { x = V.Create(*a3); V.Accumulate(x, b0, ref c30); if (wide) V.Accumulate(x, b1, ref c31); }
                if (rows > 4) { x = V.Create(a3[rowStride]); V.Accumulate(x, b0, ref c40); if (wide) V.Accumulate(x, b1, ref c41); }
                if (rows > 5) { x = V.Create(a3[2 * rowStride]); V.Accumulate(x, b0, ref c50); if (wide) V.Accumulate(x, b1, ref c51); }
                if (rows > 6) { x = V.Create(*a6); V.Accumulate(x, b0, ref c60); if (wide) V.Accumulate(x, b1, ref c61); }
                if (rows > 7) { x = V.Create(a6[rowStride]); V.Accumulate(x, b0, ref c70); if (wide) V.Accumulate(x, b1, ref c71); }
                if (rows > 8) { x = V.Create(a6[2 * rowStride]); V.Accumulate(x, b0, ref c80); if (wide) V.Accumulate(x, b1, ref c81); }
                if (rows > 9) { x = V.Create(*a9); V.Accumulate(x, b0, ref c90); if (wide) V.Accumulate(x, b1, ref c91); }
                if (rows > 10) { x = V.Create(a9[rowStride]); V.Accumulate(x, b0, ref ca0); if (wide) V.Accumulate(x, b1, ref ca1); }
                if (rows > 11) { x = V.Create(a9[2 * rowStride]); V.Accumulate(x, b0, ref cb0); if (wide) V.Accumulate(x, b1, ref cb1); }
                a0 += depthStride;
                if (rows > 3) a3 += depthStride;
                if (rows > 6) a6 += depthStride;
                if (rows > 9) a9 += depthStride;
                b += strideB;
            }
            if (left == 0)
                break;
            // The C of the next tile comes into the first-level cache while this one computes its last sums; sooner, it would be gone again.
            float* nextC = TForm.Repeats && c + (2 * w) != end ? c + (2 * w) : next;
            for (int r = 0; r < rows; r++, nextC += strideC)
            {
                Sse.Prefetch0(nextC);
                if (wide && w == 16) Sse.Prefetch0(nextC + w);
            }
        }
        V.Store(c00, c); if (wide) V.Store(c01, c + w);
        if (rows > 1) { V.Store(c10, c + strideC); if (wide) V.Store(c11, c + strideC + w); }
        if (rows > 2) { V.Store(c20, c + (2 * strideC)); if (wide) V.Store(c21, c + (2 * strideC) + w); }
        if (rows > 3) { V.Store(c30, c + (3 * strideC)); if (wide) V.Store(c31, c + (3 * strideC) + w); }
        if (rows > 4) { V.Store(c40, c + (4 * strideC)); if (wide) V.Store(c41, c + (4 * strideC) + w); }
        if (rows > 5) { V.Store(c50, c + (5 * strideC)); if (wide) V.Store(c51, c + (5 * strideC) + w); }
        if (rows > 6) { V.Store(c60, c + (6 * strideC)); if (wide) V.Store(c61, c + (6 * strideC) + w); }
        if (rows > 7) { V.Store(c70, c + (7 * strideC)); if (wide) V.Store(c71, c + (7 * strideC) + w); }
        if (rows > 8) { V.Store(c80, c + (8 * strideC)); if (wide) V.Store(c81, c + (8 * strideC) + w); }
        if (rows > 9) { V.Store(c90, c + (9 * strideC)); if (wide) V.Store(c91, c + (9 * strideC) + w); }
        if (rows > 10) { V.Store(ca0, c + (10 * strideC)); if (wide) V.Store(ca1, c + (10 * strideC) + w); }
        if (rows > 11) { V.Store(cb0, c + (11 * strideC)); if (wide) V.Store(cb1, c + (11 * strideC) + w); }
        if (TForm.Repeats)
        {
            c += 2 * w;
            b += skip;
            if (TForm.Fetches) other += skip + (depth * ((2 * w) - fetchStep));
            if (start != null) start += 2 * w;
            if (c != end)
                goto Panel;
        }
    }

    /// <summary>One row over eight vectors of four panels: with one row a tile of two vectors would wait for its own additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void RunRow<V>(float* a, nint depthStride, float* b, nint strideB, nint panelStride, float* c, nint depth, float* start)
        where V : unmanaged, ISimd<V>
    {
        nint w = V.Width;
        V c0 = V.Zero, c1 = V.Zero, c2 = V.Zero, c3 = V.Zero, c4 = V.Zero, c5 = V.Zero, c6 = V.Zero, c7 = V.Zero;
        if (start != null)
        {
            c0 = V.Load(start); c1 = V.Load(start + w); c2 = V.Load(start + (2 * w)); c3 = V.Load(start + (3 * w));
            c4 = V.Load(start + (4 * w)); c5 = V.Load(start + (5 * w)); c6 = V.Load(start + (6 * w)); c7 = V.Load(start + (7 * w));
        }
        float* b1 = b + panelStride, b2 = b1 + panelStride, b3 = b2 + panelStride;
        for (nint p = depth; p > 0; p--)
        {
            V x = V.Create(*a);
            V.Accumulate(x, V.Load(b), ref c0); V.Accumulate(x, V.Load(b + w), ref c1);
            V.Accumulate(x, V.Load(b1), ref c2); V.Accumulate(x, V.Load(b1 + w), ref c3);
            V.Accumulate(x, V.Load(b2), ref c4); V.Accumulate(x, V.Load(b2 + w), ref c5);
            V.Accumulate(x, V.Load(b3), ref c6); V.Accumulate(x, V.Load(b3 + w), ref c7);
            a += depthStride;
            b += strideB; b1 += strideB; b2 += strideB; b3 += strideB;
        }
        V.Store(c0, c); V.Store(c1, c + w); V.Store(c2, c + (2 * w)); V.Store(c3, c + (3 * w));
        V.Store(c4, c + (4 * w)); V.Store(c5, c + (5 * w)); V.Store(c6, c + (6 * w)); V.Store(c7, c + (7 * w));
    }

    /// <summary>A tile of <paramref name="rows"/> rows, 1 … 12, two vectors wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<V>(
        int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride)
        where V : unmanaged, ISimd<V> =>
        Run<V, Wide>(rows, a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, null, c);

    /// <summary>Neighbouring tiles of packed panels that lie one behind the other, from 0: one call, so that the stores of a tile run under the sums of the next one.</summary>
    /// <remarks>At a depth of 64, 3 % faster than a call for each.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunPanels<V>(int rows, float* a, nint rowStride, nint depthStride, float* b, float* c, nint strideC, nint depth, int panels)
        where V : unmanaged, ISimd<V> =>
        RunColumns<V>(rows, a, rowStride, depthStride, b, 2 * V.Width, depth * 2 * V.Width, c, strideC, depth, null, 0, panels);

    /// <summary>Neighbouring tiles whose panels of B lie <paramref name="panelStride"/> apart, packed or in place, with a C in the first-level cache: one call as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunColumns<V>(
        int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, nint panelStride, float* c, nint strideC, nint depth, float* start, nint startStride, int panels)
        where V : unmanaged, ISimd<V>
    {
        // Values may have no features.
        if (panels > 0)
            Run<V, Panels>(rows, a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, null, c, 0, panelStride - (depth * strideB), c + (panels * 2 * V.Width));
    }

    /// <summary><see cref="Run{V, TRows, TForm}"/> by a number of rows, 1 … 12.</summary>
    public static void Run<V, TForm>(
        int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride, float* other, float* next,
        nint fetchStep = 0, nint skip = 0, float* end = null)
        where V : unmanaged, ISimd<V>
        where TForm : struct, ITileForm
    {
        switch (rows)
        {
            case 12: Run<V, Rows12, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 1: Run<V, Rows1, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 2: Run<V, Rows2, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 3: Run<V, Rows3, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 4: Run<V, Rows4, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 5: Run<V, Rows5, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 6: Run<V, Rows6, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 7: Run<V, Rows7, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 8: Run<V, Rows8, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 9: Run<V, Rows9, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 10: Run<V, Rows10, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
            case 11: Run<V, Rows11, TForm>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride, other, next, fetchStep, skip, end); break;
        }
    }

    /// <summary>Two vectors wide.</summary>
    internal readonly struct Wide : ITileForm;

    /// <summary>One vector wide: the last columns, where they fit into it.</summary>
    internal readonly struct Narrow : ITileForm
    {
        public static bool IsWide => false;
    }

    /// <summary>Two vectors wide, packing B on the way.</summary>
    internal readonly struct PackingB : ITileForm
    {
        public static bool PacksB => true;
    }

    /// <summary>Two vectors wide, packing an A that is stored by columns on the way.</summary>
    internal readonly struct PackingA : ITileForm
    {
        public static bool PacksA => true;
    }

    /// <summary>Two vectors wide, panel after panel, into a C in the first-level cache.</summary>
    internal readonly struct Panels : ITileForm
    {
        public static bool Repeats => true;

        public static bool IsNear => true;
    }

    /// <summary>Two vectors wide, panel after panel.</summary>
    internal readonly struct Strip : ITileForm
    {
        public static bool Repeats => true;
    }

    /// <summary>Two vectors wide, panel after panel, bringing what later tiles read into the second-level cache on the way.</summary>
    internal readonly struct FetchingStrip : ITileForm
    {
        public static bool Repeats => true;

        public static bool Fetches => true;
    }

    private readonly struct Rows1 : ITileRows { public static int Count => 1; }

    internal readonly struct Rows2 : ITileRows { public static int Count => 2; }

    internal readonly struct Rows3 : ITileRows { public static int Count => 3; }

    internal readonly struct Rows4 : ITileRows { public static int Count => 4; }

    internal readonly struct Rows5 : ITileRows { public static int Count => 5; }

    internal readonly struct Rows6 : ITileRows { public static int Count => 6; }

    internal readonly struct Rows7 : ITileRows { public static int Count => 7; }

    internal readonly struct Rows8 : ITileRows { public static int Count => 8; }

    private readonly struct Rows9 : ITileRows { public static int Count => 9; }

    private readonly struct Rows10 : ITileRows { public static int Count => 10; }

    private readonly struct Rows11 : ITileRows { public static int Count => 11; }

    private readonly struct Rows12 : ITileRows { public static int Count => 12; }
}
