using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>How an operand lies in memory.</summary>
public enum Layout
{
    /// <summary>Row-major without gaps.</summary>
    Plain,

    /// <summary>Row-major with gaps between rows.</summary>
    Padded,

    /// <summary>By columns.</summary>
    Transposed,

    /// <summary>By columns with gaps.</summary>
    TransposedPadded,

    /// <summary>Gaps in both directions.</summary>
    Strided,

    /// <summary>One row, repeated: row stride 0.</summary>
    Broadcast,
}

/// <summary>A product with random operands, and its checks. Every gap holds NaN, so a read or a write that strays shows.</summary>
public sealed class GemmProblem
{
    private readonly float[] a, b, c, bias;
    private readonly (int Row, int Column) aStrides, bStrides;
    private readonly int cStride;
    private readonly GemmOutput output;
    private readonly Activation activation;

    public GemmProblem(
        int rows, int columns, int depth, Layout aLayout = Layout.Plain, Layout bLayout = Layout.Plain, int cGap = 0,
        GemmOutput output = GemmOutput.Overwrite, bool hasBias = false, Activation activation = Activation.None, int seed = 1)
    {
        var random = new System.Random(seed);
        (Rows, Columns, Depth) = (rows, columns, depth);
        (this.output, this.activation, cStride) = (output, activation, columns + cGap);
        (a, aStrides) = Operand(random, rows, depth, aLayout);
        (b, bStrides) = Operand(random, depth, columns, bLayout);
        c = new float[Math.Max(0, (rows * cStride) - cGap)];
        Array.Fill(c, float.NaN);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                c[(i * cStride) + j] = output == GemmOutput.Accumulate ? random.NextSingle() - 0.5f : float.NaN;
        }
        bias = hasBias ? [.. Enumerable.Range(0, columns).Select(_ => random.NextSingle() - 0.5f)] : [];
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Depth { get; }

    /// <summary>The result of the kernel, without gaps; a gap that was written fails.</summary>
    /// <param name="packed">Whether B is packed first.</param>
    public float[] Run(bool packed = false)
    {
        float[] result = [.. c];
        var from = new ReadOnlyMatrixSpan(a, Rows, Depth, aStrides.Row, aStrides.Column);
        var right = new ReadOnlyMatrixSpan(b, Depth, Columns, bStrides.Row, bStrides.Column);
        var to = new MatrixSpan(result, Rows, Columns, cStride);
        if (packed)
            Gemm.Multiply(from, PackedMatrix.Pack(right), to, output, bias, activation);
        else
            Gemm.Multiply(from, right, to, output, bias, activation);
        for (int i = 0; i < result.Length; i++)
            (i % cStride < Columns || float.IsNaN(result[i])).ShouldBeTrue("a gap of C was written");
        return [.. Enumerable.Range(0, Rows * Columns).Select(i => result[(i / Columns * cStride) + (i % Columns)])];
    }

    /// <summary>Rows and columns of the product alone.</summary>
    public float[] RunPart(int firstRow, int rows, int firstColumn, int columns)
    {
        float[] result = new float[rows * columns];
        for (int i = 0; i < result.Length; i++)
            result[i] = c[((firstRow + (i / columns)) * cStride) + firstColumn + (i % columns)];
        Gemm.Multiply(
            new(a.AsSpan(firstRow * aStrides.Row), rows, Depth, aStrides.Row, aStrides.Column),
            new ReadOnlyMatrixSpan(b.AsSpan(firstColumn * bStrides.Column), Depth, columns, bStrides.Row, bStrides.Column),
            new(result, rows, columns), output, bias.Length == 0 ? [] : bias.AsSpan(firstColumn, columns), activation);
        return result;
    }

    /// <summary>Fails unless the result obeys the error rule.</summary>
    public void Check(bool packed = false)
    {
        double[] reference = [.. Start().Select(x => (double)x)];
        ReferenceGemm.Multiply(Wide(a), aStrides, Wide(b), bStrides, reference, (Rows, Columns, Depth), output, Wide(bias), activation);
        Tolerance.AssertWithinTwice(
            Run(packed), Plain(), reference, 3e-7, FormattableString.Invariant($"{Rows}x{Columns}x{Depth} A {aStrides} B {bStrides} {output} {activation} packed {packed}"));
    }

    private float[] Start() => [.. Enumerable.Range(0, Rows * Columns).Select(i => c[(i / Columns * cStride) + (i % Columns)])];

    private float[] Plain()
    {
        float[] result = Start();
        for (int i = 0; i < result.Length; i++)
        {
            (int row, int column) = (i / Columns, i % Columns);
            float sum = output == GemmOutput.Accumulate ? result[i] : bias.Length == 0 ? 0 : bias[column];
            for (int p = 0; p < Depth; p++)
                sum += a[(row * aStrides.Row) + (p * aStrides.Column)] * b[(p * bStrides.Row) + (column * bStrides.Column)];
            result[i] = activation switch
            {
                Activation.Relu => MathF.Max(sum, 0),
                Activation.Tanh => MathF.Tanh(sum),
                Activation.Sigmoid => 1 / (1 + MathF.Exp(-sum)),
                Activation.HardSwish => sum * Math.Clamp((sum / 6) + 0.5f, 0, 1),
                Activation.Gelu => 0.5f * sum * (1 + MathF.Tanh(0.797884561f * (sum + (0.044715f * sum * sum * sum)))),
                Activation.GeluExact => sum * (float)ReferenceElementwise.Normal(sum),
                Activation.Silu => sum / (1 + MathF.Exp(-sum)),
                Activation.None => sum,
                _ => throw new InvalidOperationException($"there is no plain form of {activation} to compare with"),
            };
        }
        return result;
    }

    private static double[] Wide(float[] x) => [.. x.Select(y => (double)y)];

    private static (float[] Data, (int Row, int Column) Strides) Operand(System.Random random, int rows, int columns, Layout layout)
    {
        (int Row, int Column) strides = layout switch
        {
            Layout.Plain => (columns, 1),
            Layout.Padded => (columns + 3, 1),
            Layout.Transposed => (1, rows),
            Layout.TransposedPadded => (1, rows + 5),
            Layout.Strided => ((2 * columns) + 1, 2),
            _ => (0, 1),
        };
        // No float more than the matrix needs: the span check and the kernel must agree on the end.
        float[] data = new float[rows == 0 || columns == 0 ? 0 : ((rows - 1) * strides.Row) + ((columns - 1) * strides.Column) + 1];
        Array.Fill(data, float.NaN);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                data[(i * strides.Row) + (j * strides.Column)] = random.NextSingle() - 0.5f;
        }
        return (data, strides);
    }
}
