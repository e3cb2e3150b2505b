namespace Heed.Kernels;

/// <summary>Matrix products: C = activation(A·B + bias), or C += A·B.</summary>
/// <remarks>
/// <para>Shapes: A (rows, depth), B (depth, columns), C (rows, columns), bias (columns). Transposed operands are strides, see
/// <see cref="ReadOnlyMatrixSpan.Transposed"/>. C must not overlap A or B.</para>
/// <para>Each element is one chain of fused multiply–adds in the order of the depth, starting from 0, the bias, or C: it has the same bits for
/// any number of rows, columns and threads, packed or not. Depth 0 gives 0, the bias, or C.</para>
/// <para>Cost: 2·rows·columns·depth flops. Method: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, with
/// register tiles of 12 × 32 (512 bits) or 6 × 16 (256 bits).</para>
/// </remarks>
public static unsafe class Gemm
{
    /// <summary>Multiplies two matrices.</summary>
    /// <param name="a">A: (rows, depth).</param>
    /// <param name="b">B: (depth, columns).</param>
    /// <param name="c">C: (rows, columns).</param>
    /// <param name="output">Whether C is overwritten or added to.</param>
    /// <param name="bias">Empty, or one value a column; only with <see cref="GemmOutput.Overwrite"/>.</param>
    /// <param name="activation">Applied to the finished elements.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, or C overlaps an operand.</exception>
    public static void Multiply(
        ReadOnlyMatrixSpan a, ReadOnlyMatrixSpan b, MatrixSpan c, GemmOutput output = GemmOutput.Overwrite, ReadOnlySpan<float> bias = default, Activation activation = Activation.None)
    {
        Check(a, b.Rows, b.Columns, c, output, bias);
        if (c.Data.Overlaps(b.Data))
            throw new ArgumentException("Gemm: C overlaps B; give C memory of its own.", nameof(c));
        if (c.Rows == 0 || c.Columns == 0)
            return;
        fixed (float* pb = b.Data)
        {
            GemmCall call = new() { B = pb, RowStrideB = b.RowStride, ColumnStrideB = b.ColumnStride };
            Run(ref call, a, c, output, bias, activation);
        }
    }

    /// <summary>Multiplies by a matrix that was packed before.</summary>
    /// <param name="a">A: (rows, depth).</param>
    /// <param name="b">B: (depth, columns).</param>
    /// <param name="c">C: (rows, columns).</param>
    /// <param name="output">Whether C is overwritten or added to.</param>
    /// <param name="bias">Empty, or one value a column; only with <see cref="GemmOutput.Overwrite"/>.</param>
    /// <param name="activation">Applied to the finished elements.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, or C overlaps A.</exception>
    public static void Multiply(
        ReadOnlyMatrixSpan a, PackedMatrix b, MatrixSpan c, GemmOutput output = GemmOutput.Overwrite, ReadOnlySpan<float> bias = default, Activation activation = Activation.None)
    {
        ArgumentNullException.ThrowIfNull(b);
        Check(a, b.Rows, b.Columns, c, output, bias);
        if (c.Rows == 0 || c.Columns == 0)
            return;
        GemmCall call = new() { Panels = b.Pointer };
        Run(ref call, a, c, output, bias, activation);
        GC.KeepAlive(b);
    }

    private static void Run(ref GemmCall call, ReadOnlyMatrixSpan a, MatrixSpan c, GemmOutput output, ReadOnlySpan<float> bias, Activation activation)
    {
        fixed (float* pa = a.Data, pc = c.Data, pbias = bias)
        {
            call.A = pa;
            call.C = pc;
            call.Bias = pbias;
            (call.RowStrideA, call.DepthStrideA, call.StrideC) = (a.RowStride, a.ColumnStride, c.RowStride);
            (call.Rows, call.Columns, call.Depth) = (c.Rows, c.Columns, a.Columns);
            (call.Accumulate, call.Activation) = (output == GemmOutput.Accumulate, activation);
            Simd.Run(ref call);
        }
    }

    private static void Check(ReadOnlyMatrixSpan a, int depth, int columns, MatrixSpan c, GemmOutput output, ReadOnlySpan<float> bias)
    {
        if (a.Columns != depth || c.Rows != a.Rows || c.Columns != columns)
            throw new ArgumentException(FormattableString.Invariant($"Gemm: C ({c.Rows}, {c.Columns}) = A ({a.Rows}, {a.Columns}) · B ({depth}, {columns}) does not fit; (rows, columns) = (rows, depth) · (depth, columns) is required. Is an operand transposed?"), nameof(a));
        if (bias.Length != 0 && (bias.Length != columns || output == GemmOutput.Accumulate))
            throw new ArgumentException(FormattableString.Invariant($"Gemm: bias has {bias.Length} values, {columns} are required, and none when accumulating."), nameof(bias));
        if (c.Data.Overlaps(a.Data))
            throw new ArgumentException("Gemm: C overlaps A; give C memory of its own.", nameof(c));
        if (bias.Length != 0 && c.Data.Overlaps(bias))
            throw new ArgumentException("Gemm: C overlaps the bias; give C memory of its own.", nameof(c));
    }
}
