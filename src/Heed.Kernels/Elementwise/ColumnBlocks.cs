using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What a sum over rows adds to its partial sums for one row.</summary>
internal unsafe interface IColumnTerm
{
    void Add<V>(nint row, float* partial)
        where V : unmanaged, ISimd<V>;
}

/// <summary>Sums over the rows of a matrix: y += Σ over rows, for one or several results of one width.</summary>
/// <remarks>Order: blocks of 32 rows (of more than 4,096 rows: 128 equal blocks), each summed in the order of its rows from 0; then the blocks' sums
/// in order; then their sum is added to y. The blocks are shared by the workers: same bits for any number of threads, and the error grows with the
/// length of a block, not of the matrix.</remarks>
internal static unsafe class ColumnBlocks
{
    private const int SmallestBlock = 32, MostBlocks = 128;

    /// <summary>Adds the sums to y (width).</summary>
    public static void Run<TTerm>(TTerm term, nint rows, nint width, float* y)
        where TTerm : unmanaged, IColumnTerm
    {
        if (rows == 0 || width == 0)
            return;
        nint block = Math.Max(SmallestBlock, (rows + MostBlocks - 1) / MostBlocks), blocks = (rows + block - 1) / block;
        using Scratch scratch = new(blocks * width);
        RowCall.Run(new BlockStep<TTerm> { Term = term, Rows = rows, Block = block, Width = width, Partial = scratch.Pointer }, blocks, block * width);
        Join(scratch.Pointer, blocks, width, y);
    }

    /// <summary>y (width) += the blocks' sums (blocks, width), in order.</summary>
    public static void Join(float* partial, nint blocks, nint width, float* y) => Lane.Run(new JoinStep { Partial = partial, Blocks = blocks, Width = width, Y = y }, width);

    private struct BlockStep<TTerm> : IRowStep
        where TTerm : unmanaged, IColumnTerm
    {
        public TTerm Term;
        public nint Rows;
        public nint Block;
        public nint Width;
        public float* Partial;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            float* partial = Partial + (row * Width);
            new Span<float>(partial, (int)Width).Clear();
            nint end = Math.Min((row + 1) * Block, Rows);
            for (nint i = row * Block; i < end; i++)
                Term.Add<V>(i, partial);
        }
    }

    private struct JoinStep : ILaneStep
    {
        public float* Partial;
        public nint Blocks;
        public nint Width;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V sum = Lane.Load<V>(Partial + i, count);
            for (nint block = 1; block < Blocks; block++)
                sum += Lane.Load<V>(Partial + (block * Width) + i, count);
            Lane.Store(Lane.Load<V>(Y + i, count) + sum, Y + i, count);
        }
    }
}
