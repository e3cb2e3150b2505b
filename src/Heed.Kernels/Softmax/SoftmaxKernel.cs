using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Softmax of rows: y[i, j] = e^(x[i, j] − m[i]) / Σ over k of e^(x[i, k] − m[i]), m[i] = max x[i, :].</summary>
/// <remarks>
/// <para>Shapes: x, y, dx, dy (rows, columns). y may be x; other overlaps throw.</para>
/// <para>Edges: a value of −∞ gives exactly 0; a row of nothing but −∞ gives zeros and passes no gradient; differences beyond the range of float32 are
/// safe. NaN or +∞ makes its whole row NaN.</para>
/// <para>Order of the sums: four vectors of partial sums a row, joined in a fixed tree; it depends only on the number of columns, so a row has the same
/// bits alone or among others, on any number of threads.</para>
/// <para>Cost: three passes over a row, one exponential an element. Rows are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class SoftmaxKernel
{
    /// <summary>y = softmax(x), row by row.</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="y">(rows, columns); may be x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap by halves.</exception>
    public static void Forward(ReadOnlySpan<float> x, int columns, Span<float> y)
    {
        int rows = Require.Rows("SoftmaxKernel.Forward", nameof(x), x.Length, columns);
        Require.Length("SoftmaxKernel.Forward", nameof(y), y.Length, x.Length);
        Require.SameOrApart("SoftmaxKernel.Forward", nameof(x), x, y);
        fixed (float* px = x, py = y)
            RowCall.Run(new ForwardStep { X = px, Y = py, Columns = columns }, rows, columns);
    }

    /// <summary>dx += y∘(dy − ⟨dy, y⟩), row by row.</summary>
    /// <param name="dy">(rows, columns).</param>
    /// <param name="y">(rows, columns): the forward pass's result.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="dx">(rows, columns).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or dx overlaps a source by halves.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int columns, Span<float> dx)
    {
        int rows = Require.Rows("SoftmaxKernel.Backward", nameof(dy), dy.Length, columns);
        Require.Length("SoftmaxKernel.Backward", nameof(y), y.Length, dy.Length);
        Require.Length("SoftmaxKernel.Backward", nameof(dx), dx.Length, dy.Length);
        Require.SameOrApart("SoftmaxKernel.Backward", nameof(dy), dy, dx);
        Require.SameOrApart("SoftmaxKernel.Backward", nameof(y), y, dx);
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
            where V : unmanaged, ISimd<V> => SoftmaxRow.Forward<V>(X + (row * Columns), Y + (row * Columns), Columns);
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
            SoftmaxRow.Backward<V>(Gradient + start, Y + start, Result + start, Columns);
        }
    }
}
