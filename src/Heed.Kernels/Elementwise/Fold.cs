using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What a reduction adds for elements i … i + count − 1. Lanes from count on must leave the folded value as it is.</summary>
internal interface ITerm
{
    V Add<V>(V folded, nint i, int count)
        where V : unmanaged, ISimd<V>;
}

/// <summary>How two partial results become one.</summary>
internal interface IJoin
{
    static abstract float Start { get; }

    static abstract V Join<V>(V a, V b)
        where V : unmanaged, ISimd<V>;

    static abstract float Across<V>(V x)
        where V : unmanaged, ISimd<V>;
}

/// <summary>Reductions over a row: vectors go to four accumulators in turn, the partial one to the next in turn; the two that are next in turn are
/// joined, so are the other two, then both, then the lanes, halves onto halves. The order depends only on the row's length.</summary>
/// <remarks>Four accumulators hide the latency of an addition, and shorten the chains of roundings.</remarks>
internal static class Fold
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum<V, TTerm>(TTerm term, nint start, nint end)
        where V : unmanaged, ISimd<V>
        where TTerm : unmanaged, ITerm => Run<V, TTerm, Plus>(term, start, end);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max<V, TTerm>(TTerm term, nint start, nint end)
        where V : unmanaged, ISimd<V>
        where TTerm : unmanaged, ITerm => Run<V, TTerm, Larger>(term, start, end);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Run<V, TTerm, TJoin>(TTerm term, nint start, nint end)
        where V : unmanaged, ISimd<V>
        where TTerm : unmanaged, ITerm
        where TJoin : IJoin
    {
        V r0 = V.Create(TJoin.Start), r1 = r0, r2 = r0, r3 = r0;
        nint i = start;
        for (; i <= end - V.Width; i += V.Width)
            (r0, r1, r2, r3) = (r1, r2, r3, term.Add(r0, i, V.Width));
        if (i < end)
            r0 = term.Add(r0, i, (int)(end - i));
        return TJoin.Across(TJoin.Join(TJoin.Join(r0, r1), TJoin.Join(r2, r3)));
    }

    private readonly struct Plus : IJoin
    {
        public static float Start => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Join<V>(V a, V b)
            where V : unmanaged, ISimd<V> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<V>(V x)
            where V : unmanaged, ISimd<V> => V.Sum(x);
    }

    private readonly struct Larger : IJoin
    {
        public static float Start => float.NegativeInfinity;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Join<V>(V a, V b)
            where V : unmanaged, ISimd<V> => V.Max(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<V>(V x)
            where V : unmanaged, ISimd<V> => V.MaxAcross(x);
    }
}

/// <summary>Σ a.</summary>
internal unsafe struct SumTerm : ITerm
{
    public float* A;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly V Add<V>(V folded, nint i, int count)
        where V : unmanaged, ISimd<V> => folded + Lane.Load<V>(A + i, count);
}

/// <summary>Σ a·b.</summary>
internal unsafe struct DotTerm : ITerm
{
    public float* A;
    public float* B;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly V Add<V>(V folded, nint i, int count)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(Lane.Load<V>(A + i, count), Lane.Load<V>(B + i, count), folded);
}

/// <summary>The largest a.</summary>
internal unsafe struct MaxTerm : ITerm
{
    public float* A;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly V Add<V>(V folded, nint i, int count)
        where V : unmanaged, ISimd<V> =>
        V.Max(folded, Lane.Keep(Lane.Load<V>(A + i, count), count, V.Create(float.NegativeInfinity)));
}
