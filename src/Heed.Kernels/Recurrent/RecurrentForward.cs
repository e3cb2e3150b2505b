#pragma warning disable CS8500

namespace Heed.Kernels;

/// <content>The forward pass.</content>
internal unsafe partial struct RecurrentPass<TCell>
{
    /// <summary>Checks, then runs at the machine's width. An empty workspace means that no backward pass follows.</summary>
    public static void Forward(
        in RecurrentShape shape, RecurrentWeights packed, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace)
    {
        using SequencePlan order = new(shape, input.Lengths, input.Starts);
        if (!workspace.IsEmpty)
            RecurrentCheck.Workspace<TCell>(workspace.Length, WorkspaceLength(shape, order.Rows, order.Active));
        order.ClearPadding(output.Y, shape.Directions * shape.HiddenSize);
        RecurrentPass<TCell> pass = new(shape, order, packed);
        using Scratch chunks = new(shape.Directions * pass.ChunkLength);
        using Scratch inference = new(workspace.IsEmpty ? pass.InferenceLength : 0);
        fixed (float* px = input.X, h0 = input.InitialHidden, c0 = input.InitialCell, memory = workspace)
        fixed (float* py = output.Y, hn = output.FinalHidden, cn = output.FinalCell)
        {
            pass.x = px;
            pass.y = py;
            pass.finalHidden = hn;
            pass.finalCell = cn;
            pass.PlaceChunks(chunks.Pointer);
            if (memory != null)
                pass.Keep(memory);
            else
                pass.Reuse(inference.Pointer);
            pass.StartStates(h0, c0);
            ForwardCall call = new() { Pass = &pass };
            Simd.Run(ref call);
        }
    }

    // Without a backward pass the states change in place: a row's step reads no other row's state.
    private readonly long InferenceLength => shape.Directions * 2L * plan.Active * size;

    private void Reuse(float* memory)
    {
        long state = (long)plan.Active * size;
        for (int d = 0; d < shape.Directions; d++, memory += 2 * state)
        {
            Of(d).Before = memory;
            Of(d).Cells = memory + state;
        }
    }

    private void StartStates(float* initialHidden, float* initialCell)
    {
        hasInitialHidden = initialHidden != null;
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int r = 0; r < plan.Batch; r++)
            {
                nint state = StateOf(d, r);
                bool active = r < plan.Active;
                float* hidden = active ? BeforeAt(d, 0) + ((nint)r * size) : finalHidden + state;
                if (active || finalHidden != null)
                    Copy(initialHidden == null ? null : initialHidden + state, hidden);
                float* cell = active ? CellsBeforeAt(d, 0) + ((nint)r * size) : finalCell + state;
                if (TCell.HasCell && (active || finalCell != null))
                    Copy(initialCell == null ? null : initialCell + state, cell);
            }
        }
    }

    private void Forward<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (RecurrentPass<TCell>* self = &this)
        {
            for (firstStep = 0; firstStep < plan.Steps; firstStep = endStep)
            {
                endStep = plan.ChunkEnd(firstStep, ChunkRows);
                for (int d = firstDirection; d < endDirection; d++)
                    Project(d, Gather(d));
                Share(&ForwardSteps<V>, self, (endDirection - firstDirection) * groups, StepOperations);
            }
        }
    }

    private void Project(int d, ReadOnlyMatrixSpan rows)
    {
        PackedDirection w = weights[d];
        for (int slot = 0; slot < IRecurrentCell.Slots; slot++)
        {
            if (w.Input(slot) is not { } part)
                continue;
            ReadOnlyMatrixSpan read = new(rows.Data, rows.Rows, part.Rows, rows.RowStride, 1);
            Gemm.Multiply(read, part, Slots(d, slot, part.Columns), GemmOutput.Overwrite, w.Bias.Slice(slot * size, part.Columns));
        }
    }

    private static void ForwardSteps<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int d = s->firstDirection + (index / s->groups), group = index % s->groups;
        for (int step = s->firstStep; step < s->endStep; step++)
            s->ForwardStep<V>(d, group, step);
    }

    private void ForwardStep<V>(int d, int group, int step)
        where V : unmanaged, ISimd<V>
    {
        int count = plan.Count(step), continuing = plan.Count(step + 1), rows = (count - group + groups - 1) / groups;
        if (rows <= 0)
            return;
        float* slots = SlotsAt(d, step), gates = keep ? GatesAt(d, step) : null, before = BeforeAt(d, step), cellsBefore = CellsBeforeAt(d, step), cells = CellsAt(d, step);
        if (step > 0 || hasInitialHidden)
            Gemm.Multiply(GroupRows(before, group, rows, size, size), weights[d].Hidden, GroupRows(slots, group, rows, GateWidth, SlotStride), GemmOutput.Accumulate);
        float* after = continuing == 0 ? null : BeforeAt(d, step + 1);
        for (nint r = group; r < count; r += groups)
        {
            float* output = y + OutputOf(d, step, (int)r), cell = cells + (r * size);
            bool ends = r >= continuing;
            RecurrentRow.Forward<V, TCell>(
                new()
                {
                    Slots = slots + (r * SlotStride),
                    Gates = keep ? gates + (r * SlotWidth) : null,
                    HiddenBefore = before + (r * size),
                    CellBefore = cellsBefore + (r * size),
                    Cell = cell,
                    Y = output,
                    Next = !ends ? after + (r * size) : finalHidden != null ? finalHidden + StateOf(d, (int)r) : output,
                },
                size);
            if (ends && finalCell != null)
                Copy(cell, finalCell + StateOf(d, (int)r));
        }
    }

    private struct ForwardCall : ISimdKernel
    {
        public RecurrentPass<TCell>* Pass;

        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            if (Pass->IsSplit)
                Share(&Half<V>, Pass, 2, 4.0 * Pass->plan.Rows * Pass->GateWidth * Pass->size);
            else
                Pass->Forward<V>();
        }

        private static void Half<V>(void* state, int d)
            where V : unmanaged, ISimd<V>
        {
            RecurrentPass<TCell> half = ((RecurrentPass<TCell>*)state)->Half(d);
            half.Forward<V>();
        }
    }
}
