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

/// <summary>½a·(1 + tanh u) = a·σ(2u) with u = √(2/π)·(a + 0.044715a³), in the form without cancellation of <see cref="SiluOperator"/>.</summary>
internal readonly struct GeluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => SiluOperator.Gated(a, Twice(a));

    /// <summary>2u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Twice<V>(V a)
        where V : unmanaged, ISimd<V> => V.Create(1.595769122f) * a * V.FusedMultiplyAdd(V.Create(0.044715f), a * a, V.Create(1f));
}

/// <summary>a + b·f′(c) of <see cref="GeluOperator"/>: with s = σ(2u), f′ = s·(1 + c·(1 − s)·2u′), 2u′ = 2√(2/π)·(1 + 3·0.044715c²).</summary>
internal readonly struct GeluBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V s = V.Sigmoid(GeluOperator.Twice(c)), inner = V.Create(1.595769122f) * V.FusedMultiplyAdd(V.Create(0.134145f), c * c, V.Create(1f));
        return V.FusedMultiplyAdd(b * s, V.FusedMultiplyAdd(c * inner, V.Create(1f) - s, V.Create(1f)), a);
    }
}

/// <summary>a·Φ(a) = max(a, 0) − |a|·Φ(−|a|).</summary>
internal readonly struct GeluExactOperator : IUnaryOperator
{
    /// <summary>Where Φ(−a) and e^(−a²/2) are 0 in float32.</summary>
    public const float Furthest = 14.5f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V>
    {
        // Beyond, the tail is 0; infinity times that would be NaN.
        V size = V.Min(V.Create(Furthest), V.Abs(a));
        return V.FusedMultiplyAdd(-size, Tail(size, out _), V.Max(V.Zero, a));
    }

    /// <summary>Φ(−a) and e^(−a²/2) for 0 ≤ a ≤ 14.5. Φ(−a) is e^(−a²/2)·t·P(t) with t = 1/(1 + 0.345a): P, of degree 8, was fitted here to the least relative error, 2·10⁻⁸, so that Φ of negative numbers does not cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tail<V>(V a, out V bell)
        where V : unmanaged, ISimd<V>
    {
        V t = V.Create(1f) / V.FusedMultiplyAdd(V.Create(0.345f), a, V.Create(1f)), square = a * a;
        bell = V.Exp(V.Create(-0.5f) * square);
        // What rounding took from the square.
        bell = V.FusedMultiplyAdd(bell * V.Create(-0.5f), V.FusedMultiplyAdd(a, a, -square), bell);
        V tail = V.FusedMultiplyAdd(t, V.Create(-0.028246757f), V.Create(0.144664854f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(-0.269981623f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.18592979f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(-0.0367929265f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.111483254f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.117312096f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.138011515f));
        tail = V.FusedMultiplyAdd(t, tail, V.Create(0.137619779f));
        return tail * t * bell;
    }
}

/// <summary>a + b·f′(c) of <see cref="GeluExactOperator"/>: f′ = Φ(c) + c·e^(−c²/2)/√(2π).</summary>
internal readonly struct GeluExactBackwardOperator : ITernaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>
    {
        V tail = GeluExactOperator.Tail(V.Min(V.Create(GeluExactOperator.Furthest), V.Abs(c)), out V bell), normal = V.Select(V.LessThan(c, V.Zero), tail, V.Create(1f) - tail);
        return V.FusedMultiplyAdd(b, V.FusedMultiplyAdd(c * V.Create(0.398942280f), bell, normal), a);
    }
}

/// <summary>a·σ(a) = a/(1 + e^−a), and for negative a, whose e^−a overflows before the result is 0, a·e^a/(1 + e^a).</summary>
internal readonly struct SiluOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => Gated(a, a);

    /// <summary>a·σ(b).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gated<V>(V a, V b)
        where V : unmanaged, ISimd<V>
    {
        V root = V.Exp(V.Create(-0.5f) * V.Abs(b));
        return V.Select(V.LessThan(b, V.Zero), a * root * root, a) / V.FusedMultiplyAdd(root, root, V.Create(1f));
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
