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

/// <summary>The elementwise work on a strip of scores: rows × key panels in the first-level cache.</summary>
internal static unsafe class StripSoftmax
{
    /// <summary>Modifier and mask on one panel: s ← modifier(scale·s), −∞ where masked or where there is no key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Score<V, TModifier, TMask>(TModifier modifier, TMask mask, float scale, bool isMasked, ScoreRow* contexts, int rows, float* s, nint stride, int key)
        where V : unmanaged, ISimd<V>
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        for (int r = 0; r < rows; r++, s += stride)
        {
            ScoreRow* row = contexts + r;
            for (int v = 0; v < 2; v++)
            {
                int first = key + (v * V.Width);
                ScoreContext<V> at = new(row, first);
                V x = V.Load(s + (v * V.Width));
                if (!TModifier.IsIdentity)
                    x = modifier.Forward(x * V.Create(scale), at);
                if (isMasked)
                    x = V.Select(mask.Allows(at), x, V.Create(float.NegativeInfinity));
                if (first < 0 || first + V.Width > row->Keys)
                    x = Existing(x, first, row->Keys);
                V.Store(x, s + (v * V.Width));
            }
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

    /// <summary>s ← 2^(factor·s − factor·max s) over the panels of <paramref name="live"/>, row by row; the rows' states.</summary>
    /// <remarks>A row that sees nothing gets zeros and an empty state. Sums run panel by panel in two vectors, so masked keys, which add exact zeros, change no bit.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<V>(float* s, nint stride, int rows, int* live, int panels, float factor, RowState* states)
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
            float most = V.MaxAcross(V.Max(m0, m1)) * factor;
            V c = V.Create(factor), shift = V.Create(float.IsNegativeInfinity(most) ? 0 : -most), s0 = V.Zero, s1 = V.Zero;
            for (int p = 0; p < panels; p++)
            {
                float* x = s + live[p];
                V e0 = AttentionMath.PowerOfTwo(V.FusedMultiplyAdd(V.Load(x), c, shift)), e1 = AttentionMath.PowerOfTwo(V.FusedMultiplyAdd(V.Load(x + w), c, shift));
                V.Store(e0, x);
                V.Store(e1, x + w);
                s0 += e0;
                s1 += e1;
            }
            states[r].Maximum = most;
            states[r].Sum = V.Sum(s0 + s1);
        }
    }

    /// <summary>What statistics need of a strip before <see cref="Run{V}"/> overwrites its scores; that takes the same maximum and sums again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Look<V>(float* s, nint stride, int rows, int* live, int panels, float factor, int firstKey, ScoreRow* contexts, RowState* states)
        where V : unmanaged, ISimd<V>
    {
        nint w = V.Width;
        for (int r = 0; r < rows; r++, s += stride)
        {
            V most = V.Create(float.NegativeInfinity);
            for (int p = 0; p < panels; p++)
                most = V.Max(V.Load(s + live[p]), V.Max(V.Load(s + live[p] + w), most));
            float m = V.MaxAcross(most);
            states[r].ArgMax = -1;
            float shift = float.IsNegativeInfinity(m) ? 0 : -(m * factor);
            V position = V.Create(contexts[r].QueryPosition + contexts[r].Query - contexts[r].KeyPosition), exponents = V.Zero, distance = V.Zero, found = V.Create(float.PositiveInfinity);
            for (int p = 0; p < panels; p++)
            {
                for (nint i = live[p]; i < live[p] + (2 * w); i += w)
                {
                    V x = V.Load(s + i), t = V.FusedMultiplyAdd(x, V.Create(factor), V.Create(shift)), e = AttentionMath.PowerOfTwo(t);
                    V key = V.Create(firstKey + (float)i) + V.Lanes;
                    exponents = V.FusedMultiplyAdd(e, V.Max(V.Create(-160f), t), exponents);
                    distance = V.FusedMultiplyAdd(e, V.Abs(position - key), distance);
                    found = V.Min(V.Select(V.AreEqual(x, V.Create(m)), key, V.Create(float.PositiveInfinity)), found);
                }
            }
            states[r].Exponents = V.Sum(exponents);
            states[r].Distance = V.Sum(distance);
            float first = -V.MaxAcross(-found);
            if (!float.IsNegativeInfinity(m) && !float.IsInfinity(first))
                states[r].ArgMax = (int)first;
        }
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Merge<V>(RowState* states, float* context, RowState* later, float* laterContext, nint stride, int rows)
        where V : unmanaged, ISimd<V>
    {
        for (int r = 0; r < rows; r++, context += stride, laterContext += stride)
        {
            RowState a = states[r], b = later[r];
            if (b.Sum == 0)
                continue;
            if (a.Sum == 0)
            {
                states[r] = b;
                for (nint i = 0; i < stride; i += V.Width)
                    V.Store(V.Load(laterContext + i), context + i);
                continue;
            }
            float most = Math.Max(a.Maximum, b.Maximum), downA = a.Maximum - most, downB = b.Maximum - most;
            float fa = AttentionMath.PowerOfTwo<V>(downA), fb = AttentionMath.PowerOfTwo<V>(downB);
            states[r] = new()
            {
                Maximum = most,
                Sum = (a.Sum * fa) + (b.Sum * fb),
                Exponents = (fa * (a.Exponents + (downA * a.Sum))) + (fb * (b.Exponents + (downB * b.Sum))),
                Distance = (a.Distance * fa) + (b.Distance * fb),
                ArgMax = b.Maximum > a.Maximum ? b.ArgMax : a.ArgMax,
            };
            V va = V.Create(fa), vb = V.Create(fb);
            for (nint i = 0; i < stride; i += V.Width)
                V.Store(V.FusedMultiplyAdd(V.Load(laterContext + i), vb, V.Load(context + i) * va), context + i);
        }
    }

    /// <summary>s ← e^(score − log-sum-exp): weights of rows whose log-sum-exp is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Weights<V>(float* s, int length, int stride, float factor, ScoreRow* contexts, float* logSumExp)
        where V : unmanaged, ISimd<V>
    {
        for (int i = 0; i < length; i += V.Width)
        {
            float log = logSumExp[contexts[i / stride].Row];
            V shift = V.Create(float.IsNegativeInfinity(log) ? log : -log * AttentionMath.LogTwoE);
            V.Store(AttentionMath.PowerOfTwo(V.FusedMultiplyAdd(V.Load(s + i), V.Create(factor), shift)), s + i);
        }
    }

    /// <summary>s ← g(score − normalizer): weights of rows whose normalizer is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Distribute<V, TModifier>(TModifier modifier, float* s, int length, int stride, ScoreRow* contexts, float* normalizers)
        where V : unmanaged, ISimd<V>
        where TModifier : unmanaged, IScoreModifier
    {
        for (int i = 0; i < length; i += V.Width)
            V.Store(modifier.Weight(V.Load(s + i) + V.Create(Shift(normalizers[contexts[i / stride].Row]))), s + i);
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

    private static float Shift(float normalizer) => float.IsNegativeInfinity(normalizer) ? normalizer : -normalizer;

    /// <summary>Whether all numbers are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static bool IsFinite<V>(float* x, nint length)
        where V : unmanaged, ISimd<V>
    {
        V sum = V.Zero;
        for (nint i = 0; i < length; i += V.Width)
            sum = V.FusedMultiplyAdd(V.Load(x + i), V.Zero, sum);
        return V.Sum(sum) == 0;
    }
}
