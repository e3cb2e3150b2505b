using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The mean of each window of a picture, channels last.</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, c] = (1/n)·Σ over the pixels of window (i, j) of x[b, ·, ·, c]; n is the window's size, or the number of pixels that it sees (<see cref="PoolingShape.CountsPadding"/>).</para>
/// <para>Shapes: x, dx (batch, height, width, channels); y, dy (batch, output height, output width, channels).</para>
/// <para>Bits: a window is summed row by row; a pixel's gradient takes its windows in their order. Same bits for any number of threads, and alone or in a batch.</para>
/// <para>Cost: one pass over the windows. Rows and runs of channels are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class AveragePoolingKernel
{
    // Channels of a task.
    private const int Run = 64;

    /// <summary>Pools.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, output height, output width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, in PoolingShape shape, Span<float> y)
    {
        const string Operation = "AveragePoolingKernel.Forward";
        Require.Length(Operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        Require.Apart(Operation, nameof(x), x, y);
        nint runs = (shape.Channels + Run - 1) / Run, rows = (nint)shape.Batch * shape.OutputHeight;
        fixed (float* px = x, py = y)
            RowCall.Run(new ForwardStep { X = px, Y = py, Shape = shape, Runs = runs }, rows * runs, x.Length / Math.Max(1, rows * runs));
    }

    /// <summary>dx += for each window that sees the pixel dy/n.</summary>
    /// <param name="dy">(batch, output height, output width, channels).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">(batch, height, width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, in PoolingShape shape, Span<float> dx)
    {
        const string Operation = "AveragePoolingKernel.Backward";
        Require.Length(Operation, nameof(dy), dy.Length, shape.OutputLength);
        Require.Length(Operation, nameof(dx), dx.Length, shape.InputLength);
        Require.Apart(Operation, nameof(dy), dy, dx);
        nint rows = (nint)shape.Batch * shape.Rows.Size;
        fixed (float* pdy = dy, pdx = dx)
            RowCall.Run(new BackwardStep { Gradient = pdy, Result = pdx, Shape = shape }, rows, dx.Length / Math.Max(1, rows));
    }

    private struct ForwardStep : IRowStep
    {
        public float* X, Y;
        public PoolingShape Shape;
        public nint Runs;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint index)
            where V : unmanaged, ISimd<V>
        {
            nint row = index / Runs, first = index % Runs * Run, end = Math.Min(first + Run, Shape.Channels), width = Shape.Columns.Size, channels = Shape.Channels;
            int i = (int)(row % Shape.OutputHeight);
            (int top, int bottom) = Shape.Rows.Seen(i);
            float* x = X + (row / Shape.OutputHeight * Shape.Rows.Size * width * channels);
            for (int j = 0; j < Shape.OutputWidth; j++)
            {
                (int left, int right) = Shape.Columns.Seen(j);
                MeanLanes lanes = new() { X = x + (((top * width) + left) * channels), Y = Y + (((row * Shape.OutputWidth) + j) * channels), Rows = bottom - top, Columns = right - left, Pitch = width * channels, Channels = channels, Divisor = Shape.Divisor(i, j) };
                Lane.Loop<V, MeanLanes>(lanes, first, end);
            }
        }
    }

    private struct MeanLanes : ILaneStep
    {
        public float* X, Y;
        public nint Rows, Columns, Pitch, Channels;
        public float Divisor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V sum = V.Zero;
            for (nint r = 0; r < Rows; r++)
            {
                for (nint at = (r * Pitch) + i, end = at + (Columns * Channels); at < end; at += Channels)
                    sum += Lane.Load<V>(X + at, count);
            }
            Lane.Store(sum / V.Create(Divisor), Y + i, count);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient, Result;
        public PoolingShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint picture = row / Shape.Rows.Size, channels = Shape.Channels;
            int r = (int)(row % Shape.Rows.Size);
            float* dx = Result + (row * Shape.Columns.Size * channels);
            for (int i = 0; i < Shape.OutputHeight; i++)
            {
                (int top, int bottom) = Shape.Rows.Seen(i);
                if (r < top || r >= bottom)
                    continue;
                float* dy = Gradient + (((picture * Shape.OutputHeight) + i) * Shape.OutputWidth * channels);
                for (int j = 0; j < Shape.OutputWidth; j++)
                {
                    (int left, int right) = Shape.Columns.Seen(j);
                    AddScaledOperator add = new(1 / Shape.Divisor(i, j));
                    for (nint at = left * channels; at < right * channels; at += channels)
                        Lane.Loop<V, Binary<AddScaledOperator>>(new() { A = dx + at, B = dy + (j * channels), Y = dx + at, Operator = add }, 0, channels);
                }
            }
        }
    }
}
