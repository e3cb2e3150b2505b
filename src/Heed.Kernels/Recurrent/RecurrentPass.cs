using System.Diagnostics.CodeAnalysis;

// Tasks get the address of a pass that lives on the caller's stack until all tasks have ended.
#pragma warning disable CS8500

namespace Heed.Kernels;

/// <summary>One call of a recurrent layer. This part: what the forward and the backward pass share.</summary>
/// <remarks>
/// <para>Steps are taken in chunks: the input projection of a chunk is one product, then its steps run while the pre-activations are still in
/// the cache (backward: its steps, then the products for the weights and the input). Chunks depend on the lengths alone, never on threads.</para>
/// <para>On up to two threads each direction is a pass of its own: nothing waits, and a chunk stays in the cache of one core. With more
/// threads one pass has both: products outside the steps are shared by <see cref="Gemm"/> itself, and the steps of a chunk as directions ×
/// groups of sequences; group k of G has the rows k, k + G, … of each step and needs no other group's results.</para>
/// <para>The slots of a chunk hold pre-activations, or their gradients, in memory that every chunk uses again. Workspace of a direction, N rows
/// in all: activated gates (N, 4·hidden); the hidden state before each row's step (N, hidden), which stands ready as an operand for the product
/// with the hidden weights; for an LSTM the cell states, initial ones first (active + N, hidden). The backward pass only reads it.</para>
/// <para>Bounds: every pointer belongs to a span or scratch whose length was checked or computed from the shape; the plan's rows stay below
/// their number, and its positions within start + length ≤ time, which <see cref="RecurrentCheck.Sequences"/> ensures.</para>
/// </remarks>
internal unsafe partial struct RecurrentPass<TCell>
    where TCell : struct, IRecurrentCell
{
    // Floats of the slots of one chunk: 1 MiB, a second-level cache. Half of it makes the products too small, twice as much is slower again.
    private const int ChunkFloats = 1 << 18;

    private readonly RecurrentShape shape;
    private readonly SequencePlan plan;
    private readonly RecurrentWeights weights;
    private readonly int size;
    private Memory forward, reverse;
    private bool keep, hasInitialHidden, wantsInitialHidden, overwritesInput;

    // The directions of this pass, the groups of their steps, and the direction that a shared task works on.
    private int firstDirection, endDirection, groups, direction;

    // The chunk, and where a shared task finds its rows of x or of its gradient.
    private int firstStep, endStep;
    private float* inputs;

    // As in the public entries; null where the caller gave nothing.
    private float* x, y, finalHidden, finalCell, outputGradient, inputGradient;

    // Backward: gradients of the states, summed biases, all rows of the reverse direction's input gradient, a row of zeros.
    private float* stateGradients, biasGradients, reverseProducts, zeros;

    public RecurrentPass(in RecurrentShape shape, SequencePlan plan, RecurrentWeights weights)
    {
        (this.shape, this.plan, this.weights) = (shape, plan, weights);
        size = shape.HiddenSize;
        endDirection = shape.Directions;
        // Every group reads all hidden weights: groups only for threads that the directions leave idle.
        groups = Math.Clamp(Workers.Degree / shape.Directions, 1, Math.Max(1, plan.Active));
    }

    private readonly bool IsSplit => shape.Directions == 2 && groups == 1;

    private readonly double StepOperations => 2.0 * (endDirection - firstDirection) * RowsInChunk * GateWidth * size;

    private readonly int SlotWidth => IRecurrentCell.Slots * size;

    // A cache line more than needed, because rows at a distance of a power of two share few sets of the caches.
    private readonly int SlotStride => (int)Aligned(SlotWidth) + 16;

    private readonly int GateWidth => TCell.Gates * size;

    private readonly int ChunkRows => Math.Max(64, ChunkFloats / SlotWidth);

    private readonly int RowsInChunk => plan.First(endStep) - plan.First(firstStep);

    // The most rows that a chunk can have.
    private readonly int LargestChunk => Math.Min(plan.Rows, Math.Max(ChunkRows, plan.Active));

    // Chunk memory of a direction: slots, then rows of x or of its gradient.
    private readonly long ChunkLength => (long)LargestChunk * (SlotStride + shape.InputSize);

    /// <summary>Floats of a workspace.</summary>
    public static long WorkspaceLength(in RecurrentShape shape, long rows, long active) =>
        shape.Directions * (Aligned(rows * IRecurrentCell.Slots * shape.HiddenSize) + Aligned(rows * shape.HiddenSize)
            + (TCell.HasCell ? Aligned((active + rows) * shape.HiddenSize) : 0));

    private static long Aligned(long length) => (length + 15) & ~15L;

    /// <summary>Cuts a caller's workspace, in which everything that the backward pass needs is kept.</summary>
    public void Keep(float* workspace)
    {
        keep = true;
        long part = WorkspaceLength(shape with { Directions = 1 }, plan.Rows, plan.Active);
        for (int d = 0; d < shape.Directions; d++, workspace += part)
        {
            ref Memory of = ref Of(d);
            of.Gates = workspace;
            of.Before = workspace + Aligned((long)plan.Rows * SlotWidth);
            of.Cells = of.Before + Aligned((long)plan.Rows * size);
        }
    }

    /// <summary>Copies the activated gates that a forward pass kept to the places of their steps: (batch, time, directions, gates·hidden), 0 in padding.</summary>
    public static void ReadGates(in RecurrentShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> starts, ReadOnlySpan<float> workspace, Span<float> gates)
    {
        using SequencePlan order = new(shape, lengths, starts);
        RecurrentCheck.Workspace<TCell>(workspace.Length, WorkspaceLength(shape, order.Rows, order.Active));
        gates.Clear();
        int width = IRecurrentCell.Slots * shape.HiddenSize, part = (int)WorkspaceLength(shape with { Directions = 1 }, order.Rows, order.Active);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int step = 0; step < order.Steps; step++)
            {
                for (int r = 0; r < order.Count(step); r++)
                    workspace.Slice((d * part) + ((order.First(step) + r) * width), width).CopyTo(gates.Slice((int)((order.Position(d, step, r) * shape.Directions) + d) * width, width));
            }
        }
    }

    // Chunk memory for all directions.
    private void PlaceChunks(float* memory)
    {
        for (int d = 0; d < shape.Directions; d++, memory += ChunkLength)
        {
            Of(d).Slots = memory;
            Of(d).Inputs = memory + ((long)LargestChunk * SlotStride);
        }
    }

    [UnscopedRef]
    private ref Memory Of(int d) => ref d == 0 ? ref forward : ref reverse;

    private float* SlotsAt(int d, int step) => Of(d).Slots + ((nint)(plan.First(step) - plan.First(firstStep)) * SlotStride);

    private float* GatesAt(int d, int step) => Of(d).Gates + ((nint)plan.First(step) * SlotWidth);

    private float* BeforeAt(int d, int step) => keep ? Of(d).Before + ((nint)plan.First(step) * size) : Of(d).Before;

    private float* CellsBeforeAt(int d, int step) => step == 0 || !keep ? Of(d).Cells : CellsAt(d, step - 1);

    private float* CellsAt(int d, int step) => keep ? Of(d).Cells + ((nint)(plan.Active + plan.First(step)) * size) : Of(d).Cells;

    private readonly nint StateOf(int d, int r) => ((nint)d * shape.Batch * size) + ((nint)plan.Sequence(r) * size);

    private readonly nint OutputOf(int d, int step, int r) => ((plan.Position(d, step, r) * shape.Directions) + d) * size;

    private readonly void Copy(float* source, float* destination)
    {
        if (source == null)
            new Span<float>(destination, size).Clear();
        else
            new ReadOnlySpan<float>(source, size).CopyTo(new Span<float>(destination, size));
    }

    // The pass of one direction, with a chunk of its own.
    private readonly RecurrentPass<TCell> Half(int d)
    {
        RecurrentPass<TCell> half = this;
        (half.firstDirection, half.endDirection) = (d, d + 1);
        return half;
    }

    // Shares tasks among the workers if there is enough to do for the fork to pay.
    private static void Share(delegate*<void*, int, void> task, void* self, int count, double operations)
    {
        if (operations > 2e5)
        {
            Workers.Run(task, self, count);
            return;
        }
        for (int i = 0; i < count; i++)
            task(self, i);
    }

    // Rows of x in the order of the chunk's rows.
    private ReadOnlyMatrixSpan Gather(int d)
    {
        direction = d;
        inputs = Of(d).Inputs;
        fixed (RecurrentPass<TCell>* self = &this)
            Share(&GatherStep, self, endStep - firstStep, 4.0 * RowsInChunk * shape.InputSize);
        return Rows(inputs, RowsInChunk, shape.InputSize, shape.InputSize);
    }

    private static void GatherStep(void* state, int index)
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int step = s->firstStep + index, width = s->shape.InputSize;
        float* to = s->inputs + ((nint)(s->plan.First(step) - s->plan.First(s->firstStep)) * width);
        for (int r = 0; r < s->plan.Count(step); r++, to += width)
            new ReadOnlySpan<float>(s->x + (s->plan.Position(s->direction, step, r) * width), width).CopyTo(new Span<float>(to, width));
    }

    // The chunk's columns that start at a slot, rows below each other.
    private MatrixSpan Slots(int d, int slot, int columns) => Rows(SlotsAt(d, firstStep) + (slot * size), RowsInChunk, columns, SlotStride);

    // A group's share of a step: every groups-th row.
    private readonly MatrixSpan GroupRows(float* firstRow, int group, int rows, int columns, int stride) =>
        Rows(firstRow + ((nint)group * stride), rows, columns, groups * stride);

    private static MatrixSpan Rows(float* first, int rows, int columns, int stride) =>
        new(new Span<float>(first, rows == 0 ? 0 : checked(((rows - 1) * stride) + columns)), rows, columns, stride);

    /// <summary>The memory of one direction.</summary>
    private struct Memory
    {
        public float* Slots, Inputs, Gates, Before, Cells;
    }
}
