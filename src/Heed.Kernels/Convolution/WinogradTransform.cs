using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Winograd's minimal filtering F(2 × 2, 3 × 3) on pictures with channels last: each lane of a vector is a channel, so no value changes its lane.</summary>
/// <remarks>
/// <para>Formula, for a tile of 2 × 2 results y of a 4 × 4 window d and a filter g: y = Aᵀ·[(G·g·Gᵀ) ∘ (Bᵀ·d·B)]·A, with Bᵀ = (1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 −1 0 1), G = (1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1),
/// Aᵀ = (1 1 1 0; 0 1 −1 1): 16 products instead of 36. Summed over channels, each of the 16 positions is a matrix product of tiles. The gradient of g is Gᵀ·[(A·dy·Aᵀ) ∘ (Bᵀ·d·B)]·G.</para>
/// <para>Transformed tiles: (16 positions, tiles, channels), positions some way apart (<see cref="Distance"/>); a pass may be asked for some of the four rows of positions only.</para>
/// <para>Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016, section 4.1; signs chosen so that A holds no lone −1.</para>
/// </remarks>
internal static unsafe class WinogradTransform
{
    /// <summary>Positions of a tile, and of one of its rows.</summary>
    public const int Positions = 16, Side = 4;

    /// <summary>Floats from position to position: beyond the values a cache line, so that the positions of a tile do not share cache sets.</summary>
    public static nint Distance(nint tiles, nint channels) => (tiles * channels) + 16;

    /// <summary>Bᵀ·d·B of lines × columns tiles.</summary>
    /// <param name="seen">The first window; windows are two pixels apart.</param>
    /// <param name="row">Values from row to row of pixels.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="lines">Rows of tiles.</param>
    /// <param name="columns">Tiles of a row.</param>
    /// <param name="to">The first tile.</param>
    /// <param name="distance">From position to position.</param>
    /// <param name="firstRow">Of the four rows of positions.</param>
    /// <param name="endRow">Behind the last one.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Windows<V>(float* seen, nint row, nint channels, int lines, int columns, float* to, nint distance, int firstRow, int endRow)
        where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < lines; i++)
        {
            for (int r = firstRow; r < endRow; r++)
            {
                (int plus, int other) = r switch { 0 => (0, 2), 1 => (1, 2), 2 => (2, 1), _ => (3, 1) };
                V sign = r == 1 ? 1f : -1f;
                float* x = seen + (((2 * i) + plus) * row), y = seen + (((2 * i) + other) * row), line = to + (r * Side * distance) + ((nint)i * columns * channels);
                for (nint c = 0; c < channels; c += V.Width)
                {
                    float* a = x + c, b = y + c, at = line + c;
                    V c0 = V.FusedMultiplyAdd(V.Load(b), sign, V.Load(a)), c1 = V.FusedMultiplyAdd(V.Load(b + channels), sign, V.Load(a + channels));
                    for (int j = columns; j > 0; j--, at += channels)
                    {
                        a += 2 * channels;
                        b += 2 * channels;
                        V c2 = V.FusedMultiplyAdd(V.Load(b), sign, V.Load(a)), c3 = V.FusedMultiplyAdd(V.Load(b + channels), sign, V.Load(a + channels));
                        V.Store(c0 - c2, at);
                        V.Store(c1 + c2, at + distance);
                        V.Store(c2 - c1, at + (2 * distance));
                        V.Store(c3 - c1, at + (3 * distance));
                        (c0, c1) = (c2, c3);
                    }
                }
            }
        }
    }

    /// <summary>A·dy·Aᵀ of lines × columns tiles of 2 × 2 pixels; parameters as in <see cref="Windows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradients<V>(float* dy, nint row, nint filters, int lines, int columns, float* to, nint distance, int firstRow, int endRow)
        where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < lines; i++)
        {
            for (int r = firstRow; r < endRow; r++)
            {
                float* x = dy + (2 * i * row), line = to + (r * Side * distance) + ((nint)i * columns * filters);
                for (nint f = 0; f < filters; f += V.Width)
                {
                    float* a = x + f, b = a + row, at = line + f;
                    for (int j = columns; j > 0; j--, at += filters, a += 2 * filters, b += 2 * filters)
                    {
                        V c0, c1;
                        if (r == 0)
                            (c0, c1) = (V.Load(a), V.Load(a + filters));
                        else if (r == 1)
                            (c0, c1) = (V.Load(a) + V.Load(b), V.Load(a + filters) + V.Load(b + filters));
                        else if (r == 2)
                            (c0, c1) = (V.Load(a) - V.Load(b), V.Load(a + filters) - V.Load(b + filters));
                        else
                            (c0, c1) = (V.Load(b), V.Load(b + filters));
                        V.Store(c0, at);
                        V.Store(c0 + c1, at + distance);
                        V.Store(c0 - c1, at + (2 * distance));
                        V.Store(c1, at + (3 * distance));
                    }
                }
            }
        }
    }

    /// <summary>Aᵀ·m·A of lines × columns tiles, to those of their pixels that exist.</summary>
    /// <param name="from">The first tile.</param>
    /// <param name="distance">From position to position.</param>
    /// <param name="filters">Values of a pixel.</param>
    /// <param name="lines">Rows of tiles.</param>
    /// <param name="columns">Tiles of a row.</param>
    /// <param name="to">The first pixel.</param>
    /// <param name="row">Values from row to row of pixels.</param>
    /// <param name="height">Rows of pixels that exist: 2·lines or one fewer.</param>
    /// <param name="width">Pixels of a row that exist, likewise.</param>
    /// <param name="bias">(filters), or null.</param>
    /// <param name="accumulates">Whether results are added to what is there.</param>
    /// <typeparam name="V">The vector.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Results<V>(float* from, nint distance, nint filters, int lines, int columns, float* to, nint row, int height, int width, float* bias, bool accumulates)
        where V : unmanaged, ISimd<V>
    {
        nint side = Side * distance;
        for (int i = 0; i < lines; i++)
        {
            for (nint f = 0; f < filters; f += V.Width)
            {
                float* m = from + ((nint)i * columns * filters) + f, at = to + (2 * i * row) + f;
                V start = bias == null ? V.Zero : V.Load(bias + f);
                for (int j = 0; j < columns; j++, m += filters, at += 2 * filters)
                {
                    // Rows of positions first, as WinogradTile does it.
                    float* n = m + side, o = n + side, p = o + side;
                    Halve(V.Load(m), V.Load(m + distance), V.Load(m + (2 * distance)), V.Load(m + (3 * distance)), out V u0, out V v0);
                    Halve(V.Load(n), V.Load(n + distance), V.Load(n + (2 * distance)), V.Load(n + (3 * distance)), out V u1, out V v1);
                    Halve(V.Load(o), V.Load(o + distance), V.Load(o + (2 * distance)), V.Load(o + (3 * distance)), out V u2, out V v2);
                    Halve(V.Load(p), V.Load(p + distance), V.Load(p + (2 * distance)), V.Load(p + (3 * distance)), out V u3, out V v3);
                    bool hasBelow = (2 * i) + 1 < height;
                    Column(u0, u1, u2, u3, start, at, row, hasBelow, accumulates);
                    if ((2 * j) + 1 < width)
                        Column(v0, v1, v2, v3, start, at + filters, row, hasBelow, accumulates);
                }
            }
        }
    }

    /// <summary>The same from halves, Aᵀ·(m·A): (4 rows, 2, tiles, one vector of filters), so far apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void ResultsOfHalves<V>(float* from, nint distance, int lines, int columns, float* to, nint row, int height, int width, float* bias, bool accumulates)
        where V : unmanaged, ISimd<V>
    {
        V start = bias == null ? V.Zero : V.Load(bias);
        nint pair = 2 * distance;
        for (int i = 0; i < lines; i++)
        {
            float* at = to + (2 * i * row);
            bool hasBelow = (2 * i) + 1 < height;
            for (int j = 0; j < columns; j++, from += V.Width, at += 2 * V.Width)
            {
                float* h = from + distance;
                Column(V.Load(from), V.Load(from + pair), V.Load(from + (2 * pair)), V.Load(from + (3 * pair)), start, at, row, hasBelow, accumulates);
                if ((2 * j) + 1 < width)
                    Column(V.Load(h), V.Load(h + pair), V.Load(h + (2 * pair)), V.Load(h + (3 * pair)), start, at + V.Width, row, hasBelow, accumulates);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halve<V>(V m0, V m1, V m2, V m3, out V left, out V right)
        where V : unmanaged, ISimd<V>
    {
        left = m0 + (m1 + m2);
        right = (m1 - m2) + m3;
    }

    // The upper and the lower pixel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column<V>(V h0, V h1, V h2, V h3, V start, float* to, nint row, bool hasBelow, bool accumulates)
        where V : unmanaged, ISimd<V>
    {
        Put(start + (h0 + (h1 + h2)), to, accumulates);
        if (hasBelow)
            Put(start + ((h1 - h2) + h3), to + row, accumulates);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<V>(V value, float* to, bool accumulates)
        where V : unmanaged, ISimd<V> => V.Store(accumulates ? V.Load(to) + value : value, to);

    /// <summary>G·g·Gᵀ of so many neighbouring floats, whole vectors: nine taps, <paramref name="tap"/> floats apart, become 16 positions, <paramref name="distance"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Filters<V>(float* taps, nint tap, nint length, float* to, nint distance)
        where V : unmanaged, ISimd<V>
    {
        float* half = stackalloc float[Side * 3 * 16];
        for (nint at = 0; at < length; at += V.Width)
        {
            // Rows first: 4 × 3 of them.
            for (int s = 0; s < 3; s++)
            {
                float* g = taps + at + (s * tap);
                Spread(V.Load(g), V.Load(g + (3 * tap)), V.Load(g + (6 * tap)), half + (s * V.Width), 3 * V.Width);
            }
            for (int r = 0; r < Side; r++)
            {
                float* g = half + (r * 3 * V.Width);
                Spread(V.Load(g), V.Load(g + V.Width), V.Load(g + (2 * V.Width)), to + at + (r * Side * distance), distance);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread<V>(V g0, V g1, V g2, float* to, nint distance)
        where V : unmanaged, ISimd<V>
    {
        V ends = g0 + g2, half = 0.5f;
        V.Store(g0, to);
        V.Store((ends + g1) * half, to + distance);
        V.Store((ends - g1) * half, to + (2 * distance));
        V.Store(g2, to + (3 * distance));
    }

    /// <summary>Gᵀ·u·G of so many neighbouring floats, whole vectors: 16 positions become nine taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void FilterGradients<V>(float* from, nint distance, nint length, float* taps, nint tap)
        where V : unmanaged, ISimd<V>
    {
        float* half = stackalloc float[3 * Side * 16];
        for (nint at = 0; at < length; at += V.Width)
        {
            for (int s = 0; s < Side; s++)
            {
                float* u = from + at + (s * distance);
                Gather(V.Load(u), V.Load(u + (Side * distance)), V.Load(u + (2 * Side * distance)), V.Load(u + (3 * Side * distance)), half + (s * V.Width), Side * V.Width);
            }
            for (int r = 0; r < 3; r++)
            {
                float* u = half + (r * Side * V.Width);
                Gather(V.Load(u), V.Load(u + V.Width), V.Load(u + (2 * V.Width)), V.Load(u + (3 * V.Width)), taps + at + (3 * r * tap), tap);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather<V>(V u0, V u1, V u2, V u3, float* to, nint distance)
        where V : unmanaged, ISimd<V>
    {
        V half = 0.5f, sum = (u1 + u2) * half;
        V.Store(u0 + sum, to);
        V.Store((u1 - u2) * half, to + distance);
        V.Store(sum + u3, to + (2 * distance));
    }
}
