using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Transposed copies: y[b, j, i] = x[b, i, j].</summary>
/// <remarks>Shapes: x (batch, rows, columns), y (batch, columns, rows), which must lie apart. A copy: bits do not change. Cost: one pass; strips of
/// rows are shared by the workers. Thread-safe.</remarks>
public static unsafe class Transposition
{
    /// <summary>Writes the transposed matrices.</summary>
    /// <param name="x">(batch, rows, columns).</param>
    /// <param name="rows">Rows of x.</param>
    /// <param name="columns">Columns of x.</param>
    /// <param name="y">(batch, columns, rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    public static void Run(ReadOnlySpan<float> x, int rows, int columns, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        long size = (long)rows * columns;
        if (size == 0 ? x.Length != 0 : x.Length % size != 0)
            throw new ArgumentException(FormattableString.Invariant($"Transposition: x has {x.Length} values; whole matrices of ({rows}, {columns}) are required."), nameof(x));
        Require.Length(nameof(Transposition), nameof(y), y.Length, x.Length);
        Require.Apart<float>(nameof(Transposition), nameof(x), x, y);
        if (x.Length == 0)
            return;
        nint strips = (rows + StripStep.Height - 1) / StripStep.Height;
        fixed (float* px = x, py = y)
        {
            StripStep step = new() { X = px, Y = py, Rows = rows, Columns = columns, Stride = columns, Strips = strips };
            RowCall.Run(step, (nint)(x.Length / size) * strips, StripStep.Height * (long)columns);
        }
    }

    /// <summary>Writes some columns of one matrix, transposed: y[j, i] = x[i, first + j].</summary>
    /// <param name="x">(rows, width).</param>
    /// <param name="width">Columns of x.</param>
    /// <param name="first">The first column that is taken.</param>
    /// <param name="columns">How many.</param>
    /// <param name="y">(columns, rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The columns are not all among those of x.</exception>
    public static void RunColumns(ReadOnlySpan<float> x, int width, int first, int columns, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, width - first);
        if (x.Length % width != 0)
            throw new ArgumentException(FormattableString.Invariant($"Transposition: x has {x.Length} values; whole rows of {width} are required."), nameof(x));
        int rows = x.Length / width;
        Require.Length(nameof(Transposition), nameof(y), y.Length, checked(rows * columns));
        Require.Apart<float>(nameof(Transposition), nameof(x), x, y);
        if (y.Length == 0)
            return;
        nint strips = (rows + StripStep.Height - 1) / StripStep.Height;
        fixed (float* px = x, py = y)
        {
            StripStep step = new() { X = px + first, Y = py, Rows = rows, Columns = columns, Stride = width, Strips = strips };
            RowCall.Run(step, strips, StripStep.Height * (long)columns);
        }
    }

    private struct StripStep : IRowStep
    {
        public const int Height = 32, Width = 16;
        public float* X;
        public float* Y;
        public int Rows;
        public int Columns;
        public int Stride;
        public nint Strips;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint matrix = row / Strips, first = row % Strips * Height, offset = matrix * Rows * Columns;
            int height = (int)Math.Min(Height, Rows - first);
            // Few columns at a time: their destination rows may all lie in one set of the cache.
            for (int j = 0; j < Columns; j += Width)
                Transpose.Run(X + offset + (first * Stride) + j, Stride, Y + offset + first + ((nint)j * Rows), Rows, height, Math.Min(Width, Columns - j));
        }
    }
}
