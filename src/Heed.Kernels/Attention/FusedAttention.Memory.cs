namespace Heed.Kernels;

/// <content>How much memory a call takes, before it runs.</content>
public static unsafe partial class FusedAttention
{
    /// <summary>The memory that an attention takes on this machine: what the caller holds, and the temporary memory of a call.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameterCount">Learned numbers of the modifier whose gradient is wanted.</param>
    /// <param name="valueRows">Rows of a value table.</param>
    /// <param name="tableWidth">Width of a table for each query row.</param>
    /// <remarks>Temporary memory is an upper bound for <see cref="Workers.Degree"/> threads, in whole powers of two, as it is taken. It grows with queries + keys, never with queries·keys.
    /// A distribution of its own (<see cref="Distributed{TModifier, TDistribution}"/>) takes up to 2¹⁷ scores a thread more, or those of 12 rows where these are more.</remarks>
    /// <exception cref="ArgumentException">A size is negative or does not fit the others.</exception>
    public static AttentionMemory EstimateMemory(in AttentionShape shape, int parameterCount = 0, int valueRows = 0, int tableWidth = 0)
    {
        const string Operation = "FusedAttention.EstimateMemory";
        AttentionCheck.Shape(Operation, shape, default);
        Require.Range(Operation, nameof(parameterCount), parameterCount, parameterCount >= 0, "at least 0");
        Require.Range(Operation, nameof(valueRows), valueRows, valueRows >= 0, "at least 0");
        Require.Range(Operation, nameof(tableWidth), tableWidth, tableWidth >= 0, "at least 0");
        long rows = shape.Rows(false), keyRows = (long)shape.Batch * shape.KeyValueHeadCount * shape.Keys, dim = shape.HeadDim, valueDim = shape.ValueDim;
        long operands = (rows * dim) + (keyRows * (dim + valueDim)), tables = parameterCount + ((long)valueRows * valueDim) + (rows * tableWidth);
        return new(4 * (operands + tables), 4 * rows * (valueDim + 1 + valueRows), 4 * (operands + tables), ForwardBytes(shape, valueRows), BackwardBytes(shape, parameterCount, valueRows, tableWidth));
    }

    private static long ForwardBytes(in AttentionShape shape, int valueRows)
    {
        MemorySizes m = new(shape, valueRows);
        long rows = m.TaskRows, tasks = m.Batch * ((m.Rows + rows - 1) / rows), blocks = (shape.Keys / m.Block) + 1;
        // One strip of rows keeps one panel of keys, and reads values where they lie if it can.
        bool isStrip = m.Rows <= m.Height, packsValues = !isStrip || shape.ValueDim % m.Panel != 0;
        long tile = (rows * m.Query) + (m.Height * (m.Block + 16)) + ((isStrip ? m.Panel : m.Block) * m.Query) + (packsValues ? m.Block * m.Context : 0) + 64;
        long thread = Rented(tile) + Rented((rows + m.Height) * m.Context);
        bool isSplit = tasks < 3L * Workers.Degree && blocks > 1 && Workers.Degree > 1;
        return (Math.Min(Workers.Degree, Math.Max(1, tasks * blocks)) * thread) + (isSplit ? Rented(tasks * blocks * rows * (m.Context + 16)) : 0);
    }

    private static long BackwardBytes(in AttentionShape shape, int parameterCount, int valueRows, int tableWidth)
    {
        MemorySizes m = new(shape, valueRows);
        bool isFew = m.Rows <= AttentionCall.MostFewRows;
        int keyBlock = m.Widest <= 64 ? 192 : 96, tileRows = isFew ? AttentionCall.MostFewRows : m.Widest <= 160 ? 96 : 48;
        long blocks = (shape.Keys / keyBlock) + 1, tasks = m.Batch * blocks, tiles = (m.Rows / tileRows) + 1, width = keyBlock + m.Panel;
        long sums = tasks * parameterCount > 1 << 22 ? parameterCount : tasks * parameterCount, allRows = shape.Rows(false);
        long shared = Rented((sizeof(RowGradient) / sizeof(float) * allRows) + (2 * sums) + (m.Batch * tiles) + 64) + Rented(allRows * valueRows);
        long tile = (isFew ? 0 : width * (shape.HeadDim + shape.ValueDim + (2 * m.Query) + m.Context)) + (tileRows * ((2 * m.Query) + m.Context + (2 * (keyBlock + 16))));
        long extra = (2 * ((tileRows * (1L + tableWidth)) + width)) + (tileRows * ((sizeof(ScoreRow) / 4) + 8L)) + (tileRows * width) + 128;
        return shared + (Math.Min(Workers.Degree, Math.Max(1, tasks)) * Rented(tile + extra));
    }

    private static long Rented(long floats) => Math.Max(4096, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)floats) * 4);

    /// <summary>Sizes of tiles, all in floats, generously rounded.</summary>
    private readonly struct MemorySizes
    {
        public readonly long Batch, Rows, TaskRows, Query, Context, Block;
        public readonly int Height, Panel, Widest;

        public MemorySizes(in AttentionShape shape, int valueRows)
        {
            AttentionCall call = new() { Dim = shape.HeadDim, ValueDim = shape.ValueDim };
            (Panel, Height) = Simd.Bits == 512 ? (Packing.PanelWidth<Simd512>(), GemmTile.Height<Simd512>())
                : Simd.Bits == 256 ? (Packing.PanelWidth<Simd256>(), GemmTile.Height<Simd256>()) : (Packing.PanelWidth<Simd128>(), GemmTile.Height<Simd128>());
            (Block, Widest) = (call.Block, Math.Max(shape.HeadDim, shape.ValueDim));
            (Batch, Rows) = ((long)shape.Batch * shape.KeyValueHeadCount, (long)shape.Queries * shape.Group);
            TaskRows = call.TaskRows(Batch, Rows, Height);
            (Query, Context) = (shape.HeadDim + 32 + Panel, shape.ValueDim + 32 + Panel + (valueRows == 0 ? 0 : valueRows + Panel));
        }
    }
}

/// <summary>Bytes that an attention takes.</summary>
/// <param name="Operands">Queries, keys, values, parameters and tables.</param>
/// <param name="Results">Output and log-sum-exp, which the backward pass needs.</param>
/// <param name="Gradients">Gradients of all operands.</param>
/// <param name="Forward">Temporary memory of a forward pass, at most; kept for reuse by later calls.</param>
/// <param name="Backward">Temporary memory of a backward pass, at most; kept likewise.</param>
public readonly record struct AttentionMemory(long Operands, long Results, long Gradients, long Forward, long Backward)
{
    /// <summary>Everything, without a backward pass.</summary>
    public long Inference => Operands + Results + Forward;

    /// <summary>Everything, with a backward pass (the gradient of the output included).</summary>
    public long Training => Operands + (2 * Results) + Gradients + Math.Max(Forward, Backward);
}
