using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The gradient of a depthwise convolution's weights: dw[r, s, c] = Σ over pictures and pixels of dy[i, j, c]·x[i·stride + r·dilation − padding, j·stride + s·dilation − padding, c].</summary>
/// <remarks>A row of this call is a part of the pictures (as <see cref="ConvolutionWeightCall.Parts"/>) and some channels; a tap's sum runs over pictures, rows and columns in a fixed order, columns in two chains.</remarks>
internal unsafe struct DepthwiseWeightStep : IRowStep
{
    public ConvolutionShape Shape;
    public float* X, DY, Sums;         // Sums: (part, kernel, channels), zeros at the start
    public nint Parts, Runs;

    /// <summary>Channels of a row of this call: whole vectors of every width.</summary>
    public const int Run = 64;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Row<V>(nint index)
        where V : unmanaged, ISimd<V>
    {
        nint part = index / Runs, first = index % Runs * Run, channels = Shape.Channels, end = Math.Min(first + Run, channels), whole = end - ((end - first) % V.Width);
        int kernel = Shape.KernelHeight * Shape.KernelWidth, width = Shape.KernelWidth;
        int* places = stackalloc int[2 * (Shape.KernelHeight + width)];
        DepthwiseAxis rows = new() { Taps = places, Shifts = places + Shape.KernelHeight }, columns = new() { Taps = places + (2 * Shape.KernelHeight), Shifts = places + (2 * Shape.KernelHeight) + width };
        rows.Find(Shape.KernelHeight, Shape.StrideHeight, Shape.Dilation, Shape.PaddingHeight, Shape.Height, isBackward: false, 0);
        columns.Find(width, Shape.StrideWidth, Shape.Dilation, Shape.PaddingWidth, Shape.Width, isBackward: false, 0);
        // The columns that all taps reach; the others are few.
        (int inner, int innerEnd) = columns.Inner(Shape.OutputWidth);
        nint step = Shape.StrideWidth * channels;
        for (nint picture = Shape.Batch * part / Parts; picture < Shape.Batch * (part + 1) / Parts; picture++)
        {
            for (int i = 0; i < Shape.OutputHeight; i++)
            {
                float* dy = DY + (((picture * Shape.OutputHeight) + i) * Shape.OutputWidth * channels);
                for (int r = 0; r < rows.Count; r++)
                {
                    if (!rows.Sees(i, r))
                        continue;
                    float* x = X + (((picture * Shape.Height) + (i * Shape.StrideHeight) + rows.Shifts[r]) * Shape.Width * channels), sums = Sums + (((part * kernel) + (r * width)) * channels);
                    for (int s = 0; s < width;)
                    {
                        bool isThree = width - s >= 3 && inner < innerEnd;
                        float* seen = x + (((inner * Shape.StrideWidth) + columns.Shifts[s]) * channels);
                        if (isThree)
                            Three<V>(seen, step, Shape.Dilation * channels, dy + (inner * channels), channels, innerEnd - inner, sums + (s * channels), first, whole);
                        for (int end3 = isThree ? s + 3 : s + 1; s < end3; s++)
                        {
                            (int low, int high) = Reached(columns, s);
                            if (isThree)
                            {
                                One<V>(x, columns.Shifts[s], dy, low, Math.Min(inner, high), sums + (s * channels), first, whole);
                                One<V>(x, columns.Shifts[s], dy, Math.Max(innerEnd, low), high, sums + (s * channels), first, whole);
                            }
                            else
                            {
                                One<V>(x, columns.Shifts[s], dy, low, high, sums + (s * channels), first, whole);
                            }
                            Rest<V>(x, columns.Shifts[s], dy, low, high, sums + (s * channels), whole, end);
                        }
                    }
                }
            }
        }
    }

    // The columns of the result that a tap reaches.
    private readonly (int Low, int High) Reached(DepthwiseAxis columns, int tap)
    {
        int shift = columns.Shifts[tap], low = shift >= 0 ? 0 : (-shift + columns.Pace - 1) / columns.Pace;
        return (low, shift >= columns.Size ? low : Math.Max(low, Math.Min(Shape.OutputWidth, ((columns.Size - 1 - shift) / columns.Pace) + 1)));
    }

    // Three neighbouring taps share the reads of dy.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Three<V>(float* x, nint step, nint tap, float* dy, nint channels, int count, float* sums, nint first, nint end)
        where V : unmanaged, ISimd<V>
    {
        for (nint c = first; c < end; c += V.Width)
        {
            V a0 = V.Load(sums + c), a1 = V.Load(sums + channels + c), a2 = V.Load(sums + (2 * channels) + c);
            V b0 = V.Zero, b1 = V.Zero, b2 = V.Zero;
            float* seen = x + c, gradient = dy + c;
            int n = count;
            for (; n > 1; n -= 2, seen += 2 * step, gradient += 2 * channels)
            {
                V g = V.Load(gradient), h = V.Load(gradient + channels);
                a0 = V.FusedMultiplyAdd(g, V.Load(seen), a0);
                a1 = V.FusedMultiplyAdd(g, V.Load(seen + tap), a1);
                a2 = V.FusedMultiplyAdd(g, V.Load(seen + (2 * tap)), a2);
                b0 = V.FusedMultiplyAdd(h, V.Load(seen + step), b0);
                b1 = V.FusedMultiplyAdd(h, V.Load(seen + step + tap), b1);
                b2 = V.FusedMultiplyAdd(h, V.Load(seen + step + (2 * tap)), b2);
            }
            if (n > 0)
            {
                V g = V.Load(gradient);
                a0 = V.FusedMultiplyAdd(g, V.Load(seen), a0);
                a1 = V.FusedMultiplyAdd(g, V.Load(seen + tap), a1);
                a2 = V.FusedMultiplyAdd(g, V.Load(seen + (2 * tap)), a2);
            }
            V.Store(a0 + b0, sums + c);
            V.Store(a1 + b1, sums + channels + c);
            V.Store(a2 + b2, sums + (2 * channels) + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void One<V>(float* x, int shift, float* dy, int low, int high, float* sums, nint first, nint end)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Shape.Channels, stride = Shape.StrideWidth;
        for (nint c = first; c < end && low < high; c += V.Width)
        {
            V sum = V.Load(sums + c);
            for (nint j = low; j < high; j++)
                sum = V.FusedMultiplyAdd(V.Load(dy + (j * channels) + c), V.Load(x + (((j * stride) + shift) * channels) + c), sum);
            V.Store(sum, sums + c);
        }
    }

    // The channels that fill no vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Rest<V>(float* x, int shift, float* dy, int low, int high, float* sums, nint c, nint end)
        where V : unmanaged, ISimd<V>
    {
        int lanes = (int)(end - c);
        if (lanes == 0)
            return;
        nint channels = Shape.Channels, stride = Shape.StrideWidth;
        V sum = V.Load(sums + c, lanes);
        for (nint j = low; j < high; j++)
            sum = V.FusedMultiplyAdd(V.Load(dy + (j * channels) + c, lanes), V.Load(x + (((j * stride) + shift) * channels) + c, lanes), sum);
        V.Store(sum, sums + c, lanes);
    }
}
