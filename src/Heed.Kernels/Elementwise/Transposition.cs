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
            StripStep step = new() { X = px, Y = py, Rows = rows, Columns = columns, Strips = strips };
            RowCall.Run(step, (nint)(x.Length / size) * strips, StripStep.Height * (long)columns);
        }
    }

    private struct StripStep : IRowStep
    {
        public const int Height = 32, Width = 16;
        public float* X;
        public float* Y;
        public int Rows;
        public int Columns;
        public nint Strips;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint matrix = row / Strips, first = row % Strips * Height, offset = matrix * Rows * Columns;
            int height = (int)Math.Min(Height, Rows - first);
            // Few columns at a time: their destination rows may all lie in one set of the cache.
            for (int j = 0; j < Columns; j += Width)
                Transpose.Run(X + offset + (first * Columns) + j, Columns, Y + offset + first + ((nint)j * Rows), Rows, height, Math.Min(Width, Columns - j));
        }
    }
}
