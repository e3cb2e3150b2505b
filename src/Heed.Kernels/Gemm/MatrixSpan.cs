using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A matrix that is read: rows, columns and two strides over a span. Transposing swaps the strides; nothing is copied.</summary>
public readonly ref struct ReadOnlyMatrixSpan
{
    /// <summary>A row-major matrix without gaps.</summary>
    /// <param name="data">At least rows × columns floats.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    public ReadOnlyMatrixSpan(ReadOnlySpan<float> data, int rows, int columns)
        : this(data, rows, columns, columns, 1)
    {
    }

    /// <summary>A matrix whose element (i, j) is <c>data[i·rowStride + j·columnStride]</c>.</summary>
    /// <param name="data">The elements.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="rowStride">Distance of neighbouring rows, in floats.</param>
    /// <param name="columnStride">Distance of neighbouring columns, in floats.</param>
    /// <exception cref="ArgumentException">A size or stride is negative, or the last element lies beyond the span.</exception>
    public ReadOnlyMatrixSpan(ReadOnlySpan<float> data, int rows, int columns, int rowStride, int columnStride)
    {
        MatrixCheck.Validate(data.Length, rows, columns, rowStride, columnStride);
        Data = data;
        (Rows, Columns, RowStride, ColumnStride) = (rows, columns, rowStride, columnStride);
    }

    /// <summary>The elements.</summary>
    public ReadOnlySpan<float> Data { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Distance of neighbouring rows, in floats.</summary>
    public int RowStride { get; }

    /// <summary>Distance of neighbouring columns, in floats.</summary>
    public int ColumnStride { get; }

    /// <summary>The same elements with rows and columns exchanged.</summary>
    public ReadOnlyMatrixSpan Transposed => new(Data, Columns, Rows, ColumnStride, RowStride);
}

/// <summary>A row-major matrix that is written, with a row stride.</summary>
public readonly ref struct MatrixSpan
{
    /// <summary>A row-major matrix without gaps.</summary>
    /// <param name="data">At least rows × columns floats.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    public MatrixSpan(Span<float> data, int rows, int columns)
        : this(data, rows, columns, columns)
    {
    }

    /// <summary>A matrix whose element (i, j) is <c>data[i·rowStride + j]</c>.</summary>
    /// <param name="data">The elements.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="rowStride">Distance of neighbouring rows, in floats; at least <paramref name="columns"/>.</param>
    /// <exception cref="ArgumentException">A size is negative, rows overlap, or the last element lies beyond the span.</exception>
    public MatrixSpan(Span<float> data, int rows, int columns, int rowStride)
    {
        MatrixCheck.Validate(data.Length, rows, columns, rowStride, 1);
        if (rows > 1 && rowStride < columns)
            throw new ArgumentException(FormattableString.Invariant($"MatrixSpan: rowStride {rowStride} is below columns {columns}: rows would overlap."), nameof(rowStride));
        Data = data;
        (Rows, Columns, RowStride) = (rows, columns, rowStride);
    }

    /// <summary>The elements.</summary>
    public Span<float> Data { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Distance of neighbouring rows, in floats.</summary>
    public int RowStride { get; }

    /// <summary>The same matrix, to be read.</summary>
    /// <param name="matrix">The matrix.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator ReadOnlyMatrixSpan(MatrixSpan matrix) =>
        new(matrix.Data, matrix.Rows, matrix.Columns, matrix.RowStride, 1);
}

/// <summary>The one check of matrix sizes against memory.</summary>
internal static class MatrixCheck
{
    public static void Validate(int length, int rows, int columns, int rowStride, int columnStride)
    {
        if ((rows | columns | rowStride | columnStride) < 0)
            throw new ArgumentException(FormattableString.Invariant($"Matrix: sizes and strides must not be negative, got ({rows}, {columns}) with strides ({rowStride}, {columnStride})."), nameof(rows));
        if (rows == 0 || columns == 0)
            return;
        long last = ((rows - 1L) * rowStride) + ((columns - 1L) * columnStride);
        if (last >= length)
            throw new ArgumentException(FormattableString.Invariant($"Matrix: ({rows}, {columns}) with strides ({rowStride}, {columnStride}) needs {last + 1} floats, the span has {length}."), nameof(length));
    }
}
