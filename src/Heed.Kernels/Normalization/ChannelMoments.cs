using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Mean and biased variance of each channel over the rows of a matrix, in one sweep.</summary>
/// <remarks>Each block of <see cref="ColumnSweep"/> gives its mean μᵢ and its Σ(x − μᵢ)², the second while the block is in the cache. Then μ = Σ nᵢ·μᵢ/n, σ² = Σ (Σᵢ(x − μᵢ)² + nᵢ·(μᵢ − μ)²)/n, blocks in order.
/// Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.</remarks>
internal static unsafe class ChannelMoments
{
    public static void Run(float* x, nint rows, nint channels, float* mean, float* variance) => Run(x, rows, channels, rows, mean, variance, null);

    /// <summary>Likewise, and (pictures, channels), the mean of each picture, so many rows of the matrix, unless it is null: what the blocks gave is joined for each once more.</summary>
    public static void Run(float* x, nint rows, nint channels, nint picture, float* mean, float* variance, float* pictureMeans)
    {
        ColumnBlocking blocks = ColumnBlocking.Of(rows, channels, picture);
        using Scratch partial = new(Length(blocks, channels));
        OfBlocks(x, blocks, channels, partial.Pointer);
        Join(partial.Pointer, blocks, rows, channels, mean, variance, pictureMeans);
    }

    /// <summary>Floats of what the blocks give.</summary>
    public static long Length(ColumnBlocking blocks, nint channels) => 2L * blocks.Count * channels;

    /// <summary>(blocks, 2, channels): mean and Σ(x − mean)² of each block.</summary>
    public static void OfBlocks(float* x, ColumnBlocking blocks, nint channels, float* partial) => ColumnSweep.Partial(new MomentSum { X = x, Channels = channels }, blocks, channels, 2, partial);

    /// <summary>Likewise those of one picture, on this thread.</summary>
    public static void OfPicture<V>(float* x, nint picture, ColumnBlocking blocks, nint channels, float* partial)
        where V : unmanaged, ISimd<V>
    {
        for (nint n = picture * blocks.PerPicture, end = n + blocks.PerPicture; n < end; n++)
            ColumnSweep.Sums<V, MomentSum>(new MomentSum { X = x, Channels = channels }, blocks.First(n), blocks.Length(n), channels, partial + (2 * n * channels));
    }

    /// <summary>From what the blocks gave to mean and variance, and the means of pictures unless they are null.</summary>
    public static void Join(float* partial, ColumnBlocking blocks, nint rows, nint channels, float* mean, float* variance, float* pictureMeans) =>
        Lane.Run(new JoinStep { Partial = partial, Blocks = blocks, Rows = rows, Channels = channels, Mean = mean, Variance = variance, PictureMeans = pictureMeans }, channels);

    private struct MomentSum : IColumnSum
    {
        public float* X;
        public nint Channels;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Column<V, TLanes>(nint first, nint rows, nint channel, int count, float* to)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
        {
            float* start = X + (first * Channels) + channel, x = start;
            nint two = 2 * Channels, three = 3 * Channels, four = 4 * Channels, n = rows;
            V a = V.Zero, b = V.Zero, c = V.Zero, d = V.Zero;
            for (; n >= 4; n -= 4, x += four)
            {
                a += TLanes.Load<V>(x, count);
                b += TLanes.Load<V>(x + Channels, count);
                c += TLanes.Load<V>(x + two, count);
                d += TLanes.Load<V>(x + three, count);
            }
            for (; n > 0; n--, x += Channels)
                a += TLanes.Load<V>(x, count);
            V mean = ((a + b) + (c + d)) / V.Create(rows);
            a = b = c = d = V.Zero;
            for (n = rows, x = start; n >= 4; n -= 4, x += four)
            {
                V e = TLanes.Load<V>(x, count) - mean, f = TLanes.Load<V>(x + Channels, count) - mean, g = TLanes.Load<V>(x + two, count) - mean, h = TLanes.Load<V>(x + three, count) - mean;
                a = V.FusedMultiplyAdd(e, e, a);
                b = V.FusedMultiplyAdd(f, f, b);
                c = V.FusedMultiplyAdd(g, g, c);
                d = V.FusedMultiplyAdd(h, h, d);
            }
            for (; n > 0; n--, x += Channels)
            {
                V e = TLanes.Load<V>(x, count) - mean;
                a = V.FusedMultiplyAdd(e, e, a);
            }
            TLanes.Store(mean, to, count);
            TLanes.Store((a + b) + (c + d), to + Channels, count);
        }
    }

    private struct JoinStep : ILaneStep
    {
        public float* Partial, Mean, Variance, PictureMeans;
        public ColumnBlocking Blocks;
        public nint Rows, Channels;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V mean = V.Zero, squares = V.Zero;
            for (nint n = 0; n < Blocks.Count; n++)
                mean = V.FusedMultiplyAdd(V.Create(Share(n)), Lane.Load<V>(Partial + (2 * n * Channels) + i, count), mean);
            for (nint n = 0; n < Blocks.Count; n++)
            {
                V apart = Lane.Load<V>(Partial + (2 * n * Channels) + i, count) - mean;
                squares = V.FusedMultiplyAdd(Lane.Load<V>(Partial + (((2 * n) + 1) * Channels) + i, count), V.Create(1f / Rows), squares);
                squares = V.FusedMultiplyAdd(apart * V.Create(Share(n)), apart, squares);
            }
            Lane.Store(mean, Mean + i, count);
            Lane.Store(squares, Variance + i, count);
            if (PictureMeans != null)
                Pictures<V>(i, count);
        }

        private readonly void Pictures<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            float* to = PictureMeans + i;
            for (nint n = 0; n < Blocks.Count; to += Channels)
            {
                V mean = V.Zero;
                for (nint end = n + Blocks.PerPicture; n < end; n++)
                    mean = V.FusedMultiplyAdd(V.Create(Blocks.Length(n) / (float)Blocks.Picture), Lane.Load<V>(Partial + (2 * n * Channels) + i, count), mean);
                Lane.Store(mean, to, count);
            }
        }

        // Of a block in all rows.
        private readonly float Share(nint n) => Blocks.Length(n) / (float)Rows;
    }
}
