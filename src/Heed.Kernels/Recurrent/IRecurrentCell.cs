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

    /// <summary>The gates of the row that comes next, which are far away: fetched early, they arrive while this row is worked on.</summary>
    public float* NextGates;
}
