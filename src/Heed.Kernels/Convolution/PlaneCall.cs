using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>A convolution of a few planes into a few others, as of the two maps of a spatial attention into one, or the gradient of its pictures. Lanes are neighbouring pixels of a row; a product with one column would use one lane of sixteen.</summary>
/// <remarks>A task takes some rows of one picture apart into planes with zeros around them. Each result is one chain of sums from the bias on, over channels, rows and columns of the kernel in this order, so it does not depend on how a picture is cut.</remarks>
internal unsafe struct PlaneCall : ISimdKernel
{
    private const int RowsOfTask = 32;

    public ConvolutionShape Shape;
    public float* From, Weight, Bias, To;    // weights in PyTorch's order
    public ConvolutionEnding Ending;
    public bool IsBackward, Overwrites;      // backward: whether the result holds nothing yet
    private int blocks;

    private readonly (int Height, int Width, int Planes) Source => IsBackward ? (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters) : (Shape.Height, Shape.Width, Shape.Channels);

    private readonly (int Height, int Width, int Planes) Result => IsBackward ? (Shape.Height, Shape.Width, Shape.Channels) : (Shape.OutputHeight, Shape.OutputWidth, Shape.Filters);

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        blocks = (Result.Height + RowsOfTask - 1) / RowsOfTask;
        using Scratch turned = new(IsBackward ? (long)Shape.Filters * Shape.Depth : 0);
        if (IsBackward)
        {
            Turn(turned.Pointer);
            Weight = turned.Pointer;
        }
        fixed (PlaneCall* self = &this)
            Workers.Run(&Task<V>, self, Shape.Batch * blocks);
    }

    /// <summary>Some rows of a picture as planes (channels, rows, pitch), from places before the first row and column on; zeros outside of the picture.</summary>
    public static void Split(float* picture, int height, int width, int channels, int firstRow, int rows, int left, int pitch, float* planes)
    {
        int seen = Math.Min(width, pitch - left);
        for (int c = 0; c < channels; c++)
        {
            for (int i = firstRow; i < firstRow + rows; i++, planes += pitch)
            {
                if (i < 0 || i >= height)
                {
                    new Span<float>(planes, pitch).Clear();
                    continue;
                }
                new Span<float>(planes, left).Clear();
                float* from = picture + ((nint)i * width * channels) + c, to = planes + left;
                for (int j = 0; j < seen; j++)
                    to[j] = from[(nint)j * channels];
                new Span<float>(to + seen, pitch - left - seen).Clear();
            }
        }
    }

    // The gradient of the pictures is a convolution with the kernel turned round, from filters to channels.
    private readonly void Turn(float* to)
    {
        int kernel = Shape.KernelHeight * Shape.KernelWidth;
        for (int c = 0; c < Shape.Channels; c++)
        {
            for (int f = 0; f < Shape.Filters; f++)
            {
                for (int i = 0; i < kernel; i++)
                    to[((((nint)c * Shape.Filters) + f) * kernel) + i] = Weight[((((nint)f * Shape.Channels) + c) * kernel) + kernel - 1 - i];
            }
        }
    }

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        PlaneCall* call = (PlaneCall*)state;
        ref readonly ConvolutionShape s = ref call->Shape;
        (int height, int width, int inner) = call->Source;
        (int resultHeight, int resultWidth, int outer) = call->Result;
        int picture = index / call->blocks, first = index % call->blocks * RowsOfTask, rows = Math.Min(RowsOfTask, resultHeight - first), lines = rows + s.KernelHeight - 1;
        int vectors = (resultWidth + V.Width - 1) / V.Width, pitch = (vectors * V.Width) + s.KernelWidth - 1;
        (int top, int left) = call->IsBackward ? (s.KernelHeight - 1 - s.PaddingHeight, s.KernelWidth - 1 - s.PaddingWidth) : (s.PaddingHeight, s.PaddingWidth);
        using Scratch planes = new((long)inner * lines * pitch);
        Split(call->From + ((nint)picture * height * width * inner), height, width, inner, first - top, lines, left, pitch, planes.Pointer);
        Window window = new() { Planes = inner, Rows = s.KernelHeight, Columns = s.KernelWidth, Plane = (nint)lines * pitch, Pitch = pitch };
        float* to = call->To + ((((nint)picture * resultHeight) + first) * resultWidth * outer);
        nint* from = stackalloc nint[4];
        for (int plane = 0; plane < outer; plane++)
        {
            float* weight = call->Weight + ((nint)plane * inner * s.KernelHeight * s.KernelWidth);
            V start = call->Bias == null ? V.Zero : V.Create(call->Bias[plane]);
            for (int v = 0, last = (rows * vectors) - 1; v <= last; v += 4)
            {
                for (int i = 0; i < 4; i++)
                {
                    int at = Math.Min(v + i, last);
                    from[i] = ((nint)(at / vectors) * pitch) + (at % vectors * V.Width);
                }
                V s0 = start, s1 = start, s2 = start, s3 = start;
                Four(window, weight, planes.Pointer, from, ref s0, ref s1, ref s2, ref s3);
                call->Put(s0, v, vectors, to + plane);
                if (v + 1 <= last)
                    call->Put(s1, v + 1, vectors, to + plane);
                if (v + 2 <= last)
                    call->Put(s2, v + 2, vectors, to + plane);
                if (v + 3 <= last)
                    call->Put(s3, v + 3, vectors, to + plane);
            }
        }
        call->Ending.Apply<V>(to, (nint)(to - call->To), (nint)rows * resultWidth * outer);
    }

    // Four vectors of results: one alone would wait for its own additions.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four<V>(in Window window, float* weight, float* planes, nint* from, ref V to0, ref V to1, ref V to2, ref V to3)
        where V : unmanaged, ISimd<V>
    {
        V s0 = to0, s1 = to1, s2 = to2, s3 = to3;
        for (int c = 0; c < window.Planes; c++)
        {
            for (int r = 0; r < window.Rows; r++)
            {
                float* line = planes + (c * window.Plane) + (r * window.Pitch), a0 = line + from[0], a1 = line + from[1], a2 = line + from[2], a3 = line + from[3];
                for (int k = 0; k < window.Columns; k++)
                {
                    V w = V.Create(*weight++);
                    V.Accumulate(w, V.Load(a0 + k), ref s0);
                    V.Accumulate(w, V.Load(a1 + k), ref s1);
                    V.Accumulate(w, V.Load(a2 + k), ref s2);
                    V.Accumulate(w, V.Load(a3 + k), ref s3);
                }
            }
        }
        (to0, to1, to2, to3) = (s0, s1, s2, s3);
    }

    // A vector of neighbouring pixels to one plane of the result, whose pixels lie as many floats apart as there are planes.
    private readonly void Put<V>(V value, int vector, int vectors, float* to)
        where V : unmanaged, ISimd<V>
    {
        (_, int width, int planes) = Result;
        int row = vector / vectors, column = vector % vectors * V.Width, count = Math.Min(V.Width, width - column);
        bool adds = IsBackward && !Overwrites;
        to += (((nint)row * width) + column) * planes;
        if (planes == 1)
        {
            Lane.Store(adds ? Lane.Load<V>(to, count) + value : value, to, count);
            return;
        }
        float* lanes = stackalloc float[V.Width];
        V.Store(value, lanes);
        for (int i = 0; i < count; i++)
            to[(nint)i * planes] = adds ? to[(nint)i * planes] + lanes[i] : lanes[i];
    }

    private readonly struct Window
    {
        public int Planes { get; init; }

        public int Rows { get; init; }

        public int Columns { get; init; }

        public nint Plane { get; init; }

        public nint Pitch { get; init; }
    }
}

/// <summary>The gradient of the weights of a <see cref="PlaneCall"/>: each is a product of two planes, one moved against the other.</summary>
/// <remarks>A part of the pictures is a task, the same parts for any number of threads; it adds its pictures in order, and the parts are added in order.</remarks>
internal unsafe struct PlaneWeightStep : IRowStep
{
    public ConvolutionShape Shape;
    public float* X, DY, Sums;   // Sums: (part, filter, channel, kernel), zeros at the start
    public int Parts;

    public readonly void Row<V>(nint part)
        where V : unmanaged, ISimd<V>
    {
        ConvolutionShape s = Shape;
        int vectors = (s.OutputWidth + V.Width - 1) / V.Width, width = vectors * V.Width, pitch = width + s.KernelWidth - 1, lines = s.OutputHeight + s.KernelHeight - 1;
        using Scratch scratch = new(((long)s.Channels * lines * pitch) + ((long)s.Filters * s.OutputHeight * width));
        float* seen = scratch.Pointer, gradients = seen + ((nint)s.Channels * lines * pitch);
        for (int n = (int)((long)s.Batch * part / Parts), end = (int)((long)s.Batch * (part + 1) / Parts); n < end; n++)
        {
            PlaneCall.Split(X + ((nint)n * s.Height * s.Width * s.Channels), s.Height, s.Width, s.Channels, -s.PaddingHeight, lines, s.PaddingWidth, pitch, seen);
            PlaneCall.Split(DY + ((nint)n * s.OutputPixels * s.Filters), s.OutputHeight, s.OutputWidth, s.Filters, 0, s.OutputHeight, 0, width, gradients);
            float* sums = Sums + (part * s.Filters * s.Depth);
            for (int f = 0; f < s.Filters; f++)
            {
                for (int line = 0; line < s.Channels * s.KernelHeight; line++, sums += s.KernelWidth)
                {
                    float* plane = seen + ((((nint)(line / s.KernelHeight) * lines) + (line % s.KernelHeight)) * pitch);
                    for (int k = 0; k < s.KernelWidth; k += 4)
                        Four<V>(gradients + ((nint)f * s.OutputHeight * width), width, plane + k, pitch, s.OutputHeight, Math.Min(4, s.KernelWidth - k), sums + k);
                }
            }
        }
    }

    // Up to four neighbouring weights of a row of the kernel.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four<V>(float* gradients, int width, float* plane, nint pitch, int rows, int count, float* sums)
        where V : unmanaged, ISimd<V>
    {
        int second = Math.Min(1, count - 1), third = Math.Min(2, count - 1), fourth = count - 1;
        V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
        for (int i = 0; i < rows; i++, plane += pitch, gradients += width)
        {
            for (int j = 0; j < width; j += V.Width)
            {
                V d = V.Load(gradients + j);
                V.Accumulate(d, V.Load(plane + j), ref s0);
                V.Accumulate(d, V.Load(plane + j + second), ref s1);
                V.Accumulate(d, V.Load(plane + j + third), ref s2);
                V.Accumulate(d, V.Load(plane + j + fourth), ref s3);
            }
        }
        sums[0] += V.Sum(s0);
        if (count > 1)
            sums[1] += V.Sum(s1);
        if (count > 2)
            sums[2] += V.Sum(s2);
        if (count > 3)
            sums[3] += V.Sum(s3);
    }
}
