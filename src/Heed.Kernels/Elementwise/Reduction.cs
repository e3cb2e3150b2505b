using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Sums over a span: Σ a, Σ a·b, Σ a², and sums over the rows of a matrix.</summary>
/// <remarks>
/// <para>Order of a sum over a span: blocks of 16,384 elements, each with four vectors of float32 partial sums that are joined in a fixed tree; the
/// blocks' sums are added in order in double precision. The order depends only on the length: same bits for any number of threads. A sum
/// of nothing is 0.</para>
/// <para>Cost: one pass, blocks are shared by the workers. Thread-safe; nothing is written but results, which must lie apart from the sources.</para>
/// </remarks>
public static unsafe partial class Reduction
{
    /// <summary>Σ a.</summary>
    public static float Sum(ReadOnlySpan<float> a)
    {
        fixed (float* pa = a)
            return (float)Total(new SumTerm { A = pa }, a.Length);
    }

    /// <summary>Σ a·b.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Require.Length(nameof(Dot), nameof(b), b.Length, a.Length);
        fixed (float* pa = a, pb = b)
            return (float)Total(new DotTerm { A = pa, B = pb }, a.Length);
    }

    /// <summary>Σ a².</summary>
    public static double SumOfSquares(ReadOnlySpan<float> a)
    {
        fixed (float* pa = a)
            return Total(new DotTerm { A = pa, B = pa }, a.Length);
    }

    /// <summary>Σ a² over the rows that are marked; the others are not read: the norm of a gradient that reached few rows of a table.</summary>
    /// <remarks>Each row is summed as above, and the rows are added in order in double precision.</remarks>
    /// <param name="a">(rows, columns).</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="marked">(rows): which rows count.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static double SumOfSquares(ReadOnlySpan<float> a, int columns, ReadOnlySpan<bool> marked)
    {
        int rows = Require.Rows(nameof(SumOfSquares), nameof(a), a.Length, columns);
        Require.Length(nameof(SumOfSquares), nameof(marked), marked.Length, rows);
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            if (marked[row])
                sum += SumOfSquares(a.Slice(row * columns, columns));
        }
        return sum;
    }

    /// <summary>y[i] = Σ over j of x[i, j].</summary>
    /// <param name="x">(rows, columns).</param>
    /// <param name="columns">Values a row; at least 1.</param>
    /// <param name="y">(rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    public static void RowSums(ReadOnlySpan<float> x, int columns, Span<float> y)
    {
        int rows = Require.Rows(nameof(RowSums), nameof(x), x.Length, columns);
        Require.Length(nameof(RowSums), nameof(y), y.Length, rows);
        Require.Apart<float>(nameof(RowSums), nameof(x), x, y);
        fixed (float* px = x, py = y)
            RowCall.Run(new RowSumStep { X = px, Y = py, Columns = columns }, rows, columns);
    }

    private static double Total<TTerm>(TTerm term, nint length)
        where TTerm : unmanaged, ITerm
    {
        int blocks = (int)((length + TotalStep<TTerm>.Block - 1) / TotalStep<TTerm>.Block);
        if (blocks <= 1)
        {
            double only = 0;
            RowCall.Run(new TotalStep<TTerm> { Term = term, Length = length, Sums = &only }, blocks, TotalStep<TTerm>.Block);
            return only;
        }
        using Scratch scratch = new(2L * blocks);
        double* sums = (double*)scratch.Pointer;
        RowCall.Run(new TotalStep<TTerm> { Term = term, Length = length, Sums = sums }, blocks, TotalStep<TTerm>.Block);
        double total = 0;
        for (int block = 0; block < blocks; block++)
            total += sums[block];
        return total;
    }

    private struct TotalStep<TTerm> : IRowStep
        where TTerm : unmanaged, ITerm
    {
        public const int Block = 1 << 14;
        public TTerm Term;
        public nint Length;
        public double* Sums;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Sums[row] = Fold.Sum<V, TTerm>(Term, row * Block, Math.Min((row + 1) * Block, Length));
    }

    private struct RowSumStep : IRowStep
    {
        public float* X;
        public float* Y;
        public nint Columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Y[row] = Fold.Sum<V, SumTerm>(new() { A = X + (row * Columns) }, 0, Columns);
    }
}
