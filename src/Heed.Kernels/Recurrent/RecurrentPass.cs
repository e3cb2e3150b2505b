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
/// <para>Workspace of a direction, N rows in all: slots (N, 4·hidden, with a larger stride); the hidden state before each row's step (N, hidden), which stands ready
/// as an operand for the product with the hidden weights; for an LSTM the cell states, initial ones first (active + N, hidden).</para>
/// </remarks>
internal unsafe partial struct RecurrentPass<TCell>
    where TCell : struct, IRecurrentCell
{
    // Floats of the slots of one chunk: a few second-level caches' worth, so that products are large and the third level holds the chunk.
    private const int ChunkFloats = 1 << 18;

    private readonly RecurrentShape shape;
    private readonly SequencePlan plan;
    private readonly RecurrentWeights weights;
    private readonly int size;
    private Memory forward, reverse;
    private bool keep, hasInitialHidden, wantsInitialHidden;

    // The directions of this pass, the groups of their steps, and the direction that a shared task works on.
    private int firstDirection, endDirection, groups, direction;

    // The chunk, and its rows of x or of its gradient.
    private int firstStep, endStep;
    private float* gathered;

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

    private readonly int SlotStride => StrideOf(size);

    private readonly int GateWidth => TCell.Gates * size;

    private readonly int ChunkRows => Math.Max(64, ChunkFloats / SlotWidth);

    private readonly int RowsInChunk => plan.First(endStep) - plan.First(firstStep);

    // The most rows that a chunk can have.
    private readonly int LargestChunk => Math.Min(plan.Rows, Math.Max(ChunkRows, plan.Active));

    /// <summary>Floats of a workspace.</summary>
    public static long WorkspaceLength(in RecurrentShape shape, long rows, long active) =>
        shape.Directions * ((rows * StrideOf(shape.HiddenSize)) + Aligned(rows * shape.HiddenSize)
            + (TCell.HasCell ? Aligned((active + rows) * shape.HiddenSize) : 0));

    // Distance of the slots' rows: a cache line more than they need, because rows at a distance of a power of two share few sets of the caches.
    private static int StrideOf(int size) => (int)Aligned(IRecurrentCell.Slots * size) + 16;

    private static long Aligned(long length) => (length + 15) & ~15L;

    /// <summary>Cuts a caller's workspace, in which everything that the backward pass needs is kept.</summary>
    public void Keep(float* workspace)
    {
        keep = true;
        long part = WorkspaceLength(shape with { Directions = 1 }, plan.Rows, plan.Active);
        for (int d = 0; d < shape.Directions; d++, workspace += part)
        {
            float* before = workspace + ((long)plan.Rows * SlotStride);
            Of(d) = new() { Slots = workspace, Before = before, Cells = before + Aligned((long)plan.Rows * size) };
        }
    }

    [UnscopedRef]
    private ref Memory Of(int d) => ref d == 0 ? ref forward : ref reverse;

    private float* SlotsAt(int d, int step) =>
        Of(d).Slots + ((nint)(keep ? plan.First(step) : plan.First(step) - plan.First(firstStep)) * SlotStride);

    private float* BeforeAt(int d, int step) =>
        Of(d).Before + ((nint)(keep ? plan.First(step) : (step & 1) * plan.Active) * size);

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
        half.gathered += (nint)d * LargestChunk * shape.InputSize;
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
    private void Gather(int d)
    {
        direction = d;
        fixed (RecurrentPass<TCell>* self = &this)
            Share(&GatherStep, self, endStep - firstStep, 4.0 * RowsInChunk * shape.InputSize);
    }

    private static void GatherStep(void* state, int index)
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int step = s->firstStep + index, width = s->shape.InputSize;
        float* to = s->gathered + ((nint)(s->plan.First(step) - s->plan.First(s->firstStep)) * width);
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

    /// <summary>The workspace of one direction.</summary>
    private struct Memory
    {
        public float* Slots, Before, Cells;
    }
}
