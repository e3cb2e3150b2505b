using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The largest value of each window of a picture, and where it is: saliency, bottom-up.</summary>
/// <remarks>
/// <para>Formula: y[b, i, j, c] = max over r, s &lt; window of x[b, i·stride + r − padding, j·stride + s − padding, c], what lies outside left out; of equal values the first (row by row) counts. Windows may be adaptive (<see cref="PoolingShape.Adaptive"/>).</para>
/// <para>Shapes: x (batch, height, width, channels); y and positions (batch, output height, output width, channels) with output = (size + 2·padding − window)/stride + 1, rounded down: what does not fill a
/// window is left out, as PyTorch does. A position is row·width + column within the picture. NaN is above all.</para>
/// <para>Cost: one pass over the windows, a vector of channels at a time. Rows of the result are shared by the workers. Thread-safe.</para>
/// </remarks>
public static unsafe class MaxPoolingKernel
{
    /// <summary>Rows or columns of the result.</summary>
    /// <param name="size">Rows or columns of the picture.</param>
    /// <param name="window">Size of a window.</param>
    /// <param name="stride">Distance of windows.</param>
    /// <param name="padding">Rows or columns beyond each edge; at most half a window.</param>
    public static int OutputSize(int size, int window, int stride, int padding = 0) => ((size + (2 * padding) - window) / stride) + 1;

    /// <summary>Pools.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Columns of a picture; height·width at most 16,777,216.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="window">Rows and columns of a window.</param>
    /// <param name="stride">Distance of windows.</param>
    /// <param name="y">(batch, output height, output width, channels).</param>
    /// <param name="positions">As y: row·width + column of each maximum.</param>
    /// <param name="padding">Rows and columns beyond each edge; at most half a window.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size does not suit.</exception>
    public static void Forward(ReadOnlySpan<float> x, int height, int width, int channels, int window, int stride, Span<float> y, Span<int> positions, int padding = 0)
    {
        int batch = Check("MaxPoolingKernel.Forward", x.Length, height, width, channels, window, stride, padding);
        Forward(x, new PoolingShape(batch, height, width, channels, (window, window), (stride, stride), (padding, padding)), y, positions);
    }

    /// <summary>Pools by windows of any kind.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="shape">The sizes; height·width at most 16,777,216.</param>
    /// <param name="y">(batch, output height, output width, channels).</param>
    /// <param name="positions">As y: row·width + column of each maximum.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Pictures are too large.</exception>
    public static void Forward(ReadOnlySpan<float> x, in PoolingShape shape, Span<float> y, Span<int> positions)
    {
        const string Operation = "MaxPoolingKernel.Forward";
        RequirePixels(Operation, shape.Rows.Size, shape.Columns.Size);
        Require.Length(Operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        Require.Length(Operation, nameof(positions), positions.Length, y.Length);
        Require.Apart(Operation, nameof(x), x, y);
        fixed (float* px = x, py = y)
        fixed (int* pp = positions)
        {
            PoolStep step = new() { X = px, Y = py, Positions = pp, Shape = shape };
            RowCall.Run(step, shape.Batch * shape.OutputHeight, shape.InputLength / Math.Max(1, shape.Batch * shape.OutputHeight));
        }
    }

    /// <summary>dx[b, position, c] += dy[b, i, j, c].</summary>
    /// <param name="dy">(batch, output height, output width, channels).</param>
    /// <param name="positions">Of the forward pass.</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="pixels">height·width.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="dx">(batch, height, width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or a position is no pixel.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<int> positions, int batch, int pixels, int channels, Span<float> dx)
    {
        const string Operation = "MaxPoolingKernel.Backward";
        Require.Length(Operation, nameof(dx), dx.Length, (long)batch * pixels * channels);
        Require.Length(Operation, nameof(positions), positions.Length, dy.Length);
        Require.Apart<float>(Operation, nameof(dy), dy, dx);
        int each = batch == 0 ? 0 : dy.Length / batch;
        for (int i = 0; i < dy.Length; i++)
        {
            if ((uint)positions[i] >= (uint)pixels)
                throw new ArgumentException(FormattableString.Invariant($"{Operation}: position {positions[i]} is no pixel of {pixels}."), nameof(positions));
            dx[(((i / each * pixels) + positions[i]) * channels) + (i % channels)] += dy[i];
        }
    }

    private static int Check(string operation, int length, int height, int width, int channels, int window, int stride, int padding)
    {
        Require.Range(operation, nameof(padding), padding, padding >= 0 && padding <= window / 2, "from 0 to half a window");
        Require.Range(operation, nameof(channels), channels, channels >= 1, "at least 1");
        Require.Range(operation, nameof(window), window, window >= 1 && window <= Math.Min(height, width) + (2 * padding), "from 1 to the padded picture's size");
        Require.Range(operation, nameof(stride), stride, stride >= 1, "at least 1");
        RequirePixels(operation, height, width);
        return Require.Rows(operation, "x", length, height * width * channels);
    }

    // Positions are carried as float32, exact up to here.
    private static void RequirePixels(string operation, int height, int width) => Require.Range(operation, nameof(height), height, (long)height * width <= 1 << 24, "so that height·width is at most 16,777,216");

    private struct PoolStep : IRowStep
    {
        public float* X, Y;
        public int* Positions;
        public PoolingShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            (nint height, nint width, nint channels) = (Shape.Rows.Size, Shape.Columns.Size, Shape.Channels);
            (int top, int bottom) = Shape.Rows.Seen((int)(row % Shape.OutputHeight));
            for (int j = 0; j < Shape.OutputWidth; j++)
            {
                (int left, int right) = Shape.Columns.Seen(j);
                nint to = ((row * Shape.OutputWidth) + j) * channels;
                int* positions = Positions + to;
                WindowLanes lanes = new()
                {
                    X = X + (row / Shape.OutputHeight * height * width * channels), Y = Y + to, Positions = (float*)positions,
                    Top = top, Bottom = bottom, Left = left, Right = right, Width = width, Channels = channels,
                };
                Lane.Loop<V, WindowLanes>(lanes, 0, channels);
                for (nint c = 0; c < channels; c++)
                    positions[c] = (int)((float*)positions)[c];
            }
        }
    }

    // The positions are carried as float32 lanes.
    private struct WindowLanes : ILaneStep
    {
        public float* X, Y, Positions;
        public nint Top, Bottom, Left, Right, Width, Channels;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            nint first = (Top * Width) + Left;
            V max = Lane.Load<V>(X + (first * Channels) + i, count), position = V.Create((float)first), always = V.AreEqual(V.Zero, V.Zero);
            for (nint r = Top; r < Bottom; r++)
            {
                for (nint at = (r * Width) + Left, end = (r * Width) + Right; at < end; at++)
                {
                    V x = Lane.Load<V>(X + (at * Channels) + i, count);
                    // Stays where x < max, x = max or max is NaN, so an x that is NaN takes the place.
                    V less = V.LessThan(x, max), stays = V.Select(less, less, V.AreEqual(x, max));
                    stays = V.Select(V.AreEqual(max, max), stays, always);
                    max = V.Select(stays, max, x);
                    position = V.Select(stays, position, V.Create((float)at));
                }
            }
            Lane.Store(max, Y + i, count);
            Lane.Store(position, Positions + i, count);
        }
    }
}
