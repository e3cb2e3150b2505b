using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Brings pictures to another size by bilinear interpolation, and takes the gradient back.</summary>
/// <remarks>
/// <para>Formula: a result's pixel i is the place p = max((i + ½)·size/size' − ½, 0) of the picture along each axis; y = Σ over the pixels n on both sides of p of x[n]·(1 − |p_y − n_y|)·(1 − |p_x − n_x|), with the last pixel
/// in the place of one behind it. That is <c>interpolate</c> of PyTorch with mode bilinear, align_corners = False and no antialiasing.</para>
/// <para>Shapes: x (batch, height, width, channels); y (batch, output height, output width, channels). The gradient is added to what its span holds.</para>
/// <para>Cost: 8·channels flops a pixel of the result, forward and backward, a vector of channels at a time. Rows are shared by the workers: those of the result forward, those of the picture backward, each of which gathers what it
/// gave, in order; the bits do not depend on the batch or on threads. Thread-safe.</para>
/// </remarks>
public static unsafe class ResizeKernel
{
    /// <summary>Resizes.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, output height, output width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, in ResizeShape shape, Span<float> y)
    {
        const string Operation = "ResizeKernel.Forward";
        Check(Operation, nameof(x), x, nameof(y), y, shape);
        fixed (float* px = x, py = y)
            RowCall.Run(new ResizeStep { X = px, Y = py, Shape = shape }, (nint)shape.Batch * shape.OutputHeight, 8L * shape.OutputWidth * shape.Channels);
    }

    /// <summary>dx += the gradient of x.</summary>
    /// <param name="dy">(batch, output height, output width, channels).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">(batch, height, width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, in ResizeShape shape, Span<float> dx)
    {
        const string Operation = "ResizeKernel.Backward";
        Check(Operation, nameof(dx), dx, nameof(dy), dy, shape);
        fixed (float* pdy = dy, pdx = dx)
            RowCall.Run(new GradientStep { Gradient = pdy, DX = pdx, Shape = shape }, (nint)shape.Batch * shape.Height, 8L * shape.OutputLength / Math.Max(1, (long)shape.Batch * shape.Height));
    }

    private static void Check(string operation, string inputName, ReadOnlySpan<float> input, string outputName, ReadOnlySpan<float> output, in ResizeShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, inputName, input.Length, shape.InputLength);
        Require.Length(operation, outputName, output.Length, shape.OutputLength);
        if (input.Overlaps(output))
            throw new ArgumentException($"{operation}: {inputName} and {outputName} must lie apart.", outputName);
    }

    // The two pixels beside a place of one axis, and the share of the second.
    private readonly struct Taps
    {
        public readonly int Low, High;
        public readonly float Share;

        public Taps(int i, int size, int outputSize)
        {
            double place = Math.Max((((i + 0.5) * size) / outputSize) - 0.5, 0);
            Low = Math.Min((int)place, size - 1);
            High = Math.Min(Low + 1, size - 1);
            Share = High == Low ? 0 : (float)(place - Low);
        }

        public float Of(int pixel) => pixel == Low ? 1 - Share : pixel == High ? Share : 0;
    }

    private struct ResizeStep : IRowStep
    {
        public float* X, Y;
        public ResizeShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint channels = Shape.Channels, line = Shape.Width * channels;
            Taps down = new((int)(row % Shape.OutputHeight), Shape.Height, Shape.OutputHeight);
            float* picture = X + (row / Shape.OutputHeight * Shape.Height * line), top = picture + (down.Low * line), bottom = picture + (down.High * line), y = Y + (row * Shape.OutputWidth * channels);
            for (int j = 0; j < Shape.OutputWidth; j++, y += channels)
            {
                Taps across = new(j, Shape.Width, Shape.OutputWidth);
                nint left = across.Low * channels, right = across.High * channels;
                Lane.Loop<V, MixLanes>(new() { A = top + left, B = top + right, C = bottom + left, D = bottom + right, Across = across.Share, Down = down.Share, To = y }, 0, channels);
            }
        }
    }

    private struct MixLanes : ILaneStep
    {
        public float* A, B, C, D, To;
        public float Across, Down;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V right = V.Create(Across), left = V.Create(1 - Across);
            V top = V.FusedMultiplyAdd(right, Lane.Load<V>(B + i, count), left * Lane.Load<V>(A + i, count));
            V bottom = V.FusedMultiplyAdd(right, Lane.Load<V>(D + i, count), left * Lane.Load<V>(C + i, count));
            Lane.Store(V.FusedMultiplyAdd(V.Create(Down), bottom, V.Create(1 - Down) * top), To + i, count);
        }
    }

    private struct GradientStep : IRowStep
    {
        public float* Gradient, DX;
        public ResizeShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint channels = Shape.Channels, line = Shape.OutputWidth * channels;
            int r = (int)(row % Shape.Height);
            float* dy = Gradient + (row / Shape.Height * Shape.OutputHeight * line), dx = DX + (row * Shape.Width * channels);
            // Rows of the result whose place lies within a pixel of this one; the edges hold what lies beyond them, too.
            int first = r == 0 ? 0 : (int)Math.Max(0, Math.Floor((r - 0.5) * Shape.OutputHeight / Shape.Height - 0.5));
            int end = r == Shape.Height - 1 ? Shape.OutputHeight : (int)Math.Min(Shape.OutputHeight, Math.Ceiling((r + 1.5) * Shape.OutputHeight / Shape.Height + 0.5));
            for (int i = first; i < end; i++)
            {
                float down = new Taps(i, Shape.Height, Shape.OutputHeight).Of(r);
                if (down == 0)
                    continue;
                float* from = dy + (i * line);
                for (int j = 0; j < Shape.OutputWidth; j++, from += channels)
                {
                    Taps across = new(j, Shape.Width, Shape.OutputWidth);
                    Lane.Loop<V, AddLanes>(new() { From = from, To = dx + (across.Low * channels), Factor = down * (1 - across.Share) }, 0, channels);
                    if (across.Share != 0)
                        Lane.Loop<V, AddLanes>(new() { From = from, To = dx + (across.High * channels), Factor = down * across.Share }, 0, channels);
                }
            }
        }
    }
}
