using System.Numerics;
using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What is known of one row over some keys: the softmax before it is divided, relative to the largest score. Exponents of two.</summary>
internal struct RowState
{
    public float Maximum;    // largest score·log₂e, or −∞
    public float Sum;        // Σ 2^(t), t = score·log₂e − Maximum
    public float Exponents;  // Σ 2^t·t
    public float Distance;   // Σ 2^t·|query − key|
    public int ArgMax;

    public static RowState Empty => new() { Maximum = float.NegativeInfinity, ArgMax = -1 };
}

/// <summary>What a softmax notes of its rows beside sums and maxima, as a type.</summary>
internal interface IStripLook
{
    /// <summary>The first key of the largest score.</summary>
    static abstract bool Finds { get; }

    /// <summary>Weighted exponents, for the entropy.</summary>
    static abstract bool Weighs { get; }

    /// <summary>Weighted distances.</summary>
    static abstract bool Measures { get; }
}

/// <summary>The elementwise work on a strip of scores: rows × key panels in the first-level cache.</summary>
internal static unsafe class StripSoftmax
{
    /// <summary>A panel without a mask that has fewer keys than lanes: beside <see cref="TileCoverage"/>.</summary>
    public const byte Ragged = 3;

    /// <summary>Modifier and mask together: s ← modifier(scale·s), −∞ where masked or where there is no key; the rows' largest scores go to <see cref="RowState.Maximum"/>.</summary>
    /// <param name="coverage">Of each panel of the block: only what is not <see cref="TileCoverage.All"/> is looked at pair by pair.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Score<V, TModifier, TMask>(
        TModifier modifier, TMask mask, float scale, ScoreRow* contexts, int rows, float* s, nint stride, int* live, int panels, byte* coverage, int firstKey, RowState* states)
        where V : unmanaged, ISimd<V>
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        int width = 2 * V.Width;
        V factor = V.Create(scale);
        for (int r = 0; r < rows; r++, s += stride)
        {
            ScoreRow* row = contexts + r;
            V m0 = V.Create(float.NegativeInfinity), m1 = m0;
            for (int p = 0; p < panels; p++)
            {
                float* x = s + live[p];
                byte cover = coverage[live[p] / width];
                ScoreContext<V> at0 = new(row, firstKey + live[p]), at1 = new(row, firstKey + live[p] + V.Width);
                V x0 = V.Load(x), x1 = V.Load(x + V.Width);
                if (!TModifier.IsIdentity)
                {
                    x0 = modifier.Forward(x0 * factor, at0);
                    x1 = modifier.Forward(x1 * factor, at1);
                }
                if (cover != (byte)TileCoverage.All)
                {
                    x0 = Allowed(x0, mask, at0, cover, row->Keys);
                    x1 = Allowed(x1, mask, at1, cover, row->Keys);
                }
                if (!TModifier.IsIdentity || cover != (byte)TileCoverage.All)
                {
                    V.Store(x0, x);
                    V.Store(x1, x + V.Width);
                }
                m0 = V.Max(x0, m0);
                m1 = V.Max(x1, m1);
            }
            states[r].Maximum = V.MaxAcross(V.Max(m0, m1));
        }
    }

    /// <summary>The mask alone, over the panels that it cuts: s ← −∞ where masked or where there is no key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Cut<V, TMask>(TMask mask, ScoreRow* contexts, int rows, float* s, nint stride, int* live, int panels, byte* coverage, int firstKey)
        where V : unmanaged, ISimd<V>
        where TMask : unmanaged, IAttentionMask
    {
        for (int p = 0; p < panels; p++)
        {
            byte cover = coverage[live[p] / (2 * V.Width)];
            if (cover == (byte)TileCoverage.All)
                continue;
            float* x = s + live[p];
            int key = firstKey + live[p];
            for (int r = 0; r < rows; r++, x += stride)
            {
                ScoreRow* row = contexts + r;
                V.Store(Allowed(V.Load(x), mask, new(row, key), cover, row->Keys), x);
                V.Store(Allowed(V.Load(x + V.Width), mask, new(row, key + V.Width), cover, row->Keys), x + V.Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Allowed<V, TMask>(V x, TMask mask, ScoreContext<V> at, byte cover, int keys)
        where V : unmanaged, ISimd<V>
        where TMask : unmanaged, IAttentionMask =>
        Existing(cover == (byte)TileCoverage.Partly ? V.Select(mask.Allows(at), x, V.Create(float.NegativeInfinity)) : x, at.KeyIndex, keys);

    /// <summary>The rows' largest scores, where there is no modifier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Maxima<V>(int rows, float* s, nint stride, int* live, int panels, RowState* states)
        where V : unmanaged, ISimd<V>
    {
        nint w = V.Width;
        for (int r = 0; r < rows; r++, s += stride)
        {
            V m0 = V.Create(float.NegativeInfinity), m1 = m0;
            for (int p = 0; p < panels; p++)
            {
                float* x = s + live[p];
                m0 = V.Max(V.Load(x), m0);
                m1 = V.Max(V.Load(x + w), m1);
            }
            states[r].Maximum = V.MaxAcross(V.Max(m0, m1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Existing<V>(V x, int first, int keys)
        where V : unmanaged, ISimd<V>
    {
        V none = V.Create(float.NegativeInfinity);
        x = V.Select(V.LessThan(V.Lanes, V.Create(keys - first)), x, none);
        return V.Select(V.LessThan(V.Lanes, V.Create(-first)), none, x);
    }

    /// <summary>s ← 2^(factor·s − factor·max s) over the panels of <paramref name="live"/>, row by row; the rows' states, which come with their largest scores.</summary>
    /// <remarks>A row that sees nothing gets zeros and an empty state. Sums run panel by panel in two vectors, so masked keys, which add exact zeros, change no bit, and neither does what is looked at.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<V, TLook>(float* s, nint stride, int rows, int* live, int panels, float factor, int firstKey, ScoreRow* contexts, RowState* states)
        where V : unmanaged, ISimd<V>
        where TLook : struct, IStripLook
    {
        nint w = V.Width;
        for (int r = 0; r < rows; r++, s += stride)
        {
            float most = states[r].Maximum * factor, down = float.IsNegativeInfinity(most) ? 0 : -most;
            if (TLook.Finds)
                states[r].ArgMax = Find<V>(s, live, panels, states[r].Maximum, firstKey);
            states[r].Maximum = most;
            if (!TLook.Weighs && !TLook.Measures)
            {
                states[r].Sum = RowPowers.Run<V>(s, live, panels, factor, down);
                continue;
            }
            V c = V.Create(factor), shift = V.Create(down), s0 = V.Zero, s1 = V.Zero, x0 = V.Zero, x1 = V.Zero, d0 = V.Zero, d1 = V.Zero;
            V position = TLook.Measures ? V.Create(contexts[r].QueryPosition + contexts[r].Query - contexts[r].KeyPosition) : V.Zero;
            for (int p = 0; p < panels; p++)
            {
                float* x = s + live[p];
                V t0 = V.FusedMultiplyAdd(V.Load(x), c, shift), t1 = V.FusedMultiplyAdd(V.Load(x + w), c, shift), e0 = V.PowerOfTwo(t0), e1 = V.PowerOfTwo(t1);
                V.Store(e0, x);
                V.Store(e1, x + w);
                s0 += e0;
                s1 += e1;
                if (TLook.Weighs)
                {
                    x0 = V.FusedMultiplyAdd(e0, V.Max(V.Create(-160f), t0), x0);
                    x1 = V.FusedMultiplyAdd(e1, V.Max(V.Create(-160f), t1), x1);
                }
                if (TLook.Measures)
                {
                    V key = V.Create(firstKey + (float)live[p]) + V.Lanes;
                    d0 = V.FusedMultiplyAdd(e0, V.Abs(position - key), d0);
                    d1 = V.FusedMultiplyAdd(e1, V.Abs(position - key - V.Create((float)w)), d1);
                }
            }
            states[r].Sum = V.Sum(s0 + s1);
            if (TLook.Weighs)
                states[r].Exponents = V.Sum(x0 + x1);
            if (TLook.Measures)
                states[r].Distance = V.Sum(d0 + d1);
        }
    }

    // The first key that has the largest score; −1 if none has one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Find<V>(float* s, int* live, int panels, float most, int firstKey)
        where V : unmanaged, ISimd<V>
    {
        V m = V.Create(most);
        for (int p = 0; p < panels && !float.IsNegativeInfinity(most); p++)
        {
            ulong found = Above<V>(V.AreEqual(V.Load(s + live[p]), m), V.AreEqual(V.Load(s + live[p] + V.Width), m));
            if (found != 0)
                return firstKey + live[p] + BitOperations.TrailingZeroCount(found);
        }
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Above<V>(V first, V second)
        where V : unmanaged, ISimd<V> => V.Bits(first) | (V.Bits(second) << V.Width);

    /// <summary>Puts the scores of a strip among the largest that are known of its rows: <paramref name="count"/> scores and keys for each row of the statistics, largest first, equal ones by position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Top<V>(float* s, nint stride, int rows, int* live, int panels, int firstKey, ScoreRow* contexts, float* top, int* keys, int count)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++, s += stride)
        {
            float* best = top + (contexts[r].Row * count);
            int* bestKeys = keys + (contexts[r].Row * count);
            V bar = V.Create(best[count - 1]);
            for (int p = 0; p < panels; p++)
            {
                float* x = s + live[p];
                ulong above = Above<V>(V.LessThan(bar, V.Load(x)), V.LessThan(bar, V.Load(x + V.Width)));
                if (above == 0)
                    continue;
                for (; above != 0; above &= above - 1)
                {
                    int i = BitOperations.TrailingZeroCount(above);
                    Insert(best, bestKeys, count, x[i], firstKey + live[p] + i);
                }
                bar = V.Create(best[count - 1]);
            }
        }
    }

    /// <summary>Puts one score among the largest, behind equal ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Insert(float* best, int* keys, int count, float score, int key)
    {
        int at = count - 1;
        if (!(score > best[at]))
            return;
        for (; at > 0 && score > best[at - 1]; at--)
            (best[at], keys[at]) = (best[at - 1], keys[at - 1]);
        (best[at], keys[at]) = (score, key);
    }

    /// <summary>Weights that dropout drops become 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Drop<V>(float* s, nint stride, int rows, int* live, int panels, float probability, ulong* keys, uint firstPosition)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++, s += stride)
        {
            for (int p = 0; p < panels; p++)
            {
                for (int i = live[p]; i < live[p] + (2 * V.Width); i += V.Width)
                    V.Store(V.Select(V.LessThan(V.Uniform(keys[r], firstPosition + (uint)i), V.Create(probability)), V.Zero, V.Load(s + i)), s + i);
            }
        }
    }

    /// <summary>Adds each weight to the mass of the row of the value table that it names. Lanes of weight 0 count for nothing, so it does not matter whether they stand for a key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddMass<V>(V weights, V index, float* mass, int rows)
        where V : unmanaged, ISimd<V>
    {
        V none = V.AreEqual(weights, V.Zero), low = V.Create(float.NegativeInfinity);
        float most = V.MaxAcross(V.Select(none, low, index)), least = -V.MaxAcross(V.Select(none, low, -index));
        if (float.IsNegativeInfinity(most))
            return;
        if (!(least >= 0) || !(most < rows))
            ScoreRead.Throw("row of the value table", (long)(least >= 0 ? most : least), rows);
        if (most == least)
        {
            mass[(int)most] += V.Sum(weights);
            return;
        }
        Scatter(weights, V.Select(none, V.Zero, index), mass);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Scatter<V>(V weights, V index, float* mass)
        where V : unmanaged, ISimd<V>
    {
        float* lanes = stackalloc float[2 * V.Width], names = lanes + V.Width;
        V.Store(weights, lanes);
        V.Store(index, names);
        for (int i = 0; i < V.Width; i++)
            mass[(int)names[i]] += lanes[i];
    }

    /// <summary>Puts what some later keys say to what is known: states and contexts (rows × columns).</summary>
    /// <remarks>The factors of a vector of rows are found together: one row after the other would wait for its own powers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Merge<V>(RowState* states, float* context, RowState* later, float* laterContext, nint stride, int rows)
        where V : unmanaged, ISimd<V>
    {
        float* downs = stackalloc float[4 * V.Width], laterDowns = downs + V.Width, factors = laterDowns + V.Width, laterFactors = factors + V.Width;
        for (int first = 0; first < rows; first += V.Width)
        {
            int count = Math.Min(V.Width, rows - first);
            for (int r = 0; r < count; r++)
            {
                float a = states[first + r].Maximum, b = later[first + r].Maximum, most = Math.Max(a, b);
                (downs[r], laterDowns[r]) = (a - most, b - most);
            }
            V.Store(V.PowerOfTwo(V.Load(downs, count)), factors);
            V.Store(V.PowerOfTwo(V.Load(laterDowns, count)), laterFactors);
            for (int r = 0; r < count; r++, context += stride, laterContext += stride)
            {
                ref RowState a = ref states[first + r];
                ref RowState b = ref later[first + r];
                if (b.Sum == 0)
                    continue;
                if (a.Sum == 0)
                {
                    a = b;
                    for (nint i = 0; i < stride; i += V.Width)
                        V.Store(V.Load(laterContext + i), context + i);
                    continue;
                }
                float fa = factors[r], fb = laterFactors[r];
                a.ArgMax = b.Maximum > a.Maximum ? b.ArgMax : a.ArgMax;
                a.Maximum = Math.Max(a.Maximum, b.Maximum);
                a.Exponents = (fa * (a.Exponents + (downs[r] * a.Sum))) + (fb * (b.Exponents + (laterDowns[r] * b.Sum)));
                a.Distance = (a.Distance * fa) + (b.Distance * fb);
                a.Sum = (a.Sum * fa) + (b.Sum * fb);
                V va = V.Create(fa), vb = V.Create(fb);
                for (nint i = 0; i < stride; i += V.Width)
                    V.Store(V.FusedMultiplyAdd(V.Load(laterContext + i), vb, V.Load(context + i) * va), context + i);
            }
        }
    }

    /// <summary>s ← e^(score − log-sum-exp): weights of rows whose log-sum-exp is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Weights<V>(float* s, int rows, int width, float factor, ScoreRow* contexts, float* logSumExp)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++)
        {
            float log = logSumExp[contexts[r].Row];
            V shift = V.Create(float.IsNegativeInfinity(log) ? log : -log * AttentionMath.LogTwoE);
            for (float* end = s + width; s < end; s += V.Width)
                V.Store(V.PowerOfTwo(V.FusedMultiplyAdd(V.Load(s), V.Create(factor), shift)), s);
        }
    }

    /// <summary>s ← g(score − normalizer): weights of rows whose normalizer is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Distribute<V, TModifier>(TModifier modifier, float* s, int rows, int width, ScoreRow* contexts, float* normalizers)
        where V : unmanaged, ISimd<V>
        where TModifier : unmanaged, IScoreModifier
    {
        for (int r = 0; r < rows; r++)
        {
            V shift = V.Create(Shift(normalizers[contexts[r].Row]));
            for (float* end = s + width; s < end; s += V.Width)
                V.Store(modifier.Weight(V.Load(s) + shift), s);
        }
    }

    /// <summary>The same over the panels of a strip, or the slopes of the weights; the rows' states, whose maximum is 0, so that parts are merged by adding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Distribute<V, TModifier>(
        TModifier modifier, bool takesSlopes, float* s, nint stride, int rows, int* live, int panels, ScoreRow* contexts, float* normalizers, RowState* states)
        where V : unmanaged, ISimd<V>
        where TModifier : unmanaged, IScoreModifier
    {
        for (int r = 0; r < rows; r++, s += stride)
        {
            V shift = V.Create(Shift(normalizers[contexts[r].Row])), sum = V.Zero;
            for (int p = 0; p < panels; p++)
            {
                for (nint i = live[p]; i < live[p] + (2 * V.Width); i += V.Width)
                {
                    V w = modifier.Weight(V.Load(s + i) + shift);
                    if (takesSlopes)
                        w = V.Select(V.AreEqual(w, V.Zero), V.Zero, modifier.Slope(w));
                    V.Store(w, s + i);
                    sum += w;
                }
            }
            states[r] = RowState.Empty;
            states[r].Sum = V.Sum(sum);
            if (states[r].Sum != 0)
                states[r].Maximum = 0;
        }
    }

    /// <summary>The first key of a panel that has a weight in some row of a strip, and the one behind the last: all others are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static (int First, int End) Weighed<V>(float* s, nint stride, int rows)
        where V : unmanaged, ISimd<V>
    {
        V m0 = V.Zero, m1 = V.Zero;
        for (int r = 0; r < rows; r++, s += stride)
        {
            // Not the maximum: NaN must count.
            V x0 = V.Load(s), x1 = V.Load(s + V.Width);
            m0 = V.Select(V.AreEqual(x0, V.Zero), m0, V.Create(1f));
            m1 = V.Select(V.AreEqual(x1, V.Zero), m1, V.Create(1f));
        }
        ulong weighed = Above(V.LessThan(V.Zero, m0), V.LessThan(V.Zero, m1));
        return (Math.Min(BitOperations.TrailingZeroCount(weighed), 2 * V.Width), 64 - BitOperations.LeadingZeroCount(weighed));
    }

    private static float Shift(float normalizer) => float.IsNegativeInfinity(normalizer) ? normalizer : -normalizer;

    /// <summary>Whether all numbers are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool IsFinite<V>(float* x, nint length)
        where V : unmanaged, ISimd<V>
    {
        // Four sums: one would wait for its own additions.
        V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
        nint w = V.Width, i = 0;
        for (; i + (4 * w) <= length; i += 4 * w)
        {
            s0 = V.FusedMultiplyAdd(V.Load(x + i), V.Zero, s0);
            s1 = V.FusedMultiplyAdd(V.Load(x + i + w), V.Zero, s1);
            s2 = V.FusedMultiplyAdd(V.Load(x + i + (2 * w)), V.Zero, s2);
            s3 = V.FusedMultiplyAdd(V.Load(x + i + (3 * w)), V.Zero, s3);
        }
        for (; i < length; i += w)
            s0 = V.FusedMultiplyAdd(V.Load(x + i), V.Zero, s0);
        return V.Sum(s0 + s1 + (s2 + s3)) == 0;
    }

    /// <summary>Nothing.</summary>
    internal readonly struct NoLook : IStripLook
    {
        public static bool Finds => false;

        public static bool Weighs => false;

        public static bool Measures => false;
    }

    /// <summary>All but distances.</summary>
    internal readonly struct ShortLook : IStripLook
    {
        public static bool Finds => true;

        public static bool Weighs => true;

        public static bool Measures => false;
    }

    /// <summary>Everything.</summary>
    internal readonly struct FullLook : IStripLook
    {
        public static bool Finds => true;

        public static bool Weighs => true;

        public static bool Measures => true;
    }
}
