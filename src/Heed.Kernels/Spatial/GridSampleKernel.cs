using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Bilinear sampling of pictures at free positions, with gradients for the picture and for the positions.</summary>
/// <remarks>
/// <para>Formula: a position (u, v) in [−1, 1]² is the pixel p = (((u + 1)·width − 1)/2, ((v + 1)·height − 1)/2): −1 and 1 are the outer edges of the picture, so pixel centres lie half a pixel inside
/// (align_corners = False in PyTorch). y = Σ over the four pixels n around p of x[n]·max(0, 1 − |p_x − n_x|)·max(0, 1 − |p_y − n_y|), with zeros outside.</para>
/// <para>Shapes: x (batch, height, width, channels); grid (batch, points, 2), u first; y (batch, points, channels). Gradients are added to what their span holds. A position that is NaN gives NaN
/// and passes no
/// gradient; on the lattice itself, where the slope jumps, the right-hand one is taken.</para>
/// <para>Cost: 8·channels flops a point forward, about 24 backward, a vector of channels at a time. Pictures are shared by the workers; within one, points are taken in order, so the bits do not
/// depend on the
/// batch or on threads. Thread-safe.</para>
/// <para>Source: Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", 2015, equations 5 to 7.</para>
/// </remarks>
public static unsafe class GridSampleKernel
{
    /// <summary>Samples.</summary>
    /// <param name="x">(batch, height, width, channels).</param>
    /// <param name="grid">(batch, points, 2).</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="y">(batch, points, channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> grid, in GridSampleShape shape, Span<float> y)
    {
        const string Operation = "GridSampleKernel.Forward";
        Check(Operation, x, grid, shape);
        Require.Length(Operation, nameof(y), y.Length, shape.OutputLength);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(grid), grid, y);
        fixed (float* px = x, pgrid = grid, py = y)
            RowCall.Run(new SampleStep { X = px, Grid = pgrid, Y = py, Shape = shape }, shape.Batch, 8L * shape.Points * shape.Channels);
    }

    /// <summary>dx += the gradient of x; dgrid += that of the grid.</summary>
    /// <param name="dy">(batch, points, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="grid">Of the forward pass.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dgrid">As grid, or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> grid, in GridSampleShape shape, Span<float> dx, Span<float> dgrid)
    {
        const string Operation = "GridSampleKernel.Backward";
        Check(Operation, x, grid, shape);
        Require.Length(Operation, nameof(dy), dy.Length, shape.OutputLength);
        if (dx.Length != 0)
            Require.Length(Operation, nameof(dx), dx.Length, x.Length);
        if (dgrid.Length != 0)
            Require.Length(Operation, nameof(dgrid), dgrid.Length, grid.Length);
        Require.Apart(Operation, nameof(dy), dy, dx);
        Require.Apart(Operation, nameof(dy), dy, dgrid);
        fixed (float* pdy = dy, px = x, pgrid = grid, pdx = dx, pdgrid = dgrid)
            RowCall.Run(new GradientStep { Gradient = pdy, X = px, Grid = pgrid, DX = pdx, DGrid = pdgrid, Shape = shape }, shape.Batch, 24L * shape.Points * shape.Channels);
    }

    private static void Check(string operation, ReadOnlySpan<float> x, ReadOnlySpan<float> grid, in GridSampleShape shape)
    {
        shape.Validate(operation);
        Require.Length(operation, nameof(x), x.Length, shape.InputLength);
        Require.Length(operation, nameof(grid), grid.Length, 2L * shape.Batch * shape.Points);
    }

    // The four pixels around a position: offsets of their values (−1: outside), and the fractions.
    private readonly struct Corners
    {
        public readonly nint TopLeft = -1, TopRight = -1, BottomLeft = -1, BottomRight = -1;
        public readonly float Right, Down;

        public Corners(float u, float v, in GridSampleShape shape)
        {
            float px = (((u + 1) * shape.Width) - 1) * 0.5f, py = (((v + 1) * shape.Height) - 1) * 0.5f;
            if (!(px > -1 && px < shape.Width && py > -1 && py < shape.Height))
                return;
            int left = (int)MathF.Floor(px), top = (int)MathF.Floor(py);
            (Right, Down) = (px - left, py - top);
            TopLeft = At(left, top, shape);
            TopRight = At(left + 1, top, shape);
            BottomLeft = At(left, top + 1, shape);
            BottomRight = At(left + 1, top + 1, shape);
        }

        private static nint At(int column, int row, in GridSampleShape shape) =>
            column < 0 || column >= shape.Width || row < 0 || row >= shape.Height ? -1 : ((nint)row * shape.Width + column) * shape.Channels;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Pixel<V>(float* x, nint offset, nint i, int count)
        where V : unmanaged, ISimd<V> => offset < 0 ? V.Zero : Lane.Load<V>(x + offset + i, count);

    private struct SampleStep : IRowStep
    {
        public float* X, Grid, Y;
        public GridSampleShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* x = X + (row * Shape.Height * Shape.Width * Shape.Channels), grid = Grid + (row * Shape.Points * 2), y = Y + (row * Shape.Points * Shape.Channels);
            for (int p = 0; p < Shape.Points; p++, y += Shape.Channels)
            {
                float u = grid[2 * p], v = grid[(2 * p) + 1];
                if (float.IsNaN(u) || float.IsNaN(v))
                    new Span<float>(y, Shape.Channels).Fill(float.NaN);
                else
                    Lane.Loop<V, SampleLanes>(new() { X = x, Y = y, Corners = new Corners(u, v, Shape) }, 0, Shape.Channels);
            }
        }
    }

    private struct SampleLanes : ILaneStep
    {
        public float* X, Y;
        public Corners Corners;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V right = V.Create(Corners.Right), left = V.Create(1 - Corners.Right);
            V top = V.FusedMultiplyAdd(right, Pixel<V>(X, Corners.TopRight, i, count), left * Pixel<V>(X, Corners.TopLeft, i, count));
            V bottom = V.FusedMultiplyAdd(right, Pixel<V>(X, Corners.BottomRight, i, count), left * Pixel<V>(X, Corners.BottomLeft, i, count));
            Lane.Store(V.FusedMultiplyAdd(V.Create(Corners.Down), bottom, V.Create(1 - Corners.Down) * top), Y + i, count);
        }
    }

    private struct GradientStep : IRowStep
    {
        public float* Gradient, X, Grid, DX, DGrid;
        public GridSampleShape Shape;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint picture = row * Shape.Height * Shape.Width * Shape.Channels, channels = Shape.Channels;
            float* grid = Grid + (row * Shape.Points * 2), dy = Gradient + (row * Shape.Points * channels);
            for (int p = 0; p < Shape.Points; p++, dy += channels)
            {
                if (float.IsNaN(grid[2 * p]) || float.IsNaN(grid[(2 * p) + 1]))
                    continue;
                Corners corners = new(grid[2 * p], grid[(2 * p) + 1], Shape);
                if (DGrid != null)
                    AddSlopes<V>(X + picture, dy, corners, DGrid + (((row * Shape.Points) + p) * 2));
                if (DX == null)
                    continue;
                float right = corners.Right, down = corners.Down;
                AddTo<V>(corners.TopLeft, (1 - right) * (1 - down), dy, DX + picture);
                AddTo<V>(corners.TopRight, right * (1 - down), dy, DX + picture);
                AddTo<V>(corners.BottomLeft, (1 - right) * down, dy, DX + picture);
                AddTo<V>(corners.BottomRight, right * down, dy, DX + picture);
            }
        }

        private readonly void AddTo<V>(nint offset, float factor, float* dy, float* dx)
            where V : unmanaged, ISimd<V>
        {
            if (offset >= 0)
                Lane.Loop<V, AddLanes>(new() { From = dy, To = dx + offset, Factor = factor }, 0, Shape.Channels);
        }

        // ∂y/∂p_x is the difference of right and left, weighted by the rows; a pixel is 2/width of the grid's unit.
        private readonly void AddSlopes<V>(float* x, float* dy, in Corners corners, float* dgrid)
            where V : unmanaged, ISimd<V>
        {
            V across = V.Zero, along = V.Zero;
            V right = V.Create(corners.Right), left = V.Create(1 - corners.Right), down = V.Create(corners.Down), up = V.Create(1 - corners.Down);
            for (nint i = 0; i < Shape.Channels; i += V.Width)
            {
                int count = (int)Math.Min(V.Width, Shape.Channels - i);
                V a = Pixel<V>(x, corners.TopLeft, i, count), b = Pixel<V>(x, corners.TopRight, i, count);
                V c = Pixel<V>(x, corners.BottomLeft, i, count), d = Pixel<V>(x, corners.BottomRight, i, count), g = Lane.Load<V>(dy + i, count);
                across = V.FusedMultiplyAdd(g, V.FusedMultiplyAdd(down, d - c, up * (b - a)), across);
                along = V.FusedMultiplyAdd(g, V.FusedMultiplyAdd(right, d - b, left * (c - a)), along);
            }
            dgrid[0] += V.Sum(across) * (Shape.Width * 0.5f);
            dgrid[1] += V.Sum(along) * (Shape.Height * 0.5f);
        }
    }
}
