using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Glimpses: square patches around one position of each picture at several scales, sharp in the middle and coarse outside, as a retina sees.</summary>
/// <remarks>
/// <para>Formula: a position (u, v) in [−1, 1]² is the point (((u + 1)·width)/2, ((v + 1)·height)/2) of the picture, rounded to a corner of pixels. Patch s is the square of size·2^s pixels around
/// it, each of its
/// size × size values the mean of 2^s × 2^s pixels, with zeros outside of the picture. The position is rounded, so no gradient flows to it: it is learned by reinforcement.</para>
/// <para>Shapes: x (batch, height, width, channels); positions (batch, 2), u first; y (batch, scales, size, size, channels). Gradients are added to what their span holds. A position that is NaN or
/// beyond
/// 2²⁰ in size sees zeros.</para>
/// <para>Cost: about size²·4^(scales − 1)·4/3·channels additions a glimpse. Pictures are shared by the workers. Thread-safe.</para>
/// <para>Source: Mnih, Heess, Graves and Kavukcuoglu, "Recurrent models of visual attention", 2014, section 3.1 (the glimpse sensor).</para>
/// </remarks>
public static unsafe class GlimpseKernel
{
    private const float Farthest = 1 << 20;

    /// <summary>Looks.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="positions">(batch, 2).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, scales, size, size, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> positions, in GlimpseShape shape, Span<float> y)
    {
        const string Operation = "GlimpseKernel.Forward";
        Check(Operation, x.Length, positions, y.Length, shape);
        Require.Apart(Operation, nameof(x), x, y);
        fixed (float* px = x, pp = positions, py = y)
            Run(new GlimpseStep { X = px, Positions = pp, Y = py, Shape = shape }, shape);
    }

    /// <summary>dx += the gradient of x.</summary>
    /// <param name="dy">(batch, scales, size, size, channels).</param>
    /// <param name="positions">Of the forward pass.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">(batch, height, width, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> positions, in GlimpseShape shape, Span<float> dx)
    {
        const string Operation = "GlimpseKernel.Backward";
        Check(Operation, dx.Length, positions, dy.Length, shape);
        Require.Apart<float>(Operation, nameof(dy), dy, dx);
        fixed (float* pdx = dx, pp = positions, pdy = dy)
            Run(new GlimpseStep { X = pdx, Positions = pp, Y = pdy, Shape = shape, IsBackward = true }, shape);
    }

    private static void Check(string operation, int x, ReadOnlySpan<float> positions, int y, in GlimpseShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, "picture", x, shape.InputLength);
        Require.Length(operation, nameof(positions), positions.Length, 2L * shape.Batch);
        Require.Length(operation, "glimpses", y, shape.OutputLength);
    }

    private static void Run(GlimpseStep step, in GlimpseShape shape) =>
        RowCall.Run(step, shape.Batch, ((long)shape.Size * shape.Size * shape.Channels) << (2 * shape.Scales));

    /// <summary>The corner of pixels at a coordinate; far outside for NaN.</summary>
    internal static int Corner(double coordinate, int size)
    {
        double place = Math.Round((coordinate + 1) * size * 0.5);
        return Math.Abs(place) <= Farthest ? (int)place : (int)-Farthest;
    }

    private struct GlimpseStep : IRowStep
    {
        public float* X, Positions, Y;
        public GlimpseShape Shape;
        public bool IsBackward;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            GlimpseShape s = Shape;
            float* x = X + (row * s.Height * s.Width * s.Channels), y = Y + (row * s.Scales * s.Size * s.Size * s.Channels);
            int column = Corner(Positions[2 * row], s.Width), line = Corner(Positions[(2 * row) + 1], s.Height);
            for (int scale = 0; scale < s.Scales; scale++)
            {
                int block = 1 << scale, left = column - (s.Size * block / 2), top = line - (s.Size * block / 2);
                for (int i = 0; i < s.Size; i++)
                {
                    for (int j = 0; j < s.Size; j++, y += s.Channels)
                        Block<V>(x, y, left + (j * block), top + (i * block), block);
                }
            }
        }

        private readonly void Block<V>(float* x, float* y, int left, int top, int block)
            where V : unmanaged, ISimd<V>
        {
            BlockLanes lanes = new()
            {
                X = x,
                Y = y,
                Left = Math.Max(left, 0),
                Right = Math.Min(left + block, Shape.Width),
                Top = Math.Max(top, 0),
                Bottom = Math.Min(top + block, Shape.Height),
                Width = Shape.Width,
                Channels = Shape.Channels,
                Factor = 1f / (block * block),
                IsBackward = IsBackward,
            };
            Lane.Loop<V, BlockLanes>(lanes, 0, Shape.Channels);
        }
    }

    private struct BlockLanes : ILaneStep
    {
        public float* X, Y;
        public nint Left, Right, Top, Bottom, Width, Channels;
        public float Factor;
        public bool IsBackward;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V factor = V.Create(Factor), sum = V.Zero, share = IsBackward ? Lane.Load<V>(Y + i, count) * factor : V.Zero;
            for (nint row = Top; row < Bottom; row++)
            {
                for (nint column = Left; column < Right; column++)
                {
                    float* pixel = X + (((row * Width) + column) * Channels) + i;
                    if (IsBackward)
                        Lane.Store(Lane.Load<V>(pixel, count) + share, pixel, count);
                    else
                        sum += Lane.Load<V>(pixel, count);
                }
            }
            if (!IsBackward)
                Lane.Store(sum * factor, Y + i, count);
        }
    }
}
