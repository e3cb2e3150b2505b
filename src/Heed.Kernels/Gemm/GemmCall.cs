namespace Heed.Kernels;

/// <summary>One product with all its pointers: how it is cut into tasks, and what a task does.</summary>
/// <remarks>
/// Loops of a task, from outside: blocks of rows (a packed block of A stays in the second-level cache), blocks of depth, panels of B (a packed
/// panel stays in the first-level cache), tiles of rows. A B that was not packed before is packed a panel at a time, just before use; if its
/// rows are contiguous, the first tile that reads a panel copies it on the way. Tasks with many rows share the copy; two that need a panel at the same time both fill it, with the same numbers. The depth of a product is walked in order, block by block, with
/// C carrying the sums, so the blocking changes no bit.
/// </remarks>
internal unsafe struct GemmCall : ISimdKernel
{
    private const int DepthBlock = 512, RowBlock = 240;

    // From so many rows on the tasks share one packed copy of B, unless it would be larger than so many floats.
    private const int ShareRows = RowBlock + 1, LargestCopy = 1 << 24;

    // A matrix of so many floats does not stay in the second-level cache until it is read again.
    private const int LeavesCache = 1 << 17;

    public float* A;
    public nint RowStrideA;
    public nint DepthStrideA;
    public float* B;
    public nint RowStrideB;
    public nint ColumnStrideB;
    public float* Panels;       // B in panels over the whole depth: a PackedMatrix's memory, or a copy that the tasks share; null: each task packs for itself
    public bool* Ready;         // which panels of a shared copy are filled, (block of depth, panel); null: all
    public float* C;
    public nint StrideC;
    public float* Bias;
    public int Rows, Columns, Depth;
    public bool Accumulate;
    public Activation Activation;
    private int rowTasks, columnTasks, panels;

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        panels = (Columns + Packing.PanelWidth<V>() - 1) / Packing.PanelWidth<V>();
        Split(GemmTile.Height<V>());
        long size = (long)panels * Packing.PanelWidth<V>() * Depth;
        if (Panels != null || Rows < ShareRows || size > LargestCopy)
        {
            RunTasks<V>();
            return;
        }
        int flags = panels * DepthBlocks;
        using Scratch copy = new(size + (flags / sizeof(float)) + 1);
        Panels = copy.Pointer;
        Ready = (bool*)(Panels + size);
        new Span<bool>(Ready, flags).Clear();
        RunTasks<V>();
    }

    private readonly int DepthBlocks => Math.Max(1, (Depth + DepthBlock - 1) / DepthBlock);

    private void RunTasks<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (GemmCall* self = &this)
        {
            if (rowTasks * columnTasks == 1)
                Task<V>(self, 0);
            else
                Workers.Run(&Task<V>, self, rowTasks * columnTasks);
        }
    }

    // Rows are split first: the A of a task is then its own. Packing B once more costs little where a task has several tiles, transposing it
    // where it has ten. A task of a large product has one block of rows: B is read once for each.
    private void Split(int height)
    {
        double work = 2.0 * Rows * Columns * Depth;
        int degree = work < 1e6 ? 1 : Workers.Free, wanted = degree == 1 ? 1 : work < 2e7 ? degree : 4 * degree;
        if (degree > 1 && Rows > wanted * RowBlock)
            wanted = (Rows + (degree * RowBlock) - 1) / (degree * RowBlock) * degree;
        int least = Panels != null || ColumnStrideB == 1 ? 4 : 10;
        rowTasks = Math.Clamp(Rows / (least * height), 1, wanted);
        columnTasks = Math.Clamp((wanted + rowTasks - 1) / rowTasks, 1, panels);
    }

    // Where a matrix that was packed before is read next; after its end, from its start again: it was packed for many products.
    private readonly float* Following<V>(int panel, int depth)
        where V : unmanaged, ISimd<V> =>
        Panels != null && Ready == null ? Panels + (((nint)panel * Depth) + depth) * Packing.PanelWidth<V>() : null;

    private static int Part(int length, int part, int parts) => (int)((long)length * part / parts);

    private static void Task<V>(void* state, int index)
        where V : unmanaged, ISimd<V>
    {
        GemmCall* s = (GemmCall*)state;
        int rowTask = index % s->rowTasks, columnTask = index / s->rowTasks, width = Packing.PanelWidth<V>(), height = GemmTile.Height<V>();
        int firstRow = Part(s->Rows, rowTask, s->rowTasks), endRow = Part(s->Rows, rowTask + 1, s->rowTasks);
        int firstPanel = Part(s->panels, columnTask, s->columnTasks), endPanel = Part(s->panels, columnTask + 1, s->columnTasks);
        int rowBlocks = (endRow - firstRow + RowBlock - 1) / RowBlock, depthBlocks = s->DepthBlocks;
        int longest = (s->Depth + depthBlocks - 1) / depthBlocks, tallest = (endRow - firstRow + rowBlocks - 1) / rowBlocks;
        // In place, A is read with its own stride: well where its rows are contiguous and do not share cache sets, or few panels read it.
        bool packs = tallest > 1 && endPanel - firstPanel >= 4 && (s->DepthStrideA != 1 || s->RowStrideA % 512 == 0);
        int tiles = (tallest + height - 1) / height;
        long sizeA = packs ? tiles * (long)Packing.TileLength<V>(longest) : 0;
        int together = GemmBlock.PanelsTogether<V>(longest);
        long sizeB = s->Panels != null ? 0 : (long)longest * width * Math.Min(together, endPanel - firstPanel);
        using Scratch scratch = new(sizeA + sizeB + (height * width));
        GemmBlock block = new()
        {
            FirstPanel = firstPanel,
            EndPanel = endPanel,
            PackedA = packs ? scratch.Pointer : null,
            Together = together,
            Slots = scratch.Pointer + sizeA,
            Turn = rowTask,
            Edge = scratch.Pointer + sizeA + sizeB,
        };
        for (int r = 0; r < rowBlocks; r++)
        {
            block.FirstRow = firstRow + Part(endRow - firstRow, r, rowBlocks);
            block.Rows = firstRow + Part(endRow - firstRow, r + 1, rowBlocks) - block.FirstRow;
            for (int p = 0; p < depthBlocks; p++)
            {
                block.Ready = s->Ready == null ? null : s->Ready + ((nint)p * s->panels);
                block.FirstDepth = Part(s->Depth, p, depthBlocks);
                block.Depth = Part(s->Depth, p + 1, depthBlocks) - block.FirstDepth;
                block.Following = p + 1 < depthBlocks ? s->Following<V>(firstPanel, Part(s->Depth, p + 1, depthBlocks)) : (long)s->Columns * s->Depth >= LeavesCache ? s->Following<V>(firstPanel, 0) : null;
                block.Activation = p + 1 < depthBlocks ? Activation.None : s->Activation;
                block.Run<V>(s);
            }
        }
    }
}
