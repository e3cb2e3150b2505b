using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Products of <see cref="WinogradTransform"/>'s tiles where the filters fill one vector: with as few multiply–adds as that, sums must not leave the registers more often than needed.</summary>
/// <remarks>Each sum is one chain in the order of its depth, from 0 or from what is there: the bits of <see cref="GemmTile"/>. Written out because arrays of vectors do not live in registers.</remarks>
internal static unsafe class WinogradTile
{
    /// <summary>Tiles of a product; memory of fewer is read and written as if there were so many.</summary>
    public const int Tiles = 4;

    /// <summary>Channels, and filters, of an outer product.</summary>
    public const int Square = 16;

    /// <summary>The four positions of a row: m = windows·filters, and of these m·A, the halves (m₀ + (m₁ + m₂), (m₁ − m₂) + m₃).</summary>
    /// <remarks>Registers: 16 sums, 4 of filters.</remarks>
    /// <param name="windows">(4 positions, tiles, channels).</param>
    /// <param name="distance">From position to position.</param>
    /// <param name="panel">(4 positions, channels, panel width).</param>
    /// <param name="panelDistance">From position to position.</param>
    /// <param name="halves">(2, tiles, one vector).</param>
    /// <param name="halfDistance">From one half to the other.</param>
    /// <param name="tiles">How many.</param>
    /// <param name="channels">Channels.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Row<V>(float* windows, nint distance, float* panel, nint panelDistance, float* halves, nint halfDistance, int tiles, nint channels)
        where V : unmanaged, ISimd<V>
    {
        nint width = Packing.PanelWidth<V>(), two = 2 * channels, three = 3 * channels;
        for (int n = 0; n < tiles; n += Tiles)
        {
            // The last ones overlap those before.
            nint t = Math.Min(n, Math.Max(0, tiles - Tiles));
            float* a = windows + (t * channels), b = a + distance, c = b + distance, d = c + distance, u = panel;
            V a0 = V.Zero, a1 = V.Zero, a2 = V.Zero, a3 = V.Zero;
            V b0 = V.Zero, b1 = V.Zero, b2 = V.Zero, b3 = V.Zero;
            V c0 = V.Zero, c1 = V.Zero, c2 = V.Zero, c3 = V.Zero;
            V d0 = V.Zero, d1 = V.Zero, d2 = V.Zero, d3 = V.Zero;
            for (nint i = channels; i > 0; i--, u += width)
            {
                V x = V.Load(u);
                a0 = V.FusedMultiplyAdd(V.Create(a[0]), x, a0); a1 = V.FusedMultiplyAdd(V.Create(a[channels]), x, a1); a2 = V.FusedMultiplyAdd(V.Create(a[two]), x, a2); a3 = V.FusedMultiplyAdd(V.Create(a[three]), x, a3);
                x = V.Load(u + panelDistance);
                b0 = V.FusedMultiplyAdd(V.Create(b[0]), x, b0); b1 = V.FusedMultiplyAdd(V.Create(b[channels]), x, b1); b2 = V.FusedMultiplyAdd(V.Create(b[two]), x, b2); b3 = V.FusedMultiplyAdd(V.Create(b[three]), x, b3);
                x = V.Load(u + (2 * panelDistance));
                c0 = V.FusedMultiplyAdd(V.Create(c[0]), x, c0); c1 = V.FusedMultiplyAdd(V.Create(c[channels]), x, c1); c2 = V.FusedMultiplyAdd(V.Create(c[two]), x, c2); c3 = V.FusedMultiplyAdd(V.Create(c[three]), x, c3);
                x = V.Load(u + (3 * panelDistance));
                d0 = V.FusedMultiplyAdd(V.Create(d[0]), x, d0); d1 = V.FusedMultiplyAdd(V.Create(d[channels]), x, d1); d2 = V.FusedMultiplyAdd(V.Create(d[two]), x, d2); d3 = V.FusedMultiplyAdd(V.Create(d[three]), x, d3);
                a++;
                b++;
                c++;
                d++;
            }
            float* to = halves + (t * V.Width), other = to + halfDistance;
            V.Store(a0 + (b0 + c0), to);
            V.Store((b0 - c0) + d0, other);
            V.Store(a1 + (b1 + c1), to + V.Width);
            V.Store((b1 - c1) + d1, other + V.Width);
            V.Store(a2 + (b2 + c2), to + (2 * V.Width));
            V.Store((b2 - c2) + d2, other + (2 * V.Width));
            V.Store(a3 + (b3 + c3), to + (3 * V.Width));
            V.Store((b3 - c3) + d3, other + (3 * V.Width));
        }
    }

    /// <summary>sums (16, 16) += Σ over tiles of windows (tiles, 16)ᵀ·gradients (tiles, 16), or = at the start.</summary>
    /// <remarks>Registers: 16 sums, 1 of gradients. Vectors of 16 lanes only.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Outer<V>(float* windows, float* gradients, int tiles, float* sums, bool isFirst)
        where V : unmanaged, ISimd<V>
    {
        V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
        V s4 = V.Zero, s5 = V.Zero, s6 = V.Zero, s7 = V.Zero;
        V s8 = V.Zero, s9 = V.Zero, sa = V.Zero, sb = V.Zero;
        V sc = V.Zero, sd = V.Zero, se = V.Zero, sf = V.Zero;
        if (!isFirst)
        {
            s0 = V.Load(sums + 0); s1 = V.Load(sums + 16); s2 = V.Load(sums + 32); s3 = V.Load(sums + 48);
            s4 = V.Load(sums + 64); s5 = V.Load(sums + 80); s6 = V.Load(sums + 96); s7 = V.Load(sums + 112);
            s8 = V.Load(sums + 128); s9 = V.Load(sums + 144); sa = V.Load(sums + 160); sb = V.Load(sums + 176);
            sc = V.Load(sums + 192); sd = V.Load(sums + 208); se = V.Load(sums + 224); sf = V.Load(sums + 240);
        }
        for (int t = tiles; t > 0; t--, windows += Square, gradients += Square)
        {
            V x = V.Load(gradients);
            s0 = V.FusedMultiplyAdd(V.Create(windows[0]), x, s0); s1 = V.FusedMultiplyAdd(V.Create(windows[1]), x, s1); s2 = V.FusedMultiplyAdd(V.Create(windows[2]), x, s2); s3 = V.FusedMultiplyAdd(V.Create(windows[3]), x, s3);
            s4 = V.FusedMultiplyAdd(V.Create(windows[4]), x, s4); s5 = V.FusedMultiplyAdd(V.Create(windows[5]), x, s5); s6 = V.FusedMultiplyAdd(V.Create(windows[6]), x, s6); s7 = V.FusedMultiplyAdd(V.Create(windows[7]), x, s7);
            s8 = V.FusedMultiplyAdd(V.Create(windows[8]), x, s8); s9 = V.FusedMultiplyAdd(V.Create(windows[9]), x, s9); sa = V.FusedMultiplyAdd(V.Create(windows[10]), x, sa); sb = V.FusedMultiplyAdd(V.Create(windows[11]), x, sb);
            sc = V.FusedMultiplyAdd(V.Create(windows[12]), x, sc); sd = V.FusedMultiplyAdd(V.Create(windows[13]), x, sd); se = V.FusedMultiplyAdd(V.Create(windows[14]), x, se); sf = V.FusedMultiplyAdd(V.Create(windows[15]), x, sf);
        }
        V.Store(s0, sums + 0); V.Store(s1, sums + 16); V.Store(s2, sums + 32); V.Store(s3, sums + 48);
        V.Store(s4, sums + 64); V.Store(s5, sums + 80); V.Store(s6, sums + 96); V.Store(s7, sums + 112);
        V.Store(s8, sums + 128); V.Store(s9, sums + 144); V.Store(sa, sums + 160); V.Store(sb, sums + 176);
        V.Store(sc, sums + 192); V.Store(sd, sums + 208); V.Store(se, sums + 224); V.Store(sf, sums + 240);
    }
}
