using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>a + b.</summary>
internal readonly struct AddOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => a + b;
}

/// <summary>a − b.</summary>
internal readonly struct SubtractOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => a - b;
}

/// <summary>a·b.</summary>
internal readonly struct MultiplyOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => a * b;
}

/// <summary>a / b.</summary>
internal readonly struct DivideOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => a / b;
}

/// <summary>a + s·b.</summary>
internal readonly struct AddScaledOperator(float scale) : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(V.Create(scale), b, a);
}

/// <summary>s·a.</summary>
internal readonly struct ScaleOperator(float scale) : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Create(scale) * a;
}

/// <summary>a + s.</summary>
internal readonly struct ShiftOperator(float shift) : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => a + V.Create(shift);
}

/// <summary>−a.</summary>
internal readonly struct NegateOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => -a;
}

/// <summary>|a|.</summary>
internal readonly struct AbsOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Abs(a);
}

/// <summary>max(a, s); NaN stays.</summary>
internal readonly struct MaxOperator(float limit) : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Max(V.Create(limit), a);
}

/// <summary>min(a, s); NaN stays.</summary>
internal readonly struct MinOperator(float limit) : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Min(V.Create(limit), a);
}

/// <summary>√a.</summary>
internal readonly struct SqrtOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Sqrt(a);
}

/// <summary>eᵃ.</summary>
internal readonly struct ExpOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Exp(a);
}

/// <summary>ln a.</summary>
internal readonly struct LogOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Log(a);
}

/// <summary>tanh a.</summary>
internal readonly struct TanhOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Tanh(a);
}

/// <summary>1/(1 + e⁻ᵃ).</summary>
internal readonly struct SigmoidOperator : IUnaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a)
        where V : unmanaged, ISimd<V> => V.Sigmoid(a);
}
