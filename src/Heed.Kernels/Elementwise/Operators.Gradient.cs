using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>a + b·c.</summary>
internal readonly struct AddProductOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(b, c, a);
}

/// <summary>a + b/c.</summary>
internal readonly struct AddQuotientOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => a + (b / c);
}

/// <summary>a + b·(1 − c²).</summary>
internal readonly struct TanhBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(b, V.FusedMultiplyAdd(-c, c, V.Create(1f)), a);
}

/// <summary>a + b·c·(1 − c).</summary>
internal readonly struct SigmoidBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(b, c * (V.Create(1f) - c), a);
}

/// <summary>a + b/(2c).</summary>
internal readonly struct SqrtBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => a + (b / (c + c));
}

/// <summary>a + b·sign(c); the slope at 0 is 0.</summary>
internal readonly struct AbsBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => a + V.Select(V.AreEqual(c, V.Zero), V.Zero, V.CopySign(V.Create(1f), c) * b);
}

/// <summary>a + b where c exceeds the limit.</summary>
internal readonly struct AboveOperator(float limit) : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => a + V.Select(V.LessThan(V.Create(limit), c), b, V.Zero);
}

/// <summary>a + b where c is below the limit.</summary>
internal readonly struct BelowOperator(float limit) : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V> => a + V.Select(V.LessThan(c, V.Create(limit)), b, V.Zero);
}

/// <summary>½a·(1 + tanh(√(2/π)·(a + 0.044715a³))).</summary>
internal readonly struct GeluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Create(0.5f) * a * (V.Create(1f) + Inner(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Inner<V>(V a)
        where V : unmanaged, ISimd<V> =>
        V.Tanh(V.Create(0.797884561f) * a * V.FusedMultiplyAdd(V.Create(0.044715f), a * a, V.Create(1f)));
}

/// <summary>a + b·f′(c) of <see cref="GeluOperator"/>: with t its tanh, f′ = ½(1 + t) + ½c·(1 − t²)·√(2/π)·(1 + 3·0.044715c²).</summary>
internal readonly struct GeluBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V t = GeluOperator.Inner(c), half = V.Create(0.5f);
        V inner = V.Create(0.797884561f) * V.FusedMultiplyAdd(V.Create(0.134145f), c * c, V.Create(1f));
        V slope = V.FusedMultiplyAdd(half * c * inner, V.FusedMultiplyAdd(-t, t, V.Create(1f)), V.FusedMultiplyAdd(half, t, half));
        return V.FusedMultiplyAdd(b, slope, a);
    }
}
