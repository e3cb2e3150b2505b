using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>Sums over the rows of a matrix, added to what the result holds; order: blocks of rows in order.</content>
public static unsafe partial class Reduction
{
    /// <summary>y[j] += Σ over i of x[i, j]: the gradient of a bias.</summary>
    /// <remarks>Order: blocks of 32 rows (of more than 4,096 rows: 128 equal blocks), the rows of a block in order, then the blocks in order.</remarks>
    /// <param name="x">(rows, columns) with columns = y's length.</param>
    /// <param name="y">(columns).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    public static void AddColumnSums(ReadOnlySpan<float> x, Span<float> y)
    {
        int rows = Require.Rows(nameof(AddColumnSums), nameof(x), x.Length, y.Length);
        Require.Apart<float>(nameof(AddColumnSums), nameof(x), x, y);
        fixed (float* px = x, py = y)
            ColumnBlocks.Run(new ColumnSumTerm { X = px, Columns = y.Length }, rows, y.Length, py);
    }

    /// <summary>y[j] += Σ over i of a[i, j]·b[i, j]: the gradient of a row that multiplies every row.</summary>
    /// <remarks>Order as in <see cref="AddColumnSums"/>.</remarks>
    /// <param name="a">(rows, columns) with columns = y's length.</param>
    /// <param name="b">(rows, columns).</param>
    /// <param name="y">(columns).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the result overlaps a source.</exception>
    public static void AddColumnDots(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        int rows = Require.Rows(nameof(AddColumnDots), nameof(a), a.Length, y.Length);
        Require.Length(nameof(AddColumnDots), nameof(b), b.Length, a.Length);
        Require.Apart<float>(nameof(AddColumnDots), nameof(a), a, y);
        Require.Apart<float>(nameof(AddColumnDots), nameof(b), b, y);
        fixed (float* pa = a, pb = b, py = y)
            ColumnBlocks.Run(new ColumnDotTerm { A = pa, B = pb, Columns = y.Length }, rows, y.Length, py);
    }

    private struct ColumnSumTerm : IColumnTerm
    {
        public float* X;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Add<V>(nint row, float* partial)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, Binary<AddOperator>>(new() { A = partial, B = X + (row * Columns), Y = partial }, 0, Columns);
    }

    private struct ColumnDotTerm : IColumnTerm
    {
        public float* A;
        public float* B;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Add<V>(nint row, float* partial)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, Ternary<AddProductOperator>>(new() { A = partial, B = A + (row * Columns), C = B + (row * Columns), Y = partial }, 0, Columns);
    }
}
