using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A convolution in which each filter sees one channel, or the gradient of its pictures: a vector holds channels, and eight neighbouring pixels share each read of the weights.</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, c] = start + Σ over r, s of w[c, r, s]·x[b, i·stride + r·dilation − padding, j·stride + s·dilation − padding, c], rows and columns outside left out; one chain in the order of (r, s).</para>
/// <para>Nothing is copied or padded: pixels at the edges are computed one by one with the taps that they have. Cost: about one read of x for each row of the kernel, one write of y; a vector of the result takes kernel·(1 + 1/8) reads
/// of the first-level cache, less than the time of its memory.</para>
/// </remarks>
internal unsafe struct DepthwiseCall : ISimdKernel
{
    private const int Block = 1 << 15;

    public ConvolutionShape Shape;
    public float* From, Weight, Bias, To;      // Weight: (kernel height, kernel width, channels)
    public ConvolutionEnding Ending;
    public bool IsBackward;
    private int blocks, blockRows;

    private readonly (int Height, int Width) Source => IsBackward ? (Shape.OutputHeight, Shape.OutputWidth) : (Shape.Height, Shape.Width);

    private readonly (int Height, int Width) Result => IsBackward ? (Shape.Height, Shape.Width) : (Shape.OutputHeight, Shape.OutputWidth);

    /// <summary>(channels, kernel) becomes (kernel, channels).</summary>
    public static void Pack(float* weight, in ConvolutionShape s, float* to) => Transposition.Run(new(weight, s.Filters * s.Depth), s.Filters, s.Depth, new(to, s.Filters * s.Depth));

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        (int height, int width) = Result;
        blockRows = Math.Clamp(Block / Math.Max(1, width * Shape.Channels), 1, Math.Max(1, (height + 3) / 4));
        blocks = (height + blockRows - 1) / blockRows;
        fixed (DepthwiseCall* self = &this)
            Workers.Run(&Task<V>, self, Shape.Batch * blocks);
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        DepthwiseCall* call = (DepthwiseCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        (int sourceHeight, int sourceWidth) = call->Source;
        (int height, int width) = call->Result;
        nint channels = s.Channels;
        int picture = index / call->blocks, firstRow = index % call->blocks * call->blockRows, endRow = Math.Min(firstRow + call->blockRows, height), phases = call->IsBackward ? s.StrideWidth : 1, rowPhases = call->IsBackward ? s.StrideHeight : 1;
        float* from = call->From + ((nint)picture * sourceHeight * sourceWidth * channels);
        int* places = stackalloc int[2 * (s.KernelHeight + s.KernelWidth)];
        nint* offsets = stackalloc nint[2 * s.KernelHeight * s.KernelWidth];
        DepthwiseTile tile = new() { Offsets = offsets, Weights = offsets + (s.KernelHeight * s.KernelWidth), Weight = call->Weight, Channels = channels, Bias = call->Bias, Accumulates = call->IsBackward };
        DepthwiseAxis rows = new() { Taps = places, Shifts = places + s.KernelHeight }, columns = new() { Taps = places + (2 * s.KernelHeight), Shifts = places + (2 * s.KernelHeight) + s.KernelWidth };
        for (int row = firstRow; row < endRow; row++)
        {
            float* to = call->To + ((((nint)picture * height) + row) * width * channels);
            rows.Find(s.KernelHeight, s.StrideHeight, s.Dilation, s.PaddingHeight, sourceHeight, call->IsBackward, row % rowPhases);
            for (int phase = 0; phase < phases; phase++)
            {
                columns.Find(s.KernelWidth, s.StrideWidth, s.Dilation, s.PaddingWidth, sourceWidth, call->IsBackward, phase);
                int count = (width - phase + phases - 1) / phases;
                (int inner, int innerEnd) = columns.Inner(count);
                for (int o = 0; o < count;)
                {
                    bool isInner = o >= inner && o < innerEnd;
                    int pixels = isInner ? DepthwiseTile.Next(innerEnd - o) : 1;
                    // The taps of inner pixels are found once.
                    if (!isInner || o == inner)
                        tile.Find(rows, row / rowPhases, columns, o, isInner, (nint)sourceWidth * channels, s.KernelWidth);
                    tile.Run<V>(pixels, from + ((nint)o * columns.Pace * channels), columns.Pace * channels, to + ((((nint)o * phases) + phase) * channels), phases * channels);
                    o += pixels;
                }
            }
            call->Ending.Apply<V>(to, (nint)(to - call->To), (nint)width * channels);
        }
    }
}

/// <summary>Up to eight neighbouring pixels of a depthwise convolution, all channels.</summary>
internal unsafe struct DepthwiseTile
{
    /// <summary>Pixels of a tile at most.</summary>
    public const int Width = 8;

    public nint* Offsets, Weights;     // of each tap: values from the first pixel of the row's source, and of its weights
    public float* Weight, Bias;
    public nint Channels;
    public bool Accumulates;
    private int taps;

    /// <summary>Takes so many taps that are known.</summary>
    public DepthwiseTile(nint* offsets, nint* weights, int count)
    {
        Offsets = offsets;
        Weights = weights;
        taps = count;
    }

    /// <summary>The taps that a result sees.</summary>
    public void Find(DepthwiseAxis rows, int row, DepthwiseAxis columns, int column, bool isInner, nint pitch, int kernelWidth)
    {
        taps = 0;
        for (int r = 0; r < rows.Count; r++)
        {
            if (!rows.Sees(row, r))
                continue;
            nint start = ((row * rows.Pace) + rows.Shifts[r]) * pitch;
            for (int s = 0; s < columns.Count; s++)
            {
                if (!isInner && !columns.Sees(column, s))
                    continue;
                Offsets[taps] = start + (columns.Shifts[s] * Channels);
                Weights[taps++] = ((rows.Taps[r] * kernelWidth) + columns.Taps[s]) * Channels;
            }
        }
    }

    /// <summary>Pixels of the next tile, of so many: as equal as they can be.</summary>
    public static int Next(int pixels)
    {
        int tiles = (pixels + Width - 1) / Width;
        return (pixels + tiles - 1) / tiles;
    }

    /// <summary>Computes so many pixels, 1 … <see cref="Width"/>.</summary>
    public readonly void Run<V>(int pixels, float* input, nint step, float* output, nint outputStep)
        where V : unmanaged, ISimd<V>
    {
        switch (pixels)
        {
            case 1: break;
            case 2: Some<V, GemmTile.Rows2>(input, step, output, outputStep); return;
            case 3: Some<V, GemmTile.Rows3>(input, step, output, outputStep); return;
            case 4: Some<V, GemmTile.Rows4>(input, step, output, outputStep); return;
            case 5: Some<V, GemmTile.Rows5>(input, step, output, outputStep); return;
            case 6: Some<V, GemmTile.Rows6>(input, step, output, outputStep); return;
            case 7: Some<V, GemmTile.Rows7>(input, step, output, outputStep); return;
            default: Some<V, GemmTile.Rows8>(input, step, output, outputStep); return;
        }
        nint whole = Channels - (Channels % V.Width);
        One<V>(input, output, whole);
        if (whole < Channels)
            Rest<V>(input, output, whole);
    }

    private readonly void Some<V, TPixels>(float* input, nint step, float* output, nint outputStep)
        where V : unmanaged, ISimd<V>
        where TPixels : struct, ITileRows
    {
        nint whole = Channels - (Channels % V.Width);
        Some<V, WholeLanes, TPixels>(input, step, output, outputStep, 0, whole);
        if (whole < Channels)
            Some<V, FirstLanes, TPixels>(input, step, output, outputStep, whole, Channels);
    }

    // Each a root of its own for the JIT: together they would run out of the inliner's budget, and vector operations would become calls.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void One<V>(float* input, float* output, nint end)
        where V : unmanaged, ISimd<V>
    {
        nint c = 0;
        // Four chains at a time: one would wait for its own sums.
        for (; c <= end - (4 * V.Width); c += 4 * V.Width)
        {
            float* y = output + c, b = Accumulates ? y : Bias == null ? null : Bias + c;
            V y0 = b == null ? V.Zero : V.Load(b), y1 = b == null ? V.Zero : V.Load(b + V.Width), y2 = b == null ? V.Zero : V.Load(b + (2 * V.Width)), y3 = b == null ? V.Zero : V.Load(b + (3 * V.Width));
            for (int n = 0; n < taps; n++)
            {
                float* x = input + Offsets[n] + c, w = Weight + Weights[n] + c;
                y0 = V.FusedMultiplyAdd(V.Load(x), V.Load(w), y0);
                y1 = V.FusedMultiplyAdd(V.Load(x + V.Width), V.Load(w + V.Width), y1);
                y2 = V.FusedMultiplyAdd(V.Load(x + (2 * V.Width)), V.Load(w + (2 * V.Width)), y2);
                y3 = V.FusedMultiplyAdd(V.Load(x + (3 * V.Width)), V.Load(w + (3 * V.Width)), y3);
            }
            V.Store(y0, y);
            V.Store(y1, y + V.Width);
            V.Store(y2, y + (2 * V.Width));
            V.Store(y3, y + (3 * V.Width));
        }
        for (; c < end; c += V.Width)
        {
            V sum = Accumulates ? V.Load(output + c) : Bias == null ? V.Zero : V.Load(Bias + c);
            for (int n = 0; n < taps; n++)
                sum = V.FusedMultiplyAdd(V.Load(input + Offsets[n] + c), V.Load(Weight + Weights[n] + c), sum);
            V.Store(sum, output + c);
        }
    }

    // The channels that fill no vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Rest<V>(float* input, float* output, nint c)
        where V : unmanaged, ISimd<V>
    {
        int lanes = (int)(Channels - c);
        V sum = Accumulates ? V.Load(output + c, lanes) : Bias == null ? V.Zero : V.Load(Bias + c, lanes);
        for (int n = 0; n < taps; n++)
            sum = V.FusedMultiplyAdd(V.Load(input + Offsets[n] + c, lanes), V.Load(Weight + Weights[n] + c, lanes), sum);
        V.Store(sum, output + c, lanes);
    }

    // Written out because arrays of vectors do not live in registers; pixels beyond the number fold away.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Some<V, TLanes, TPixels>(float* input, nint step, float* output, nint outputStep, nint first, nint end)
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes
        where TPixels : struct, ITileRows
    {
        int lanes = (int)Math.Min(V.Width, end - first), pixels = TPixels.Count;
        nint* offsets = Offsets, weights = Weights;
        float* weight = Weight + first, bias = Bias;
        int count = taps;
        bool accumulates = Accumulates;
        input += first;
        output += first;
        for (nint c = first; c < end; c += V.Width, input += V.Width, output += V.Width, weight += V.Width)
        {
            V y0, y1, y2, y3, y4, y5, y6, y7;
            y0 = bias == null ? V.Zero : TLanes.Load<V>(bias + c, lanes);
            y1 = y2 = y3 = y4 = y5 = y6 = y7 = y0;
            if (accumulates)
            {
                y0 = TLanes.Load<V>(output, lanes);
                if (pixels > 1) y1 = TLanes.Load<V>(output + outputStep, lanes);
                if (pixels > 2) y2 = TLanes.Load<V>(output + (2 * outputStep), lanes);
                if (pixels > 3) y3 = TLanes.Load<V>(output + (3 * outputStep), lanes);
                if (pixels > 4) y4 = TLanes.Load<V>(output + (4 * outputStep), lanes);
                if (pixels > 5) y5 = TLanes.Load<V>(output + (5 * outputStep), lanes);
                if (pixels > 6) y6 = TLanes.Load<V>(output + (6 * outputStep), lanes);
                if (pixels > 7) y7 = TLanes.Load<V>(output + (7 * outputStep), lanes);
            }
            for (int n = 0; n < count; n++)
            {
                float* x = input + offsets[n], x4 = x + (4 * step);
                V w = TLanes.Load<V>(weight + weights[n], lanes);
                y0 = V.FusedMultiplyAdd(TLanes.Load<V>(x, lanes), w, y0);
                if (pixels > 1) y1 = V.FusedMultiplyAdd(TLanes.Load<V>(x + step, lanes), w, y1);
                if (pixels > 2) y2 = V.FusedMultiplyAdd(TLanes.Load<V>(x + (2 * step), lanes), w, y2);
                if (pixels > 3) y3 = V.FusedMultiplyAdd(TLanes.Load<V>(x + (3 * step), lanes), w, y3);
                if (pixels > 4) y4 = V.FusedMultiplyAdd(TLanes.Load<V>(x4, lanes), w, y4);
                if (pixels > 5) y5 = V.FusedMultiplyAdd(TLanes.Load<V>(x4 + step, lanes), w, y5);
                if (pixels > 6) y6 = V.FusedMultiplyAdd(TLanes.Load<V>(x4 + (2 * step), lanes), w, y6);
                if (pixels > 7) y7 = V.FusedMultiplyAdd(TLanes.Load<V>(x4 + (3 * step), lanes), w, y7);
            }
            TLanes.Store(y0, output, lanes);
            if (pixels > 1) TLanes.Store(y1, output + outputStep, lanes);
            if (pixels > 2) TLanes.Store(y2, output + (2 * outputStep), lanes);
            if (pixels > 3) TLanes.Store(y3, output + (3 * outputStep), lanes);
            if (pixels > 4) TLanes.Store(y4, output + (4 * outputStep), lanes);
            if (pixels > 5) TLanes.Store(y5, output + (5 * outputStep), lanes);
            if (pixels > 6) TLanes.Store(y6, output + (6 * outputStep), lanes);
            if (pixels > 7) TLanes.Store(y7, output + (7 * outputStep), lanes);
        }
    }
}
