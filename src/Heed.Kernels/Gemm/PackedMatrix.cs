namespace Heed.Kernels;

/// <summary>A right-hand operand in the order in which the product reads it, made once for many products: weights.</summary>
/// <remarks>Panels of two vectors' width over the whole depth. Immutable and safe from many threads. Memory: rows × columns floats, columns
/// rounded up to the panel width (32, 16 or 8).</remarks>
public sealed unsafe class PackedMatrix
{
    private readonly float[] memory;
    private readonly int offset;

    private PackedMatrix(int rows, int columns, int panelWidth)
    {
        (Rows, Columns, PanelWidth) = (rows, columns, panelWidth);
        long length = (long)PanelCount * panelWidth * rows;
        memory = GC.AllocateUninitializedArray<float>(checked((int)length + 16), pinned: true);
        fixed (float* start = memory)
            offset = (int)((64 - ((nint)start & 63)) & 63) / sizeof(float);
    }

    /// <summary>Number of rows: the depth of the product.</summary>
    public int Rows { get; }

    /// <summary>Number of columns of the product.</summary>
    public int Columns { get; }

    internal int PanelWidth { get; }

    internal int PanelCount => (Columns + PanelWidth - 1) / PanelWidth;

    // The array is pinned for its whole life, so the pointer stays valid as long as this object is reachable.
    internal float* Pointer => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref memory[offset]);

    /// <summary>Packs a matrix. Cost: one read and one write of it.</summary>
    /// <param name="matrix">rows × columns; use <see cref="ReadOnlyMatrixSpan.Transposed"/> for weights stored as (out, in).</param>
    public static PackedMatrix Pack(ReadOnlyMatrixSpan matrix)
    {
        PackedMatrix packed = new(matrix.Rows, matrix.Columns, 2 * Simd.Width);
        packed.Fill(matrix);
        return packed;
    }

    /// <summary>Packs other values of the same sizes into the same memory; no product may be running on it.</summary>
    /// <param name="matrix">The new values.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public void Fill(ReadOnlyMatrixSpan matrix)
    {
        if (matrix.Rows != Rows || matrix.Columns != Columns)
            throw new ArgumentException(FormattableString.Invariant($"PackedMatrix: ({Rows}, {Columns}) is required, got ({matrix.Rows}, {matrix.Columns})."), nameof(matrix));
        if (Rows == 0 || Columns == 0)
            return;
        fixed (float* b = matrix.Data)
        {
            PanelPacker packer = new() { B = b, RowStride = matrix.RowStride, ColumnStride = matrix.ColumnStride, Panels = Pointer, Depth = Rows, Columns = Columns };
            packer.Run(PanelCount);
        }
    }
}

/// <summary>Packs all panels of a matrix, shared among the workers.</summary>
internal unsafe struct PanelPacker : ISimdKernel
{
    public float* B;
    public nint RowStride;
    public nint ColumnStride;
    public float* Panels;
    public int Depth;
    public int Columns;
    private int panelCount;

    public void Run(int count)
    {
        panelCount = count;
        Simd.Run(ref this);
    }

    public void Run<V>()
        where V : unmanaged, ISimd<V>
    {
        fixed (PanelPacker* self = &this)
        {
            if ((long)Depth * Columns < 64 * 1024)
            {
                for (int i = 0; i < panelCount; i++)
                    One<V>(self, i);
            }
            else
            {
                Workers.Run(&One<V>, self, panelCount);
            }
        }
    }

    private static void One<V>(void* state, int panel)
        where V : unmanaged, ISimd<V>
    {
        PanelPacker* s = (PanelPacker*)state;
        int width = Packing.PanelWidth<V>(), first = panel * width;
        Packing.Panel<V>(s->B + (first * s->ColumnStride), s->RowStride, s->ColumnStride, s->Panels + ((nint)panel * width * s->Depth), s->Depth, Math.Min(width, s->Columns - first));
    }
}
