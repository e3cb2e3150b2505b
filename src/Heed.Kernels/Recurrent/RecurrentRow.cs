using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <summary>A row of hidden units, walked in whole vectors and one partial vector.</summary>
internal static unsafe class RecurrentRow
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<V, TCell>(ForwardRow row, int size)
        where V : unmanaged, ISimd<V>
        where TCell : struct, IRecurrentCell
    {
        int j = 0;
        for (; j + V.Width <= size; j += V.Width)
            TCell.Forward<V>(row, size, j, V.Width);
        if (j < size)
            TCell.Forward<V>(row, size, j, size - j);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TCell>(BackwardRow row, int size)
        where V : unmanaged, ISimd<V>
        where TCell : struct, IRecurrentCell
    {
        int j = 0;
        for (; j + V.Width <= size; j += V.Width)
        {
            Fetch<V>(row.NextGates + (4 * j));
            TCell.Backward<V>(row, size, j, V.Width);
        }
        if (j < size)
            TCell.Backward<V>(row, size, j, size - j);
    }

    // The four vectors from here on, a share of a row of gates; an address beyond the workspace does no harm.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<V>(float* from)
        where V : unmanaged, ISimd<V>
    {
        if (!Sse.IsSupported)
            return;
        for (int i = 0; i < IRecurrentCell.Slots * V.Width; i += 16)
            Sse.Prefetch0(from + i);
    }

    /// <summary>destination += source.</summary>
    public static void Add<V>(float* source, float* destination, int count)
        where V : unmanaged, ISimd<V>
    {
        int i = 0;
        for (; i + V.Width <= count; i += V.Width)
            V.Store(V.Load(destination + i) + V.Load(source + i), destination + i);
        if (i < count)
            V.Store(V.Load(destination + i, count - i) + V.Load(source + i, count - i), destination + i, count - i);
    }

    /// <summary>Adds the rows of up to eight vectors of columns to sums, one row after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumColumns<V>(float* values, nint stride, int rows, float* sums, int columns)
        where V : unmanaged, ISimd<V>
    {
        int j = 0;
        for (; j + (4 * V.Width) <= columns; j += 4 * V.Width)
        {
            V a = V.Load(sums + j), b = V.Load(sums + j + V.Width), c = V.Load(sums + j + (2 * V.Width)), d = V.Load(sums + j + (3 * V.Width));
            float* row = values + j;
            for (int i = 0; i < rows; i++, row += stride)
            {
                a += V.Load(row);
                b += V.Load(row + V.Width);
                c += V.Load(row + (2 * V.Width));
                d += V.Load(row + (3 * V.Width));
            }
            V.Store(a, sums + j);
            V.Store(b, sums + j + V.Width);
            V.Store(c, sums + j + (2 * V.Width));
            V.Store(d, sums + j + (3 * V.Width));
        }
        for (; j < columns; j += V.Width)
        {
            int count = Math.Min(V.Width, columns - j);
            V sum = Load<V>(sums + j, count);
            for (int i = 0; i < rows; i++)
                sum += Load<V>(values + (i * stride) + j, count);
            Store(sum, sums + j, count);
        }
    }

    // With a constant count the choice between whole and partial folds away.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(float* source, int count)
        where V : unmanaged, ISimd<V> => count == V.Width ? V.Load(source) : V.Load(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, float* destination, int count)
        where V : unmanaged, ISimd<V>
    {
        if (count == V.Width)
            V.Store(value, destination);
        else
            V.Store(value, destination, count);
    }
}
