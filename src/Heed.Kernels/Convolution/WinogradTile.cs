using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Heed.Kernels;

/// <summary>Products of <see cref="WinogradTransform"/>'s tiles where the filters fill one vector: with as few multiply–adds as that, sums must not leave the registers more often than needed.</summary>
/// <remarks>Vectors of 512 bits alone; narrower ones have two for so many filters, which is what <see cref="GemmTile"/> is for. Each sum is one chain in the order of its depth, from 0 or from what is there: its bits. No alphabet here: behind
/// a struct that wraps the vector the JIT keeps a read apart from the multiply–add that uses it once, and moves each sum back (measured: 70 % of the peak; so 100 %). Written out because arrays of vectors do not live in registers.</remarks>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Row(float* windows, nint distance, float* panel, nint panelDistance, float* halves, nint halfDistance, int tiles, nint channels)
    {
        const int Width = 32;
        nint two = 2 * channels, three = 3 * channels;
        for (int n = 0; n < tiles; n += Tiles)
        {
            // The last ones overlap those before.
            nint t = Math.Min(n, Math.Max(0, tiles - Tiles));
            float* a = windows + (t * channels), b = a + distance, c = b + distance, d = c + distance, u = panel;
            Vector512<float> a0 = Vector512<float>.Zero, a1 = Vector512<float>.Zero, a2 = Vector512<float>.Zero, a3 = Vector512<float>.Zero;
            Vector512<float> b0 = Vector512<float>.Zero, b1 = Vector512<float>.Zero, b2 = Vector512<float>.Zero, b3 = Vector512<float>.Zero;
            Vector512<float> c0 = Vector512<float>.Zero, c1 = Vector512<float>.Zero, c2 = Vector512<float>.Zero, c3 = Vector512<float>.Zero;
            Vector512<float> d0 = Vector512<float>.Zero, d1 = Vector512<float>.Zero, d2 = Vector512<float>.Zero, d3 = Vector512<float>.Zero;
            for (nint i = channels; i > 0; i--, u += Width)
            {
                Vector512<float> x = Vector512.Load(u);
                a0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), x, a0); a1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[channels]), x, a1); a2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[two]), x, a2); a3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[three]), x, a3);
                x = Vector512.Load(u + panelDistance);
                b0 = Vector512.FusedMultiplyAdd(Vector512.Create(b[0]), x, b0); b1 = Vector512.FusedMultiplyAdd(Vector512.Create(b[channels]), x, b1); b2 = Vector512.FusedMultiplyAdd(Vector512.Create(b[two]), x, b2); b3 = Vector512.FusedMultiplyAdd(Vector512.Create(b[three]), x, b3);
                x = Vector512.Load(u + (2 * panelDistance));
                c0 = Vector512.FusedMultiplyAdd(Vector512.Create(c[0]), x, c0); c1 = Vector512.FusedMultiplyAdd(Vector512.Create(c[channels]), x, c1); c2 = Vector512.FusedMultiplyAdd(Vector512.Create(c[two]), x, c2); c3 = Vector512.FusedMultiplyAdd(Vector512.Create(c[three]), x, c3);
                x = Vector512.Load(u + (3 * panelDistance));
                d0 = Vector512.FusedMultiplyAdd(Vector512.Create(d[0]), x, d0); d1 = Vector512.FusedMultiplyAdd(Vector512.Create(d[channels]), x, d1); d2 = Vector512.FusedMultiplyAdd(Vector512.Create(d[two]), x, d2); d3 = Vector512.FusedMultiplyAdd(Vector512.Create(d[three]), x, d3);
                a++;
                b++;
                c++;
                d++;
            }
            float* to = halves + (t * Square), other = to + halfDistance;
            Vector512.Store(a0 + (b0 + c0), to);
            Vector512.Store((b0 - c0) + d0, other);
            Vector512.Store(a1 + (b1 + c1), to + Square);
            Vector512.Store((b1 - c1) + d1, other + Square);
            Vector512.Store(a2 + (b2 + c2), to + (2 * Square));
            Vector512.Store((b2 - c2) + d2, other + (2 * Square));
            Vector512.Store(a3 + (b3 + c3), to + (3 * Square));
            Vector512.Store((b3 - c3) + d3, other + (3 * Square));
        }
    }

    /// <summary>sums (16, 16) += Σ over tiles of windows (tiles, 16)ᵀ·gradients (tiles, 16), or = at the start.</summary>
    /// <remarks>Registers: 16 sums, 1 of gradients.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Outer(float* windows, float* gradients, int tiles, float* sums, bool isFirst)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = Vector512<float>.Zero, s2 = Vector512<float>.Zero, s3 = Vector512<float>.Zero;
        Vector512<float> s4 = Vector512<float>.Zero, s5 = Vector512<float>.Zero, s6 = Vector512<float>.Zero, s7 = Vector512<float>.Zero;
        Vector512<float> s8 = Vector512<float>.Zero, s9 = Vector512<float>.Zero, sa = Vector512<float>.Zero, sb = Vector512<float>.Zero;
        Vector512<float> sc = Vector512<float>.Zero, sd = Vector512<float>.Zero, se = Vector512<float>.Zero, sf = Vector512<float>.Zero;
        if (!isFirst)
        {
            s0 = Vector512.Load(sums + 0); s1 = Vector512.Load(sums + 16); s2 = Vector512.Load(sums + 32); s3 = Vector512.Load(sums + 48);
            s4 = Vector512.Load(sums + 64); s5 = Vector512.Load(sums + 80); s6 = Vector512.Load(sums + 96); s7 = Vector512.Load(sums + 112);
            s8 = Vector512.Load(sums + 128); s9 = Vector512.Load(sums + 144); sa = Vector512.Load(sums + 160); sb = Vector512.Load(sums + 176);
            sc = Vector512.Load(sums + 192); sd = Vector512.Load(sums + 208); se = Vector512.Load(sums + 224); sf = Vector512.Load(sums + 240);
        }
        for (int t = tiles; t > 0; t--, windows += Square, gradients += Square)
        {
            Vector512<float> x = Vector512.Load(gradients);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[0]), x, s0); s1 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[1]), x, s1); s2 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[2]), x, s2); s3 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[3]), x, s3);
            s4 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[4]), x, s4); s5 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[5]), x, s5); s6 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[6]), x, s6); s7 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[7]), x, s7);
            s8 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[8]), x, s8); s9 = Vector512.FusedMultiplyAdd(Vector512.Create(windows[9]), x, s9); sa = Vector512.FusedMultiplyAdd(Vector512.Create(windows[10]), x, sa); sb = Vector512.FusedMultiplyAdd(Vector512.Create(windows[11]), x, sb);
            sc = Vector512.FusedMultiplyAdd(Vector512.Create(windows[12]), x, sc); sd = Vector512.FusedMultiplyAdd(Vector512.Create(windows[13]), x, sd); se = Vector512.FusedMultiplyAdd(Vector512.Create(windows[14]), x, se); sf = Vector512.FusedMultiplyAdd(Vector512.Create(windows[15]), x, sf);
        }
        Vector512.Store(s0, sums + 0); Vector512.Store(s1, sums + 16); Vector512.Store(s2, sums + 32); Vector512.Store(s3, sums + 48);
        Vector512.Store(s4, sums + 64); Vector512.Store(s5, sums + 80); Vector512.Store(s6, sums + 96); Vector512.Store(s7, sums + 112);
        Vector512.Store(s8, sums + 128); Vector512.Store(s9, sums + 144); Vector512.Store(sa, sums + 160); Vector512.Store(sb, sums + 176);
        Vector512.Store(sc, sums + 192); Vector512.Store(sd, sums + 208); Vector512.Store(se, sums + 224); Vector512.Store(sf, sums + 240);
    }
}
