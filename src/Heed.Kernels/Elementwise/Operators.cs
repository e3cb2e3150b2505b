using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>y = f(a).</summary>
internal interface IUnaryOperator
{
    V Invoke<V>(V a)
        where V : unmanaged, ISimd<V>;
}

/// <summary>y = f(a, b).</summary>
internal interface IBinaryOperator
{
    V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V>;
}

/// <summary>y = f(a, b, c).</summary>
internal interface ITernaryOperator
{
    V Invoke<V>(V a, V b, V c)
        where V : unmanaged, ISimd<V>;
}

/// <summary>y[i] = f(a[i]).</summary>
internal unsafe struct Unary<TOperator> : ILaneStep
    where TOperator : unmanaged, IUnaryOperator
{
    public float* A;
    public float* Y;
    public TOperator Operator;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V> => Lane.Store(Operator.Invoke(Lane.Load<V>(A + i, count)), Y + i, count);
}

/// <summary>y[i] = f(a[i], b[i]).</summary>
internal unsafe struct Binary<TOperator> : ILaneStep
    where TOperator : unmanaged, IBinaryOperator
{
    public float* A;
    public float* B;
    public float* Y;
    public TOperator Operator;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V> => Lane.Store(Operator.Invoke(Lane.Load<V>(A + i, count), Lane.Load<V>(B + i, count)), Y + i, count);
}

/// <summary>y[i] = f(a[i], b[i], c[i]).</summary>
internal unsafe struct Ternary<TOperator> : ILaneStep
    where TOperator : unmanaged, ITernaryOperator
{
    public float* A;
    public float* B;
    public float* C;
    public float* Y;
    public TOperator Operator;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V> =>
        Lane.Store(Operator.Invoke(Lane.Load<V>(A + i, count), Lane.Load<V>(B + i, count), Lane.Load<V>(C + i, count)), Y + i, count);
}
