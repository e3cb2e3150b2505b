using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What differs between the recurrent layers: how many gates, where they stand in a row of the gate buffer, and the arithmetic of one vector of hidden units.</summary>
/// <remarks>A row of the gate buffer has <see cref="Slots"/>·HiddenSize floats: gates first, as the hidden weights order them, so that the
/// product with the previous state adds to one block of columns.</remarks>
internal unsafe interface IRecurrentCell
{
    const int Slots = 4;

    /// <summary>For messages.</summary>
    static abstract string Name { get; }

    /// <summary>Gates in the weight matrices: 4 or 3.</summary>
    static abstract int Gates { get; }

    /// <summary>Whether there is a cell state beside the hidden state.</summary>
    static abstract bool HasCell { get; }

    /// <summary>Whether the backward row leaves a direct share of the previous state's gradient, to which the product adds.</summary>
    static abstract bool HasDirectPath { get; }

    /// <summary>Which gates of the input weights go to which slots.</summary>
    static abstract ReadOnlySpan<GateRun> InputRuns { get; }

    /// <summary>Units j … j + count − 1. Slots hold pre-activations: writes the states and, if asked for, the gates that the backward row needs.</summary>
    static abstract void Forward<V>(ForwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>;

    /// <summary>Units j … j + count − 1. Writes the gradients of the pre-activations to the slots and turns the state gradients into those of the
    /// step before.</summary>
    static abstract void Backward<V>(BackwardRow row, int size, int j, int count)
        where V : unmanaged, ISimd<V>;
}

/// <summary>A run of gates in the input weights and its place in a row of the gate buffer.</summary>
internal readonly record struct GateRun(int Gate, int Slot, int Count);

/// <summary>One row of a forward step; each pointer has HiddenSize floats, slots and gates four times as many. Gates are null when no
/// backward pass follows.</summary>
internal unsafe struct ForwardRow
{
    public float* Slots, Gates, HiddenBefore, CellBefore, Cell, Y, Next;
}

/// <summary>One row of a backward step; state gradients are read and written in place.</summary>
internal unsafe struct BackwardRow
{
    public float* Slots, Gates, HiddenBefore, CellBefore, Cell, Y, HiddenGradient, CellGradient;
}

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
            TCell.Backward<V>(row, size, j, V.Width);
        if (j < size)
            TCell.Backward<V>(row, size, j, size - j);
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
