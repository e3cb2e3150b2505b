namespace Heed.Kernels;

/// <summary>A convolution's forward pass, or the gradient of its pictures: packed weights, and tasks of some rows of one picture each.</summary>
/// <remarks>A task copies the rows that it reads into scratch with zeros around them, if there is padding, and sweeps over them; the result of a picture does not depend on how it is cut.</remarks>
internal unsafe struct ConvolutionCall : ISimdKernel
{
    // So many floats of padded rows stay in the second-level cache beside the weights.
    private const int Block = 1 << 15;

    public ConvolutionShape Shape;
    public float* From, Weight, Bias, To;
    public float* Packed;      // panels made before, or null
    public ConvolutionEnding Ending;
    public bool IsBackward, Overwrites;      // backward: whether the result holds nothing yet
    public bool Measures;      // tells whether tasks have whole pictures, and took their moments
    private int blockRows, blocks, outputTasks, phases, phaseLength, groupLength;
    private float* panels;
    private ConvolutionTaps* taps;

    // Of the side that is read, and of that which is written.
    private readonly (int Height, int Width, int Channels) Source => IsBackward ? (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters) : (Shape.Height, Shape.Width, Shape.Channels);

    private readonly (int Height, int Width, int Channels) Result => IsBackward ? (Shape.Height, Shape.Width, Shape.Channels) : (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters);

    private readonly int Inner => IsBackward ? Shape.GroupFilters : Shape.GroupChannels;

    private readonly int Outer => IsBackward ? Shape.GroupChannels : Shape.GroupFilters;

    // Pixels of a row of the padded block.
    private readonly int Pitch
    {
        get
        {
            if (!IsBackward)
                return Shape.Width + (2 * Shape.PaddingWidth);
            (int low, int high) = ConvolutionTaps.Reach(Shape.KernelWidth, Shape.StrideWidth, Shape.Dilation, Shape.PaddingWidth);
            return ((Shape.Width + Shape.StrideWidth - 1) / Shape.StrideWidth) + high - low;
        }
    }

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        int width = Packing.PanelWidth<V>(), kernel = Shape.KernelHeight * Shape.KernelWidth, pitch = Pitch;
        phases = IsBackward ? Shape.StrideHeight * Shape.StrideWidth : 1;
        phaseLength = kernel * Inner * ((Outer + width - 1) / width * width);
        groupLength = phases * phaseLength;
        nint* offsets = stackalloc nint[phases * kernel];
        int* places = stackalloc int[phases * kernel];
        ConvolutionTaps* each = stackalloc ConvolutionTaps[phases];
        taps = each;
        using Scratch packed = new(Packed != null ? 0 : (long)groupLength * Shape.Groups);
        panels = Packed != null ? Packed : packed.Pointer;
        for (int phase = 0; phase < phases; phase++)
        {
            each[phase] = new() { Taps = places + (phase * kernel), Offsets = offsets + (phase * kernel) };
            each[phase].Find(Shape, IsBackward, phase / Shape.StrideWidth, phase % Shape.StrideWidth, pitch);
            for (int group = 0; group < Shape.Groups && IsBackward; group++)
                Pack(each[phase], group, panels + ((nint)group * groupLength) + ((nint)phase * phaseLength), width);
        }
        if (!IsBackward && Packed == null)
            new ConvolutionPanels { Shape = Shape, Weight = Weight, To = panels }.Run<V>();
        (int height, _, _) = Result;
        int unit = IsBackward ? Shape.StrideHeight : 1, rowLength = Math.Max(1, pitch * Source.Channels * (IsBackward ? 1 : Shape.StrideHeight));
        int units = (height + unit - 1) / unit, most = Math.Max(1, Block / rowLength), wanted = Shape.MultiplyAdds < 1 << 20 || Shape.Batch >= 4 * Workers.Degree ? 1 : 4;
        // A few pictures under far more weights are cut by filters: each task reads its own weights, once.
        bool cutsOutputs = wanted > 1 && Shape.Groups == 1 && !IsBackward && (long)Outer * Shape.Depth > 8L * Shape.Height * Shape.Width * Shape.Channels;
        outputTasks = cutsOutputs ? Math.Min((Outer + width - 1) / width, Math.Max(1, 4 * Workers.Degree / Math.Max(1, Shape.Batch))) : 1;
        blocks = Math.Min(units, Math.Max((units + most - 1) / most, cutsOutputs ? 1 : wanted));
        blockRows = (units + blocks - 1) / blocks * unit;
        blocks = (height + blockRows - 1) / blockRows;
        Measures = blocks * outputTasks == 1;
        fixed (ConvolutionCall* self = &this)
            Workers.Run(&Task<V>, self, Shape.Batch * blocks * outputTasks);
    }

    // The weights turned round for a phase: (panel, tap, filter, width), what a register tile reads, taps in the order of the sweep; channels that are not there are 0.
    private readonly void Pack(ConvolutionTaps of, int group, float* to, int width)
    {
        int kernel = Shape.KernelHeight * Shape.KernelWidth, fan = Shape.Depth;
        float* weight = Weight + ((nint)group * Shape.GroupFilters * fan);
        for (int first = 0; first < Outer; first += width)
        {
            int columns = Math.Min(width, Outer - first);
            for (int n = 0; n < of.Count; n++)
            {
                for (int p = 0; p < Inner; p++, to += width)
                {
                    float* from = weight + ((nint)p * fan) + ((nint)first * kernel) + of.Taps[n];
                    for (int f = 0; f < columns; f++)
                        to[f] = from[(nint)f * kernel];
                    new Span<float>(to + columns, width - columns).Clear();
                }
            }
        }
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        ConvolutionCall* call = (ConvolutionCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        (int height, int width, int channels) = call->Source;
        (int resultHeight, int resultWidth, int resultChannels) = call->Result;
        int panelWidth = Packing.PanelWidth<V>(), panelCount = (call->Outer + panelWidth - 1) / panelWidth, outputTask = index % call->outputTasks;
        int firstOutput = panelCount * outputTask / call->outputTasks * panelWidth, outputs = Math.Min(panelCount * (outputTask + 1) / call->outputTasks * panelWidth, call->Outer) - firstOutput;
        index /= call->outputTasks;
        int picture = index / call->blocks, firstRow = index % call->blocks * call->blockRows, endRow = Math.Min(firstRow + call->blockRows, resultHeight);
        float* from = call->From + ((nint)picture * height * width * channels), to = call->To + ((nint)picture * resultHeight * resultWidth * resultChannels);
        int pitch = call->Pitch, top, rows, left;
        if (call->IsBackward)
        {
            (int low, int high) = ConvolutionTaps.Reach(s.KernelHeight, s.StrideHeight, s.Dilation, s.PaddingHeight);
            (left, _) = ConvolutionTaps.Reach(s.KernelWidth, s.StrideWidth, s.Dilation, s.PaddingWidth);
            top = (firstRow / s.StrideHeight) + low;
            rows = ((endRow - firstRow + s.StrideHeight - 1) / s.StrideHeight) + high - low;
        }
        else
        {
            (top, left) = ((firstRow * s.StrideHeight) - s.PaddingHeight, -s.PaddingWidth);
            rows = ((endRow - firstRow - 1) * s.StrideHeight) + s.WindowHeight;
        }
        bool copies = pitch != width || top < 0 || top + rows > height || left < 0 || left + pitch > width;
        int edge = ConvolutionSweep.EdgeLength<V>();
        using Scratch scratch = new(edge + (copies ? (long)rows * pitch * channels : 0));
        float* block = from + ((((nint)top * width) + left) * channels);
        if (copies)
        {
            block = scratch.Pointer + edge;
            ConvolutionPadding.Copy(from, height, width, channels, top, rows, left, pitch, block);
        }
        // Of the result's pixels, and of those that are read.
        (int rowSteps, int steps) = call->IsBackward ? (s.StrideHeight, s.StrideWidth) : (1, 1);
        (int rowPace, int pace) = call->IsBackward ? (1, 1) : (s.StrideHeight, s.StrideWidth);
        for (int group = 0; group < s.Groups; group++)
        {
            for (int phase = 0; phase < call->phases; phase++)
            {
                int a = phase / steps, b = phase % steps;
                ConvolutionTaps seen = call->taps[phase];
                if (seen.Runs == 0 || firstRow + a >= endRow || b >= resultWidth)
                    continue;
                ConvolutionSweep sweep = new()
                {
                    In = block + (group * call->Inner),
                    InRow = (nint)rowPace * (copies ? pitch : width) * channels,
                    InStep = pace * channels,
                    Out = to + (((((nint)firstRow + a) * resultWidth) + b) * resultChannels) + (group * call->Outer) + firstOutput,
                    OutRow = (nint)rowSteps * resultWidth * resultChannels,
                    OutStep = steps * resultChannels,
                    Offsets = seen.Offsets,
                    Runs = seen.Runs,
                    Depth = seen.Joined * call->Inner,
                    Taps = (s.StrideHeight, s.StrideWidth) == (1, 1) ? seen.Joined : 0,
                    Rows = (endRow - firstRow - a + rowSteps - 1) / rowSteps,
                    Columns = (resultWidth - b + steps - 1) / steps,
                    Outputs = outputs,
                    Panels = call->panels + ((nint)group * call->groupLength) + ((nint)phase * call->phaseLength) + ((nint)firstOutput * seen.Count * call->Inner),
                    Bias = call->Bias == null ? null : call->Bias + (group * call->Outer) + firstOutput,
                    Accumulates = call->IsBackward && !call->Overwrites,
                    Edge = scratch.Pointer,
                };
                // Rows that lie behind each other are one: tiles of full height even where pictures are small.
                if (sweep.InRow == sweep.Columns * sweep.InStep && sweep.OutRow == sweep.Columns * sweep.OutStep)
                    (sweep.Columns, sweep.Rows) = (sweep.Columns * sweep.Rows, 1);
                sweep.Run<V>();
            }
        }
        float* done = to + ((nint)firstRow * resultWidth * resultChannels) + firstOutput;
        if (call->outputTasks == 1)
        {
            call->Ending.Apply<V>(done, (nint)(done - call->To), (nint)(endRow - firstRow) * resultWidth * resultChannels);
            if (call->Measures)
                call->Ending.Measure<V>(call->To, picture, resultChannels);
            return;
        }
        for (int pixel = (endRow - firstRow) * resultWidth; pixel > 0; pixel--, done += resultChannels)
            call->Ending.Apply<V>(done, (nint)(done - call->To), outputs);
    }
}
