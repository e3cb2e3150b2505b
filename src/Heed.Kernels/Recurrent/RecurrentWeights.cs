namespace Heed.Kernels;

/// <summary>The weights of a recurrent layer in the order in which the forward pass reads them, made once for many calls.</summary>
/// <remarks>Made by <see cref="LstmKernel.Pack"/> or <see cref="GruKernel.Pack"/>. Safe from many threads, except while <see cref="Fill"/> runs.
/// Memory: about that of the weights.</remarks>
public sealed class RecurrentWeights
{
    private readonly PackedDirection[] directions;
    private readonly Action<RecurrentWeights, RecurrentParameters<float>> fill;

    private RecurrentWeights(string cell, in RecurrentShape shape, PackedDirection[] directions, Action<RecurrentWeights, RecurrentParameters<float>> fill)
    {
        (Cell, InputSize, HiddenSize) = (cell, shape.InputSize, shape.HiddenSize);
        (this.directions, this.fill) = (directions, fill);
    }

    /// <summary>Features a step.</summary>
    public int InputSize { get; }

    /// <summary>Hidden units a direction.</summary>
    public int HiddenSize { get; }

    /// <summary>1 or 2.</summary>
    public int Directions => directions.Length;

    internal string Cell { get; }

    internal PackedDirection this[int direction] => directions[direction];

    /// <summary>Packs other values of the same sizes into the same memory; no pass may be running on it.</summary>
    /// <param name="parameters">The new weights.</param>
    /// <exception cref="ArgumentException">A span has another length than the sizes demand.</exception>
    public void Fill(in RecurrentParameters<float> parameters) => fill(this, parameters);

    internal static RecurrentWeights Create<TCell>(in RecurrentShape shape)
        where TCell : struct, IRecurrentCell
    {
        PackedDirection[] packed = new PackedDirection[shape.Directions];
        for (int d = 0; d < packed.Length; d++)
            packed[d] = new PackedDirection();
        return new(TCell.Name, shape, packed, static (weights, parameters) => weights.Fill<TCell>(parameters));
    }

    internal void Fill<TCell>(in RecurrentParameters<float> parameters)
        where TCell : struct, IRecurrentCell
    {
        RecurrentCheck.Parameters<TCell, float>(new(0, 0, InputSize, HiddenSize, Directions), parameters);
        for (int d = 0; d < Directions; d++)
            directions[d].Fill<TCell>(parameters[d], InputSize, HiddenSize);
    }
}

/// <summary>One direction of <see cref="RecurrentWeights"/>.</summary>
internal sealed class PackedDirection
{
    private readonly PackedMatrix?[] input = new PackedMatrix?[IRecurrentCell.Slots];
    private PackedMatrix? hidden, hiddenRows;
    private float[] bias = [];

    /// <summary>W_hhᵀ: (HiddenSize, gates·HiddenSize).</summary>
    public PackedMatrix Hidden => hidden!;

    /// <summary>W_hh, for the backward pass: (gates·HiddenSize, HiddenSize).</summary>
    public PackedMatrix HiddenRows => hiddenRows!;

    /// <summary>One bias a column of the gate buffer.</summary>
    public ReadOnlySpan<float> Bias => bias;

    /// <summary>The part of W_ihᵀ whose columns start at a slot, or null; (0, HiddenSize) where a slot gets its bias only.</summary>
    public PackedMatrix? Input(int slot) => input[slot];

    /// <summary>Packs what the forward pass reads.</summary>
    public void Fill<TCell>(in RecurrentDirection<float> weights, int inputSize, int size)
        where TCell : struct, IRecurrentCell
    {
        int gates = TCell.Gates;
        Refill(ref hidden, new ReadOnlyMatrixSpan(weights.HiddenWeights, gates * size, size).Transposed);
        Span<bool> covered = stackalloc bool[IRecurrentCell.Slots];
        if (bias.Length == 0)
            bias = new float[IRecurrentCell.Slots * size];
        // The hidden gates stand in the first slots; a gate whose input part stands elsewhere keeps its two biases apart.
        bias.AsSpan().Clear();
        weights.HiddenBias.CopyTo(bias);
        foreach (GateRun run in TCell.InputRuns)
        {
            ReadOnlySpan<float> rows = weights.InputWeights.Slice(run.Gate * size * inputSize, run.Count * size * inputSize);
            Refill(ref input[run.Slot], new ReadOnlyMatrixSpan(rows, run.Count * size, inputSize).Transposed);
            covered.Slice(run.Slot, run.Count).Fill(true);
            for (int i = 0; i < run.Count * size && weights.InputBias.Length != 0; i++)
                bias[(run.Slot * size) + i] += weights.InputBias[(run.Gate * size) + i];
        }
        for (int slot = 0; slot < covered.Length; slot++)
        {
            if (!covered[slot])
                input[slot] ??= PackedMatrix.Pack(new ReadOnlyMatrixSpan([], 0, size));
        }
    }

    /// <summary>Packs what the steps of the backward pass read.</summary>
    public void FillRows<TCell>(in RecurrentDirection<float> weights, int size)
        where TCell : struct, IRecurrentCell =>
        Refill(ref hiddenRows, new ReadOnlyMatrixSpan(weights.HiddenWeights, TCell.Gates * size, size));

    private static void Refill(ref PackedMatrix? packed, ReadOnlyMatrixSpan matrix)
    {
        if (packed is null)
            packed = PackedMatrix.Pack(matrix);
        else
            packed.Fill(matrix);
    }
}

/// <summary>Packed weights that calls with plain spans use again and again, so that a training step allocates nothing.</summary>
internal static class RecurrentWeightsPool<TCell>
    where TCell : struct, IRecurrentCell
{
    private static readonly Dictionary<(int Input, int Hidden, int Directions), Stack<RecurrentWeights>> Free = [];

    public static RecurrentWeights Rent(in RecurrentShape shape)
    {
        lock (Free)
        {
            if (Free.TryGetValue((shape.InputSize, shape.HiddenSize, shape.Directions), out Stack<RecurrentWeights>? stack) && stack.TryPop(out RecurrentWeights? found))
                return found;
        }
        return RecurrentWeights.Create<TCell>(shape);
    }

    public static void Return(RecurrentWeights weights)
    {
        (int, int, int) key = (weights.InputSize, weights.HiddenSize, weights.Directions);
        lock (Free)
        {
            if (!Free.TryGetValue(key, out Stack<RecurrentWeights>? stack))
                Free.Add(key, stack = new());
            stack.Push(weights);
        }
    }
}
