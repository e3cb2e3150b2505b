using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The steps of a safe softmax over one row of n contiguous values; everything here depends on that row alone.</summary>
internal static unsafe class SoftmaxRow
{
    /// <summary>The row's maximum from which exponentials are taken: 0 where every value is −∞, so that they come out 0, not NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Anchor<V>(float* x, nint n)
        where V : unmanaged, ISimd<V>
    {
        float max = Fold.Max<V, MaxTerm>(new() { A = x }, 0, n);
        return max == float.NegativeInfinity ? 0 : max;
    }

    /// <summary>y = e^(x − anchor); gives the sum of y. y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exponentials<V>(float* x, float anchor, float* y, nint n)
        where V : unmanaged, ISimd<V> => Fold.Sum<V, ExpTerm>(new() { X = x, Y = y, Anchor = anchor }, 0, n);

    /// <summary>Σ e^(x − anchor).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfExponentials<V>(float* x, float anchor, nint n)
        where V : unmanaged, ISimd<V> => Exponentials<V>(x, anchor, null, n);

    /// <summary>y = y/sum; a row whose sum is 0 stays 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Normalize<V>(float* y, float sum, nint n)
        where V : unmanaged, ISimd<V>
    {
        float scale = sum == 0 ? 0 : 1 / sum;
        Lane.Loop<V, Unary<ScaleOperator>>(new() { A = y, Y = y, Operator = new(scale) }, 0, n);
    }

    /// <summary>y = softmax(x); y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Forward<V>(float* x, float* y, nint n)
        where V : unmanaged, ISimd<V> => Normalize<V>(y, Exponentials<V>(x, Anchor<V>(x, n), y, n), n);

    /// <summary>dx += y∘(dy − ⟨dy, y⟩).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<V>(float* dy, float* y, float* dx, nint n)
        where V : unmanaged, ISimd<V>
    {
        float dot = Fold.Sum<V, DotTerm>(new() { A = dy, B = y }, 0, n);
        Lane.Loop<V, Ternary<CenteredOperator>>(new() { A = dx, B = y, C = dy, Y = dx, Operator = new(dot) }, 0, n);
    }

    private struct ExpTerm : ITerm
    {
        public float* X;
        public float* Y;
        public float Anchor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Add<V>(V folded, nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V e = V.Exp(Lane.Load<V>(X + i, count) - V.Create(Anchor));
            if (Y != null)
                Lane.Store(e, Y + i, count);
            return folded + Lane.Keep(e, count, V.Zero);
        }
    }

    // a + b·(c − s).
    private readonly struct CenteredOperator(float center) : ITernaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Invoke<V>(V a, V b, V c)
            where V : unmanaged, ISimd<V> => V.FusedMultiplyAdd(b, c - V.Create(center), a);
    }
}
