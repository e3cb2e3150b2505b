using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The gradient of a depthwise convolution's weights: dw[r, s, c] = Σ over pictures and pixels of dy[i, j, c]·x[i·stride + r·dilation − padding, j·stride + s·dilation − padding, c].</summary>
/// <remarks>A row of this call is a part of the pictures (as <see cref="ConvolutionWeightCall.Parts"/>) and a vector's width of channels; a tap's sum runs over the columns of a row first, then over rows and pictures, in order.</remarks>
internal unsafe struct DepthwiseWeightStep : IRowStep
{
    public ConvolutionShape Shape;
    public float* X, DY, Sums;         // Sums: (part, kernel, channels), zeros at the start
    public nint Parts, Runs;

    /// <summary>Channels of a row of this call: whole vectors of every width.</summary>
    public const int Run = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Row<V>(nint index)
        where V : unmanaged, ISimd<V>
    {
        nint part = index / Runs, first = index % Runs * Run, end = Math.Min(first + Run, Shape.Channels), channels = Shape.Channels;
        int kernel = Shape.KernelHeight * Shape.KernelWidth;
        int* places = stackalloc int[2 * (Shape.KernelHeight + Shape.KernelWidth)];
        DepthwiseAxis rows = new() { Taps = places, Shifts = places + Shape.KernelHeight }, columns = new() { Taps = places + (2 * Shape.KernelHeight), Shifts = places + (2 * Shape.KernelHeight) + Shape.KernelWidth };
        rows.Find(Shape.KernelHeight, Shape.Stride, Shape.Dilation, Shape.PaddingHeight, Shape.Height, isBackward: false, 0);
        columns.Find(Shape.KernelWidth, Shape.Stride, Shape.Dilation, Shape.PaddingWidth, Shape.Width, isBackward: false, 0);
        for (nint picture = Shape.Batch * part / Parts; picture < Shape.Batch * (part + 1) / Parts; picture++)
        {
            for (int i = 0; i < Shape.OutputHeight; i++)
            {
                float* dy = DY + (((picture * Shape.OutputHeight) + i) * Shape.OutputWidth * channels);
                for (int r = 0; r < rows.Count; r++)
                {
                    if (!rows.Sees(i, r))
                        continue;
                    float* x = X + (((picture * Shape.Height) + (i * Shape.Stride) + rows.Shifts[r]) * Shape.Width * channels), sums = Sums + (((part * kernel) + (r * Shape.KernelWidth)) * channels);
                    for (int s = 0; s < columns.Count; s += 3)
                    {
                        ThreeLanes lanes = new() { X = x, Gradient = dy, Sums = sums + (s * channels), Channels = channels, Columns = columns, First = s, Width = Shape.OutputWidth };
                        if (s + 3 <= columns.Count)
                            Lane.Loop<V, ThreeLanes>(lanes, first, end);
                        else
                            Rest<V>(lanes, first, end);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rest<V>(ThreeLanes lanes, nint first, nint end)
        where V : unmanaged, ISimd<V>
    {
        for (int s = lanes.First; s < lanes.Columns.Count; s++, lanes.Sums += lanes.Channels)
            Lane.Loop<V, OneLanes>(new() { Of = lanes, Tap = s }, first, end);
    }

    // Three neighbouring taps share the reads of dy; at the edges each is summed alone.
    private struct ThreeLanes : ILaneStep
    {
        public float* X, Gradient, Sums;
        public nint Channels;
        public DepthwiseAxis Columns;
        public int First, Width;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint c, int count)
            where V : unmanaged, ISimd<V>
        {
            (int low0, int high0) = Range(First);
            (int low1, int high1) = Range(First + 1);
            (int low2, int high2) = Range(First + 2);
            int low = Math.Max(low0, Math.Max(low1, low2)), high = Math.Max(low, Math.Min(high0, Math.Min(high1, high2)));
            V a0 = Part<V>(First, low0, Math.Min(low, high0), c, count, V.Zero), a1 = Part<V>(First + 1, low1, Math.Min(low, high1), c, count, V.Zero), a2 = Part<V>(First + 2, low2, Math.Min(low, high2), c, count, V.Zero);
            nint step = Columns.Pace * Channels;
            float* x0 = X + (((low * Columns.Pace) + Columns.Shifts[First]) * Channels) + c, x1 = x0 + ((Columns.Shifts[First + 1] - Columns.Shifts[First]) * Channels), x2 = x0 + ((Columns.Shifts[First + 2] - Columns.Shifts[First]) * Channels);
            float* dy = Gradient + (low * Channels) + c;
            for (int j = low; j < high; j++, dy += Channels, x0 += step, x1 += step, x2 += step)
            {
                V g = Lane.Load<V>(dy, count);
                a0 = V.FusedMultiplyAdd(g, Lane.Load<V>(x0, count), a0);
                a1 = V.FusedMultiplyAdd(g, Lane.Load<V>(x1, count), a1);
                a2 = V.FusedMultiplyAdd(g, Lane.Load<V>(x2, count), a2);
            }
            Add(Part(First, Math.Max(low0, high), high0, c, count, a0), Sums + c, count);
            Add(Part(First + 1, Math.Max(low1, high), high1, c, count, a1), Sums + Channels + c, count);
            Add(Part(First + 2, Math.Max(low2, high), high2, c, count, a2), Sums + (2 * Channels) + c, count);
        }

        // The columns of the result that a tap reaches.
        public readonly (int Low, int High) Range(int tap)
        {
            int shift = Columns.Shifts[tap], low = shift >= 0 ? 0 : (-shift + Columns.Pace - 1) / Columns.Pace;
            return (low, shift >= Columns.Size ? low : Math.Max(low, Math.Min(Width, ((Columns.Size - 1 - shift) / Columns.Pace) + 1)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly V Part<V>(int tap, int low, int high, nint c, int count, V sum)
            where V : unmanaged, ISimd<V>
        {
            for (int j = low; j < high; j++)
                sum = V.FusedMultiplyAdd(Lane.Load<V>(Gradient + (j * Channels) + c, count), Lane.Load<V>(X + (((j * Columns.Pace) + Columns.Shifts[tap]) * Channels) + c, count), sum);
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add<V>(V sum, float* to, int count)
            where V : unmanaged, ISimd<V> => Lane.Store(Lane.Load<V>(to, count) + sum, to, count);
    }

    private struct OneLanes : ILaneStep
    {
        public ThreeLanes Of;
        public int Tap;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint c, int count)
            where V : unmanaged, ISimd<V>
        {
            (int low, int high) = Of.Range(Tap);
            ThreeLanes.Add(Of.Part(Tap, low, high, c, count, V.Zero), Of.Sums + c, count);
        }
    }
}
