#pragma warning disable CS8500

namespace Heed.Kernels;

/// <content>The backward pass.</content>
internal unsafe partial struct RecurrentPass<TCell>
{
    /// <summary>Runs at the machine's width; the workspace is the forward pass's and is only read.</summary>
    public static void Backward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutputGradients<float> output,
        in RecurrentGradients<float> gradients, ReadOnlySpan<float> workspace)
    {
        using SequencePlan order = new(shape, input.Lengths, input.Starts);
        RecurrentCheck.Workspace<TCell>(workspace.Length, WorkspaceLength(shape, order.Rows, order.Active));
        RecurrentWeights packed = RecurrentWeightsPool<TCell>.Rent(shape);
        for (int d = 0; d < shape.Directions; d++)
            packed[d].FillRows<TCell>(parameters[d], shape.HiddenSize);
        RecurrentPass<TCell> pass = new(shape, order, packed);
        long states = 2 * shape.StateLength, biases = (long)shape.Directions * pass.SlotWidth;
        using Scratch chunks = new(shape.Directions * pass.ChunkLength);
        using Scratch products = new(shape.Directions == 2 && !gradients.X.IsEmpty ? (long)order.Rows * shape.InputSize : 0);
        using Scratch sums = new(states + biases + pass.size);
        fixed (float* px = input.X, memory = workspace, dy = output.Y, dh = output.FinalHidden, dc = output.FinalCell, dx = gradients.X)
        {
            pass.x = px;
            pass.outputGradient = dy;
            pass.inputGradient = dx;
            pass.reverseProducts = products.Pointer;
            pass.overwritesInput = gradients.Mode == GemmOutput.Overwrite;
            pass.stateGradients = sums.Pointer;
            pass.biasGradients = sums.Pointer + states;
            pass.zeros = pass.biasGradients + biases;
            new Span<float>(pass.biasGradients, (int)biases + pass.size).Clear();
            pass.hasInitialHidden = !input.InitialHidden.IsEmpty;
            pass.wantsInitialHidden = !gradients.InitialHidden.IsEmpty;
            pass.PlaceChunks(chunks.Pointer);
            pass.Keep(memory);
            pass.StartGradients(dh, dc);
            BackwardCall call = new() { Pass = &pass, Parameters = parameters, Gradients = gradients };
            Simd.Run(ref call);
        }
        pass.EndGradients(gradients);
        RecurrentWeightsPool<TCell>.Return(packed);
    }

    // Gradients of the states that the sequences' next steps start from, in the plan's order: (directions, batch, hidden).
    private readonly float* HiddenGradientAt(int d, nint r) => stateGradients + ((((nint)d * plan.Batch) + r) * size);

    private readonly float* CellGradientAt(int d, nint r) => HiddenGradientAt(d + shape.Directions, r);

    // A sequence joins, in the backward order, at its last step with the gradient of its final state: until then nothing touches its row.
    private readonly void StartGradients(float* dh, float* dc)
    {
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int r = 0; r < plan.Batch; r++)
            {
                Copy(dh == null ? null : dh + StateOf(d, r), HiddenGradientAt(d, r));
                Copy(dc == null ? null : dc + StateOf(d, r), CellGradientAt(d, r));
            }
        }
    }

    private void Backward<V>(in RecurrentParameters<float> parameters, in RecurrentGradients<float> gradients)
        where V : unmanaged, ISimd<V>
    {
        GemmOutput mode = gradients.Mode;
        fixed (RecurrentPass<TCell>* self = &this)
        {
            for (endStep = plan.Steps; endStep > 0; endStep = firstStep)
            {
                firstStep = plan.ChunkStart(endStep, ChunkRows);
                Share(&BackwardSteps<V>, self, (endDirection - firstDirection) * groups, StepOperations);
                for (int d = firstDirection; d < endDirection; d++)
                {
                    WeightGradients<V>(d, gradients[d], mode);
                    if (inputGradient != null)
                        InputGradient<V>(d, parameters[d].InputWeights);
                }
                mode = GemmOutput.Accumulate;
            }
        }
        // Without a single step there was no product to overwrite anything.
        for (int d = firstDirection; d < endDirection && mode == GemmOutput.Overwrite; d++)
        {
            gradients[d].InputWeights.Clear();
            gradients[d].HiddenWeights.Clear();
        }
    }

    private static void BackwardSteps<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int d = s->firstDirection + (index / s->groups), group = index % s->groups;
        for (int step = s->endStep - 1; step >= s->firstStep; step--)
            s->BackwardStep<V>(d, group, step);
    }

    private void BackwardStep<V>(int d, int group, int step)
        where V : unmanaged, ISimd<V>
    {
        int count = plan.Count(step), rows = (count - group + groups - 1) / groups;
        if (rows <= 0)
            return;
        float* slots = SlotsAt(d, step), gates = GatesAt(d, step), before = BeforeAt(d, step), cellsBefore = CellsBeforeAt(d, step), cells = CellsAt(d, step);
        for (nint r = group; r < count; r += groups)
        {
            RecurrentRow.Backward<V, TCell>(
                new()
                {
                    Slots = slots + (r * SlotStride),
                    Gates = gates + (r * SlotWidth),
                    NextGates = gates + ((r + groups) * SlotWidth),
                    HiddenBefore = before + (r * size),
                    CellBefore = cellsBefore + (r * size),
                    Cell = cells + (r * size),
                    Y = outputGradient == null ? zeros : outputGradient + OutputOf(d, step, (int)r),
                    HiddenGradient = HiddenGradientAt(d, r),
                    CellGradient = CellGradientAt(d, r),
                },
                size);
        }
        if (step > 0 || wantsInitialHidden)
        {
            Gemm.Multiply(
                GroupRows(slots, group, rows, GateWidth, SlotStride), weights[d].HiddenRows, GroupRows(HiddenGradientAt(d, 0), group, rows, size, size),
                TCell.HasDirectPath ? GemmOutput.Accumulate : GemmOutput.Overwrite);
        }
    }

    private void WeightGradients<V>(int d, in RecurrentDirectionGradients<float> gradients, GemmOutput mode)
        where V : unmanaged, ISimd<V>
    {
        int rows = RowsInChunk, width = shape.InputSize;
        if (!gradients.InputWeights.IsEmpty)
        {
            ReadOnlyMatrixSpan inputRows = Gather(d);
            foreach (GateRun run in TCell.InputRuns)
            {
                Span<float> part = gradients.InputWeights.Slice(run.Gate * size * width, run.Count * size * width);
                Gemm.Multiply(((ReadOnlyMatrixSpan)Slots(d, run.Slot, run.Count * size)).Transposed, inputRows, new MatrixSpan(part, run.Count * size, width), mode);
            }
        }
        if (!gradients.HiddenWeights.IsEmpty)
        {
            // A zero initial state adds nothing.
            int skipped = firstStep == 0 && !hasInitialHidden ? plan.Active : 0;
            ReadOnlyMatrixSpan slots = Rows(SlotsAt(d, firstStep) + ((nint)skipped * SlotStride), rows - skipped, GateWidth, SlotStride);
            ReadOnlyMatrixSpan states = Rows(BeforeAt(d, firstStep) + ((nint)skipped * size), rows - skipped, size, size);
            Gemm.Multiply(slots.Transposed, states, new MatrixSpan(gradients.HiddenWeights, GateWidth, size), mode);
        }
        if (!gradients.InputBias.IsEmpty || !gradients.HiddenBias.IsEmpty)
        {
            direction = d;
            int blocks = (SlotWidth + (8 * V.Width) - 1) / (8 * V.Width);
            fixed (RecurrentPass<TCell>* self = &this)
                Share(&SumColumns<V>, self, blocks, (double)rows * SlotWidth);
        }
    }

    // Eight vectors of columns over all rows of the chunk, added in the order of the rows.
    private static void SumColumns<V>(void* state, int block)
        where V : unmanaged, ISimd<V>
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int column = block * 8 * V.Width, columns = Math.Min(8 * V.Width, s->SlotWidth - column);
        RecurrentRow.SumColumns<V>(s->SlotsAt(s->direction, s->firstStep) + column, s->SlotStride, s->RowsInChunk, s->biasGradients + ((nint)s->direction * s->SlotWidth) + column, columns);
    }

    // The forward direction's share goes to dx at once, the reverse direction's when both have ended: one order, whatever runs first.
    private void InputGradient<V>(int d, ReadOnlySpan<float> inputWeights)
        where V : unmanaged, ISimd<V>
    {
        int width = shape.InputSize;
        float* rows = d == 0 ? Of(d).Inputs : reverseProducts + ((nint)plan.First(firstStep) * width);
        MatrixSpan products = Rows(rows, RowsInChunk, width, width);
        GemmOutput mode = GemmOutput.Overwrite;
        foreach (GateRun run in TCell.InputRuns)
        {
            ReadOnlySpan<float> part = inputWeights.Slice(run.Gate * size * width, run.Count * size * width);
            Gemm.Multiply(Slots(d, run.Slot, run.Count * size), new ReadOnlyMatrixSpan(part, run.Count * size, width), products, mode);
            mode = GemmOutput.Accumulate;
        }
        if (d == 0)
            Scatter<V>(d, rows);
    }

    // The chunk's rows to their places in dx.
    private void Scatter<V>(int d, float* rows)
        where V : unmanaged, ISimd<V>
    {
        direction = d;
        inputs = rows;
        fixed (RecurrentPass<TCell>* self = &this)
            Share(&ScatterStep<V>, self, endStep - firstStep, 4.0 * RowsInChunk * shape.InputSize);
    }

    private static void ScatterStep<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        RecurrentPass<TCell>* s = (RecurrentPass<TCell>*)state;
        int step = s->firstStep + index, width = s->shape.InputSize;
        float* from = s->inputs + ((nint)(s->plan.First(step) - s->plan.First(s->firstStep)) * width);
        for (int r = 0; r < s->plan.Count(step); r++, from += width)
        {
            float* to = s->inputGradient + (s->plan.Position(s->direction, step, r) * width);
            if (s->direction == 0 && s->overwritesInput)
                new ReadOnlySpan<float>(from, width).CopyTo(new Span<float>(to, width));
            else
                RecurrentRow.Add<V>(from, to, width);
        }
    }

    // All steps of the reverse direction.
    private void ScatterReverse<V>()
        where V : unmanaged, ISimd<V>
    {
        (firstStep, endStep) = (0, plan.Steps);
        if (plan.Steps > 0)
            Scatter<V>(1, reverseProducts);
    }

    private readonly void EndGradients(in RecurrentGradients<float> gradients)
    {
        bool adds = gradients.Mode == GemmOutput.Accumulate;
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int r = 0; r < plan.Batch; r++)
            {
                Put(HiddenGradientAt(d, r), gradients.InitialHidden, (int)StateOf(d, r), size, adds);
                Put(CellGradientAt(d, r), gradients.InitialCell, (int)StateOf(d, r), size, adds);
            }
            float* sums = biasGradients + ((nint)d * SlotWidth);
            Put(sums, gradients[d].HiddenBias, 0, GateWidth, adds);
            foreach (GateRun run in TCell.InputRuns)
                Put(sums + (run.Slot * size), gradients[d].InputBias, run.Gate * size, run.Count * size, adds);
        }
    }

    private static void Put(float* values, Span<float> target, int at, int count, bool adds)
    {
        for (int i = 0; i < count && !target.IsEmpty; i++)
            target[at + i] = adds ? target[at + i] + values[i] : values[i];
    }

    private ref struct BackwardCall : ISimdKernel
    {
        public RecurrentPass<TCell>* Pass;
        public RecurrentParameters<float> Parameters;
        public RecurrentGradients<float> Gradients;

        public void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            if (Gradients.Mode == GemmOutput.Overwrite && Pass->inputGradient != null)
                Pass->plan.ClearPadding(Gradients.X, Pass->shape.InputSize);
            fixed (BackwardCall* self = &this)
            {
                if (Pass->IsSplit)
                    Share(&Half<V>, self, 2, 4.0 * Pass->plan.Rows * Pass->GateWidth * Pass->size);
                else
                    Pass->Backward<V>(Parameters, Gradients);
            }
            if (Pass->shape.Directions == 2 && Pass->inputGradient != null)
                Pass->ScatterReverse<V>();
        }

        private static void Half<V>(void* state, int d)
            where V : unmanaged, ISimd<V>
        {
            BackwardCall* call = (BackwardCall*)state;
            RecurrentPass<TCell> half = call->Pass->Half(d);
            half.Backward<V>(call->Parameters, call->Gradients);
        }
    }
}
