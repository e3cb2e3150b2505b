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

/// <summary>a·Φ(a).</summary>
internal readonly struct GeluExactOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => a * Normal(a, out _);

    /// <summary>Φ(a) and e^(−a²/2). The tail Φ(−|a|) is e^(−a²/2)·t·P(t) with t = 1/(1 + |a|/4): P, of degree 9, was fitted here to the least relative error, 3·10⁻⁸, so that Φ of negative a does not cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Normal<V>(V a, out V bell)
        where V : unmanaged, ISimd<V>
    {
        V t = V.Create(1f) / V.FusedMultiplyAdd(V.Create(0.25f), V.Abs(a), V.Create(1f)), square = a * a;
        // What rounding took from the square; beyond 10¹⁸ all is 0 anyway.
        V rest = V.FusedMultiplyAdd(a, a, -square);
        bell = V.Exp(V.Create(-0.5f) * square);
        bell = V.Select(V.LessThan(square, V.Create(200f)), V.FusedMultiplyAdd(bell * V.Create(-0.5f), rest, bell), bell);
        V tail = V.FusedMultiplyAdd(t, V.Create(0.0202334393f), V.Create(-0.082877852f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0993089676f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(-0.0354620256f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0659311116f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0581750274f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0817711502f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0934471712f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0997374505f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.0997355506f));
        tail = tail * t * bell;
        return V.Select(V.LessThan(a, V.Zero), tail, V.Create(1f) - tail);
    }
}

/// <summary>a + b·f′(c) of <see cref="GeluExactOperator"/>: f′ = Φ(c) + c·e^(−c²/2)/√(2π).</summary>
internal readonly struct GeluExactBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V normal = GeluExactOperator.Normal(c, out V bell);
        return V.FusedMultiplyAdd(b, V.FusedMultiplyAdd(c * V.Create(0.398942280f), bell, normal), a);
    }
}

/// <summary>a·σ(a) = a/(1 + e^−a), and for negative a, whose e^−a overflows before the result is 0, a·e^a/(1 + e^a).</summary>
internal readonly struct SiluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V>
    {
        V root = V.Exp(V.Create(-0.5f) * V.Abs(a));
        return V.Select(V.LessThan(a, V.Zero), a * root * root, a) / V.FusedMultiplyAdd(root, root, V.Create(1f));
    }
}

/// <summary>a + b·f′(c) of <see cref="SiluOperator"/>: with s = σ(c), f′ = s·(1 + c·(1 − s)).</summary>
internal readonly struct SiluBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V s = V.Sigmoid(c);
        return V.FusedMultiplyAdd(b * s, V.FusedMultiplyAdd(c, V.Create(1f) - s, V.Create(1f)), a);
    }
}

/// <summary>a·clamp(a/6 + ½, 0, 1); NaN stays.</summary>
internal readonly struct HardSwishOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => a * V.Min(V.Create(1f), V.Max(V.Zero, V.FusedMultiplyAdd(a, V.Create(1 / 6f), V.Create(0.5f))));
}

/// <summary>a + b·f′(c) of <see cref="HardSwishOperator"/>: f′ is 0 up to −3, c/3 + ½ below 3, then 1.</summary>
internal readonly struct HardSwishBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V slope = V.FusedMultiplyAdd(c, V.Create(1 / 3f), V.Create(0.5f)), three = V.Create(3f);
        slope = V.Select(V.LessThan(c, three), slope, V.Create(1f));
        return V.FusedMultiplyAdd(b, V.Select(V.LessThan(-three, c), slope, V.Zero), a);
    }
}
