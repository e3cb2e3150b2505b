using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>What a sweep does with some rows of one vector of channels: what belongs to the channels stays in registers meanwhile.</summary>
internal interface IColumnStep
{
    /// <summary>Rows <paramref name="first"/> … of channels <paramref name="channel"/> … <paramref name="channel"/> + <paramref name="count"/> − 1.</summary>
    void Column<V, TLanes>(nint first, nint rows, nint channel, int count)
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes;
}

/// <summary>What a sum over rows adds up for one vector of channels.</summary>
internal unsafe interface IColumnSum
{
    /// <summary>Writes the sums over some rows to <paramref name="to"/>, results so many channels apart.</summary>
    void Column<V, TLanes>(nint first, nint rows, nint channel, int count, float* to)
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes;
}

/// <summary>Rows cut into blocks that do not reach from one picture into the next, as equal as a picture allows; without pictures all rows are one.</summary>
internal readonly struct ColumnBlocking
{
    public readonly nint Count, Block, Picture;      // blocks, rows of one, rows of a picture
    private readonly nint perPicture;

    private ColumnBlocking(nint rows, nint block, nint picture)
    {
        (Block, Picture, perPicture) = (block, picture, (picture + block - 1) / block);
        Count = rows / picture * perPicture;
    }

    /// <summary>Blocks of a picture.</summary>
    public nint PerPicture => perPicture;

    /// <summary>Cuts so many rows, at least one, whole pictures of so many; sizes alone decide.</summary>
    public static ColumnBlocking Of(nint rows, nint channels, nint picture) => new(rows, Math.Min(ColumnSweep.Block(rows, channels), picture), picture);

    /// <summary>A block's first row.</summary>
    public nint First(nint block) => (block / perPicture * Picture) + (block % perPicture * Block);

    /// <summary>A block's rows.</summary>
    public nint Length(nint block) => Math.Min(Block, Picture - (block % perPicture * Block));
}

/// <summary>Sweeps over the rows of a matrix whose channels have values of their own, in blocks that the first-level cache holds.</summary>
/// <remarks>Sums: blocks of at least 32 rows and about 4,096 values, at most 512 of them, sizes alone decide; in a block four chains take the rows in turn; then the blocks in order. Same bits for any number of threads.</remarks>
internal static unsafe class ColumnSweep
{
    private const int SmallestBlock = 32, BlockValues = 4096, MostBlocks = 512;

    // Five matrices of so many values lie in the first-level cache at once: the vectors of a cache line are swept one after the other.
    private const int StepValues = 1024;

    /// <summary>Rows of a block.</summary>
    public static nint Block(nint rows, nint channels) => Math.Max(Math.Max(SmallestBlock, BlockValues / channels), (rows + MostBlocks - 1) / MostBlocks);

    /// <summary>Rows that a step takes at once.</summary>
    public static nint StepBlock(nint channels) => Math.Max(1, StepValues / channels);

    /// <summary>Runs the step for all rows and channels.</summary>
    public static void Run<TStep>(TStep step, nint rows, nint channels)
        where TStep : unmanaged, IColumnStep
    {
        if (rows == 0)
            return;
        nint block = StepBlock(channels);
        RowCall.Run(new Blocks<TStep> { Step = step, Rows = rows, Block = block, Channels = channels }, (rows + block - 1) / block, block * channels);
    }

    /// <summary>y (results, channels) += the sums over all rows.</summary>
    public static void Sum<TSum>(TSum term, nint rows, nint channels, int results, float* y)
        where TSum : unmanaged, IColumnSum
    {
        if (rows == 0)
            return;
        nint block = Block(rows, channels), blocks = (rows + block - 1) / block;
        using Scratch scratch = new(blocks * results * channels);
        Partial(term, rows, channels, results, scratch.Pointer);
        ColumnBlocks.Join(scratch.Pointer, blocks, results * channels, y);
    }

    /// <summary>(blocks, results, channels): what the term makes of each block.</summary>
    public static void Partial<TSum>(TSum term, nint rows, nint channels, int results, float* partial)
        where TSum : unmanaged, IColumnSum => Partial(term, ColumnBlocking.Of(rows, channels, rows), channels, results, partial);

    /// <summary>Likewise of blocks that were cut before.</summary>
    public static void Partial<TSum>(TSum term, ColumnBlocking blocks, nint channels, int results, float* partial)
        where TSum : unmanaged, IColumnSum =>
        RowCall.Run(new SumBlocks<TSum> { Term = term, Blocks = blocks, Channels = channels, Width = results * channels, Partial = partial }, blocks.Count, blocks.Block * channels);

    /// <summary>The step for some rows and all channels, on this thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vectors<V, TStep>(in TStep step, nint first, nint rows, nint channels)
        where V : unmanaged, ISimd<V>
        where TStep : unmanaged, IColumnStep
    {
        nint c = 0;
        for (; c <= channels - V.Width; c += V.Width)
            step.Column<V, WholeLanes>(first, rows, c, V.Width);
        if (c < channels)
            step.Column<V, FirstLanes>(first, rows, c, (int)(channels - c));
    }

    /// <summary>(results, channels): the sums over some rows, on this thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sums<V, TSum>(in TSum term, nint first, nint rows, nint channels, float* to)
        where V : unmanaged, ISimd<V>
        where TSum : unmanaged, IColumnSum
    {
        nint c = 0;
        for (; c <= channels - V.Width; c += V.Width)
            term.Column<V, WholeLanes>(first, rows, c, V.Width, to + c);
        if (c < channels)
            term.Column<V, FirstLanes>(first, rows, c, (int)(channels - c), to + c);
    }

    private struct Blocks<TStep> : IRowStep
        where TStep : unmanaged, IColumnStep
    {
        public TStep Step;
        public nint Rows, Block, Channels;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint block)
            where V : unmanaged, ISimd<V>
        {
            Vectors<V, TStep>(Step, block * Block, Math.Min(Block, Rows - (block * Block)), Channels);
        }
    }

    private struct SumBlocks<TSum> : IRowStep
        where TSum : unmanaged, IColumnSum
    {
        public TSum Term;
        public ColumnBlocking Blocks;
        public nint Channels, Width;
        public float* Partial;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint block)
            where V : unmanaged, ISimd<V>
        {
            Sums<V, TSum>(Term, Blocks.First(block), Blocks.Length(block), Channels, Partial + (block * Width));
        }
    }
}
