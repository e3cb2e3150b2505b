using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <content>A row applied to every row of a matrix: x and y (rows, columns), row (columns).</content>
public static unsafe partial class Elementwise
{
    /// <summary>y[i, :] = x[i, :] + row. The row must lie apart from y.</summary>
    public static void AddRow(ReadOnlySpan<float> x, ReadOnlySpan<float> row, Span<float> y) =>
        EachRow(nameof(AddRow), x, row, y, default(AddOperator));

    /// <summary>y[i, :] = x[i, :]·row. The row must lie apart from y.</summary>
    public static void MultiplyRow(ReadOnlySpan<float> x, ReadOnlySpan<float> row, Span<float> y) =>
        EachRow(nameof(MultiplyRow), x, row, y, default(MultiplyOperator));

    /// <summary>y[i, :] += x[i, :]·row: the gradient of <see cref="MultiplyRow"/> for its matrix. The row must lie apart from y.</summary>
    public static void MultiplyRowAdd(ReadOnlySpan<float> x, ReadOnlySpan<float> row, Span<float> y)
    {
        int rows = CheckRows(nameof(MultiplyRowAdd), x, row, y);
        fixed (float* px = x, prow = row, py = y)
            RowCall.Run(new RowTernary { X = px, Row0 = prow, Y = py, Columns = row.Length }, rows, row.Length);
    }

    private static void EachRow<TOperator>(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> row, Span<float> y, TOperator f)
        where TOperator : unmanaged, IBinaryOperator
    {
        int rows = CheckRows(operation, x, row, y);
        fixed (float* px = x, prow = row, py = y)
            RowCall.Run(new RowBinary<TOperator> { X = px, Row0 = prow, Y = py, Columns = row.Length, Operator = f }, rows, row.Length);
    }

    private static int CheckRows(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> row, Span<float> y)
    {
        Check(operation, nameof(x), x, y);
        Require.Apart<float>(operation, nameof(row), row, y);
        return Require.Rows(operation, nameof(x), x.Length, row.Length);
    }

    private struct RowBinary<TOperator> : IRowStep
        where TOperator : unmanaged, IBinaryOperator
    {
        public float* X;
        public float* Row0;
        public float* Y;
        public nint Columns;
        public TOperator Operator;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, Binary<TOperator>>(new() { A = X + (row * Columns), B = Row0, Y = Y + (row * Columns), Operator = Operator }, 0, Columns);
    }

    private struct RowTernary : IRowStep
    {
        public float* X;
        public float* Row0;
        public float* Y;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, Ternary<AddProductOperator>>(new() { A = Y + (row * Columns), B = X + (row * Columns), C = Row0, Y = Y + (row * Columns) }, 0, Columns);
    }
}
