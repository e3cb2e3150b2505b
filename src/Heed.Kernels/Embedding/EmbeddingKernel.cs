using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Rows of a table by number: y[n, :] = table[id[n], :].</summary>
/// <remarks>
/// <para>Shapes: table and its gradient (vocabulary, features), ids (count), y and dy (count, features). Results lie apart from the sources. A number
/// outside 0 … vocabulary − 1 throws before memory is touched; the message names its position.</para>
/// <para>Order of the sums backward: occurrences of a number in the order of their positions. The workers share columns, not rows: same bits for
/// any number of threads.</para>
/// <para>Cost: one pass over y or dy. Thread-safe.</para>
/// </remarks>
public static unsafe class EmbeddingKernel
{
    /// <summary>y[n, :] = table[id[n], :].</summary>
    /// <param name="table">(vocabulary, features).</param>
    /// <param name="features">Values a row; at least 1.</param>
    /// <param name="ids">(count).</param>
    /// <param name="y">(count, features).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not in the table.</exception>
    public static void Gather(ReadOnlySpan<float> table, int features, ReadOnlySpan<int> ids, Span<float> y)
    {
        Check("EmbeddingKernel.Gather", table, features, ids, y);
        fixed (float* pt = table, py = y)
        fixed (int* pi = ids)
            RowCall.Run(new GatherStep { Table = pt, Ids = pi, Y = py, Features = features }, ids.Length, features);
    }

    /// <summary>dtable[id[n], :] += dy[n, :] for n in order; marks the rows that were reached.</summary>
    /// <param name="dy">(count, features).</param>
    /// <param name="features">Values a row; at least 1.</param>
    /// <param name="ids">(count).</param>
    /// <param name="dtable">(vocabulary, features).</param>
    /// <param name="padding">A number whose row takes no gradient, or −1 for none.</param>
    /// <param name="touched">(vocabulary): set to true for each row that was added to, others stay as they are; or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not in the table.</exception>
    public static void ScatterAdd(ReadOnlySpan<float> dy, int features, ReadOnlySpan<int> ids, Span<float> dtable, int padding = -1, Span<bool> touched = default)
    {
        const string Operation = "EmbeddingKernel.ScatterAdd";
        int vocabulary = Check(Operation, dtable, features, ids, dy);
        if (touched.Length != 0)
        {
            Require.Length(Operation, nameof(touched), touched.Length, vocabulary);
            foreach (int id in ids)
                touched[id] |= id != padding;
        }
        if (ids.Length == 0)
            return;
        // Strips of columns: whole cache lines, wide enough to be worth a pass over the numbers.
        int most = Math.Max(1, Math.Min((features + 15) / 16, (int)Math.Min(64, (long)ids.Length * features >> 13)));
        nint strip = (((features + most - 1) / most) + 15) / 16 * 16, strips = (features + strip - 1) / strip;
        fixed (float* pdy = dy, pt = dtable)
        fixed (int* pi = ids)
        {
            ScatterStep step = new() { Gradient = pdy, Ids = pi, Table = pt, Features = features, Count = ids.Length, Padding = padding, Strip = strip };
            RowCall.Run(step, strips, long.MaxValue);
        }
    }

    /// <summary>Sets the marked rows to 0 and takes their marks away: clears a gradient that reached few rows.</summary>
    /// <param name="table">(vocabulary, features).</param>
    /// <param name="features">Values a row; at least 1.</param>
    /// <param name="touched">(vocabulary): the marks.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void ClearRows(Span<float> table, int features, Span<bool> touched)
    {
        int vocabulary = Require.Rows("EmbeddingKernel.ClearRows", nameof(table), table.Length, features);
        Require.Length("EmbeddingKernel.ClearRows", nameof(touched), touched.Length, vocabulary);
        for (int row = touched.IndexOf(true), next; row >= 0; row = next < 0 ? -1 : row + next)
        {
            table.Slice(row * features, features).Clear();
            touched[row] = false;
            next = touched[row..].IndexOf(true);
        }
    }

    // Gives the vocabulary.
    private static int Check(string operation, ReadOnlySpan<float> table, int features, ReadOnlySpan<int> ids, ReadOnlySpan<float> rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        int vocabulary = Require.Rows(operation, nameof(table), table.Length, features);
        Require.Length(operation, "the rows' span", rows.Length, (long)ids.Length * features);
        Require.Apart(operation, nameof(table), table, rows);
        for (int n = 0; n < ids.Length; n++)
        {
            if ((uint)ids[n] >= (uint)vocabulary)
                throw new ArgumentOutOfRangeException(nameof(ids), ids[n], FormattableString.Invariant($"{operation}: number {ids[n]} at position {n} is not in the table of {vocabulary} rows (0 … {vocabulary - 1})."));
        }
        return vocabulary;
    }

    private struct GatherStep : IRowStep
    {
        public float* Table;
        public int* Ids;
        public float* Y;
        public nint Features;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            new ReadOnlySpan<float>(Table + (Ids[row] * Features), (int)Features).CopyTo(new(Y + (row * Features), (int)Features));
    }

    private struct ScatterStep : IRowStep
    {
        public float* Gradient;
        public int* Ids;
        public float* Table;
        public nint Features;
        public nint Count;
        public nint Strip;
        public int Padding;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint first = row * Strip, end = Math.Min(first + Strip, Features);
            for (nint n = 0; n < Count; n++)
            {
                if (Ids[n] == Padding)
                    continue;
                float* into = Table + (Ids[n] * Features);
                Lane.Loop<V, Binary<AddOperator>>(new() { A = into, B = Gradient + (n * Features), Y = into }, first, end);
            }
        }
    }
}
