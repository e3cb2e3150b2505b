using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Logarithm of the softmax of rows: y[i, j] = (x[i, j] − m[i]) − ln Σ over k of e^(x[i, k] − m[i]), m[i] = max x[i, :].</summary>
/// <remarks>
/// <para>Shapes: x, y, dx, dy (rows, columns). y may be x; other overlaps throw.</para>
/// <para>Edges: a value of −∞ gives −∞; a row of nothing but −∞ gives −∞ and passes no gradient. NaN or +∞ makes its whole row NaN.</para>
/// <para>Order of the sums and bits as in <see cref="SoftmaxKernel"/>. Cost: three passes over a row, one exponential an element. Thread-safe.</para>
/// </remarks>
public static unsafe class LogSoftmaxKernel
{
    /// <summary>y = log softmax(x), row by row.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap by halves.</exception>
    public static void Forward(ReadOnlySpan<float> x, int columns, Span<float> y)
    {
        int rows = Require.Rows("LogSoftmaxKernel.Forward", nameof(x), x.Length, columns);
        Require.Length("LogSoftmaxKernel.Forward", nameof(y), y.Length, x.Length);
        Require.SameOrApart("LogSoftmaxKernel.Forward", nameof(x), x, y);
        fixed (float* px = x, py = y)
            RowCall.Run(new ForwardStep { X = px, Y = py, Columns = columns }, rows, columns);
    }

    /// <summary>dx += dy − eʸ·Σ dy, row by row.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="y">(rows, columns): the forward pass's result.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or dx overlaps a source by halves.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int columns, Span<float> dx)
    {
        int rows = Require.Rows("LogSoftmaxKernel.Backward", nameof(dy), dy.Length, columns);
        Require.Length("LogSoftmaxKernel.Backward", nameof(y), y.Length, dy.Length);
        Require.Length("LogSoftmaxKernel.Backward", nameof(dx), dx.Length, dy.Length);
        Require.SameOrApart("LogSoftmaxKernel.Backward", nameof(dy), dy, dx);
        Require.SameOrApart("LogSoftmaxKernel.Backward", nameof(y), y, dx);
        fixed (float* pdy = dy, py = y, pdx = dx)
            RowCall.Run(new BackwardStep { Gradient = pdy, Y = py, Result = pdx, Columns = columns }, rows, columns);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X;
        public float* Y;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Columns);
            float anchor = SoftmaxRow.Anchor<V>(x, Columns), sum = SoftmaxRow.SumOfExponentials<V>(x, anchor, Columns);
            // Every value is −∞ where the sum is 0, and −∞ less anything finite is −∞.
            float log = sum == 0 ? 0 : Lane.First(V.Log(V.Create(sum)));
            Lane.Loop<V, Unary<LessTwoOperator>>(new() { A = x, Y = Y + (row * Columns), Operator = new(anchor, log) }, 0, Columns);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient;
        public float* Y;
        public float* Result;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint start = row * Columns;
            if (Y[start] == float.NegativeInfinity && Fold.Max<V, MaxTerm>(new() { A = Y + start }, 0, Columns) == float.NegativeInfinity)
                return;
            float sum = Fold.Sum<V, SumTerm>(new() { A = Gradient + start }, 0, Columns);
            Lane.Loop<V, Ternary<BackwardOperator>>(
                new() { A = Result + start, B = Gradient + start, C = Y + start, Y = Result + start, Operator = new(sum) }, 0, Columns);
        }
    }

    // (a − s) − t: two roundings, but the first is exact where it matters, near the maximum.
    private readonly struct LessTwoOperator(float first, float second) : IUnaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Invoke<V>(V a)
            where V : unmanaged, ISimd<V> => a - V.Create(first) - V.Create(second);
    }

    // a + (b − eᶜ·s).
    private readonly struct BackwardOperator(float sum) : ITernaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Invoke<V>(V a, V b, V c)
            where V : unmanaged, ISimd<V> => a + V.FusedMultiplyAdd(-V.Exp(c), V.Create(sum), b);
    }
}
