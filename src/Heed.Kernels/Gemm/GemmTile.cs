using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A number of rows as a type, so that the JIT makes one body for each height of a tile.</summary>
internal interface ITileRows
{
    static abstract int Count { get; }
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<V, TRows>(
        float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride)
        where V : unmanaged, ISimd<V>
        where TRows : struct, ITileRows
    {
        int rows = TRows.Count;
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
            c00 = V.Load(start); c01 = V.Load(start + V.Width);
            if (rows > 1) { c10 = V.Load(start + startStride); c11 = V.Load(start + startStride + V.Width); }
            if (rows > 2) { c20 = V.Load(start + (2 * startStride)); c21 = V.Load(start + (2 * startStride) + V.Width); }
            if (rows > 3) { c30 = V.Load(start + (3 * startStride)); c31 = V.Load(start + (3 * startStride) + V.Width); }
            if (rows > 4) { c40 = V.Load(start + (4 * startStride)); c41 = V.Load(start + (4 * startStride) + V.Width); }
            if (rows > 5) { c50 = V.Load(start + (5 * startStride)); c51 = V.Load(start + (5 * startStride) + V.Width); }
            if (rows > 6) { c60 = V.Load(start + (6 * startStride)); c61 = V.Load(start + (6 * startStride) + V.Width); }
            if (rows > 7) { c70 = V.Load(start + (7 * startStride)); c71 = V.Load(start + (7 * startStride) + V.Width); }
            if (rows > 8) { c80 = V.Load(start + (8 * startStride)); c81 = V.Load(start + (8 * startStride) + V.Width); }
            if (rows > 9) { c90 = V.Load(start + (9 * startStride)); c91 = V.Load(start + (9 * startStride) + V.Width); }
            if (rows > 10) { ca0 = V.Load(start + (10 * startStride)); ca1 = V.Load(start + (10 * startStride) + V.Width); }
            if (rows > 11) { cb0 = V.Load(start + (11 * startStride)); cb1 = V.Load(start + (11 * startStride) + V.Width); }
        }
        float* a0 = a, a3 = a + (3 * rowStride), a6 = a3 + (3 * rowStride), a9 = a6 + (3 * rowStride);
        for (nint p = depth; p > 0; p--)
        {
            V b0 = V.Load(b), b1 = V.Load(b + V.Width), x;
            x = V.Create(*a0); c00 = V.FusedMultiplyAdd(x, b0, c00); c01 = V.FusedMultiplyAdd(x, b1, c01);
            if (rows > 1) { x = V.Create(a0[rowStride]); c10 = V.FusedMultiplyAdd(x, b0, c10); c11 = V.FusedMultiplyAdd(x, b1, c11); }
            if (rows > 2) { x = V.Create(a0[2 * rowStride]); c20 = V.FusedMultiplyAdd(x, b0, c20); c21 = V.FusedMultiplyAdd(x, b1, c21); }
            if (rows > 3) { x = V.Create(*a3); c30 = V.FusedMultiplyAdd(x, b0, c30); c31 = V.FusedMultiplyAdd(x, b1, c31); }
            if (rows > 4) { x = V.Create(a3[rowStride]); c40 = V.FusedMultiplyAdd(x, b0, c40); c41 = V.FusedMultiplyAdd(x, b1, c41); }
            if (rows > 5) { x = V.Create(a3[2 * rowStride]); c50 = V.FusedMultiplyAdd(x, b0, c50); c51 = V.FusedMultiplyAdd(x, b1, c51); }
            if (rows > 6) { x = V.Create(*a6); c60 = V.FusedMultiplyAdd(x, b0, c60); c61 = V.FusedMultiplyAdd(x, b1, c61); }
            if (rows > 7) { x = V.Create(a6[rowStride]); c70 = V.FusedMultiplyAdd(x, b0, c70); c71 = V.FusedMultiplyAdd(x, b1, c71); }
            if (rows > 8) { x = V.Create(a6[2 * rowStride]); c80 = V.FusedMultiplyAdd(x, b0, c80); c81 = V.FusedMultiplyAdd(x, b1, c81); }
            if (rows > 9) { x = V.Create(*a9); c90 = V.FusedMultiplyAdd(x, b0, c90); c91 = V.FusedMultiplyAdd(x, b1, c91); }
            if (rows > 10) { x = V.Create(a9[rowStride]); ca0 = V.FusedMultiplyAdd(x, b0, ca0); ca1 = V.FusedMultiplyAdd(x, b1, ca1); }
            if (rows > 11) { x = V.Create(a9[2 * rowStride]); cb0 = V.FusedMultiplyAdd(x, b0, cb0); cb1 = V.FusedMultiplyAdd(x, b1, cb1); }
            a0 += depthStride;
            if (rows > 3) a3 += depthStride;
            if (rows > 6) a6 += depthStride;
            if (rows > 9) a9 += depthStride;
            b += strideB;
        }
        V.Store(c00, c); V.Store(c01, c + V.Width);
        if (rows > 1) { V.Store(c10, c + strideC); V.Store(c11, c + strideC + V.Width); }
        if (rows > 2) { V.Store(c20, c + (2 * strideC)); V.Store(c21, c + (2 * strideC) + V.Width); }
        if (rows > 3) { V.Store(c30, c + (3 * strideC)); V.Store(c31, c + (3 * strideC) + V.Width); }
        if (rows > 4) { V.Store(c40, c + (4 * strideC)); V.Store(c41, c + (4 * strideC) + V.Width); }
        if (rows > 5) { V.Store(c50, c + (5 * strideC)); V.Store(c51, c + (5 * strideC) + V.Width); }
        if (rows > 6) { V.Store(c60, c + (6 * strideC)); V.Store(c61, c + (6 * strideC) + V.Width); }
        if (rows > 7) { V.Store(c70, c + (7 * strideC)); V.Store(c71, c + (7 * strideC) + V.Width); }
        if (rows > 8) { V.Store(c80, c + (8 * strideC)); V.Store(c81, c + (8 * strideC) + V.Width); }
        if (rows > 9) { V.Store(c90, c + (9 * strideC)); V.Store(c91, c + (9 * strideC) + V.Width); }
        if (rows > 10) { V.Store(ca0, c + (10 * strideC)); V.Store(ca1, c + (10 * strideC) + V.Width); }
        if (rows > 11) { V.Store(cb0, c + (11 * strideC)); V.Store(cb1, c + (11 * strideC) + V.Width); }
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
            c0 = V.FusedMultiplyAdd(x, V.Load(b), c0); c1 = V.FusedMultiplyAdd(x, V.Load(b + w), c1);
            c2 = V.FusedMultiplyAdd(x, V.Load(b1), c2); c3 = V.FusedMultiplyAdd(x, V.Load(b1 + w), c3);
            c4 = V.FusedMultiplyAdd(x, V.Load(b2), c4); c5 = V.FusedMultiplyAdd(x, V.Load(b2 + w), c5);
            c6 = V.FusedMultiplyAdd(x, V.Load(b3), c6); c7 = V.FusedMultiplyAdd(x, V.Load(b3 + w), c7);
            a += depthStride;
            b += strideB; b1 += strideB; b2 += strideB; b3 += strideB;
        }
        V.Store(c0, c); V.Store(c1, c + w); V.Store(c2, c + (2 * w)); V.Store(c3, c + (3 * w));
        V.Store(c4, c + (4 * w)); V.Store(c5, c + (5 * w)); V.Store(c6, c + (6 * w)); V.Store(c7, c + (7 * w));
    }

    /// <summary><see cref="Run{V, TRows}"/> by a number of rows, 1 … 12.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<V>(
        int rows, float* a, nint rowStride, nint depthStride, float* b, nint strideB, float* c, nint strideC, nint depth, float* start, nint startStride)
        where V : unmanaged, ISimd<V>
    {
        switch (rows)
        {
            case 12: Run<V, Rows12>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 1: Run<V, Rows1>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 2: Run<V, Rows2>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 3: Run<V, Rows3>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 4: Run<V, Rows4>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 5: Run<V, Rows5>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 6: Run<V, Rows6>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 7: Run<V, Rows7>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 8: Run<V, Rows8>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 9: Run<V, Rows9>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 10: Run<V, Rows10>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
            case 11: Run<V, Rows11>(a, rowStride, depthStride, b, strideB, c, strideC, depth, start, startStride); break;
        }
    }

    private readonly struct Rows1 : ITileRows { public static int Count => 1; }

    private readonly struct Rows2 : ITileRows { public static int Count => 2; }

    private readonly struct Rows3 : ITileRows { public static int Count => 3; }

    private readonly struct Rows4 : ITileRows { public static int Count => 4; }

    private readonly struct Rows5 : ITileRows { public static int Count => 5; }

    private readonly struct Rows6 : ITileRows { public static int Count => 6; }

    private readonly struct Rows7 : ITileRows { public static int Count => 7; }

    private readonly struct Rows8 : ITileRows { public static int Count => 8; }

    private readonly struct Rows9 : ITileRows { public static int Count => 9; }

    private readonly struct Rows10 : ITileRows { public static int Count => 10; }

    private readonly struct Rows11 : ITileRows { public static int Count => 11; }

    private readonly struct Rows12 : ITileRows { public static int Count => 12; }
}
