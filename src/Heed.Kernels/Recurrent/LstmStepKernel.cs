using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One step of an LSTM behind its matrix products: from the sums of the gates to the next state. For decoders, whose input at a step depends on the state before it.</summary>
/// <remarks>
/// <para>Formula: i, f, o = σ(a_i, a_f, a_o), g = tanh(a_g), c = f∘c₋₁ + i∘g, h = o∘tanh(c), with the sums a in the order i, f, g, o: the arithmetic of <see cref="LstmKernel"/>.</para>
/// <para>Shapes: sums (rows, 4·size); states (rows, size). A row's result depends on that row alone. Thread-safe; rows are shared by the workers.</para>
/// </remarks>
public static unsafe class LstmStepKernel
{
    private const string Name = "LstmStepKernel";

    /// <summary>Computes the next state.</summary>
    /// <param name="sums">a: (rows, 4·size).</param>
    /// <param name="cellBefore">c₋₁: (rows, size).</param>
    /// <param name="size">Length of a state.</param>
    /// <param name="hidden">h: (rows, size).</param>
    /// <param name="cell">c: (rows, size); may be <paramref name="cellBefore"/>.</param>
    /// <param name="gates">(rows, 4·size), what the backward pass needs; or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap their sources.</exception>
    public static void Forward(ReadOnlySpan<float> sums, ReadOnlySpan<float> cellBefore, int size, Span<float> hidden, Span<float> cell, Span<float> gates = default)
    {
        Check(sums.Length, cellBefore.Length, size);
        Require.Length(Name, nameof(hidden), hidden.Length, cellBefore.Length);
        Require.Length(Name, nameof(cell), cell.Length, cellBefore.Length);
        if (!gates.IsEmpty)
            Require.Length(Name, nameof(gates), gates.Length, sums.Length);
        Require.Apart(Name, nameof(sums), sums, hidden);
        Require.Apart(Name, nameof(sums), sums, cell);
        Require.Apart(Name, nameof(sums), sums, gates);
        Require.Apart(Name, nameof(cellBefore), cellBefore, hidden);
        fixed (float* pa = sums, pb = cellBefore, ph = hidden, pc = cell, pg = gates)
            RowCall.Run(new ForwardStep { Sums = pa, Before = pb, Hidden = ph, Cell = pc, Gates = pg, Size = size }, cellBefore.Length / size, 8L * size);
    }

    /// <summary>Fills the gradients of the sums, and of the cell state before, which it replaces.</summary>
    /// <param name="dhidden">(rows, size).</param>
    /// <param name="gates">From the forward pass: (rows, 4·size).</param>
    /// <param name="cellBefore">c₋₁: (rows, size).</param>
    /// <param name="cell">c: (rows, size).</param>
    /// <param name="size">Length of a state.</param>
    /// <param name="dcell">The gradient of c, then that of c₋₁: (rows, size).</param>
    /// <param name="dsums">(rows, 4·size).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap their sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dhidden, ReadOnlySpan<float> gates, ReadOnlySpan<float> cellBefore, ReadOnlySpan<float> cell, int size, Span<float> dcell, Span<float> dsums)
    {
        Check(gates.Length, cellBefore.Length, size);
        Require.Length(Name, nameof(dhidden), dhidden.Length, cellBefore.Length);
        Require.Length(Name, nameof(cell), cell.Length, cellBefore.Length);
        Require.Length(Name, nameof(dcell), dcell.Length, cellBefore.Length);
        Require.Length(Name, nameof(dsums), dsums.Length, gates.Length);
        Require.Apart(Name, nameof(gates), gates, dsums);
        Require.Apart(Name, nameof(dhidden), dhidden, dsums);
        Require.Apart(Name, nameof(cellBefore), cellBefore, dcell);
        Require.Apart(Name, nameof(cell), cell, dcell);
        Require.Apart(Name, nameof(dcell), dcell, dsums);
        using Scratch zeros = new(size);
        new Span<float>(zeros.Pointer, size).Clear();
        fixed (float* ph = dhidden, pg = gates, pb = cellBefore, pc = cell, pdc = dcell, pda = dsums)
            RowCall.Run(new BackwardStep { Zeros = zeros.Pointer, DHidden = ph, Gates = pg, Before = pb, Cell = pc, DCell = pdc, DSums = pda, Size = size }, cellBefore.Length / size, 8L * size);
    }

    private static void Check(int sums, int state, int size)
    {
        Require.Range(Name, nameof(size), size, size >= 1, "at least 1");
        Require.Range(Name, "cellBefore's length", state, state % size == 0, "a multiple of size");
        Require.Length(Name, "sums or gates", sums, 4L * state);
    }

    private struct ForwardStep : IRowStep
    {
        public float* Sums;
        public float* Before;
        public float* Hidden;
        public float* Cell;
        public float* Gates;
        public int Size;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Size;
            RecurrentRow.Forward<V, LstmCell>(
                new() { Slots = Sums + (4 * at), Gates = Gates == null ? null : Gates + (4 * at), CellBefore = Before + at, Cell = Cell + at, Y = Hidden + at, Next = Hidden + at }, Size);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Zeros;
        public float* DHidden;
        public float* Gates;
        public float* Before;
        public float* Cell;
        public float* DCell;
        public float* DSums;
        public int Size;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Size;
            RecurrentRow.Backward<V, LstmCell>(
                new()
                {
                    Slots = DSums + (4 * at), Gates = Gates + (4 * at), NextGates = Gates + (4 * at), CellBefore = Before + at, Cell = Cell + at,
                    Y = DHidden + at, HiddenGradient = Zeros, CellGradient = DCell + at,
                },
                Size);
        }
    }
}
