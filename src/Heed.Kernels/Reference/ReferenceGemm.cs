namespace Heed.Kernels;

/// <summary><see cref="Gemm"/> in double precision: three plain loops, the oracle of tests and of gradient checks.</summary>
public static class ReferenceGemm
{
    /// <summary>C = activation(A·B + bias), or activation(C + A·B).</summary>
    /// <param name="a">A: element (i, p) at i·aRowStride + p·aColumnStride.</param>
    /// <param name="aStrides">Distance of A's rows and of its columns.</param>
    /// <param name="b">B: element (p, j) at p·bRowStride + j·bColumnStride.</param>
    /// <param name="bStrides">Distance of B's rows and of its columns.</param>
    /// <param name="c">C: (rows, columns), row-major without gaps.</param>
    /// <param name="shape">Rows, columns and depth of the product.</param>
    /// <param name="output">Whether C is overwritten or added to.</param>
    /// <param name="bias">Empty, or one value a column.</param>
    /// <param name="activation">Applied to the finished elements.</param>
    public static void Multiply(
        ReadOnlySpan<double> a, (int Row, int Column) aStrides, ReadOnlySpan<double> b, (int Row, int Column) bStrides, Span<double> c,
        (int Rows, int Columns, int Depth) shape, GemmOutput output = GemmOutput.Overwrite, ReadOnlySpan<double> bias = default, Activation activation = Activation.None)
    {
        for (int i = 0; i < shape.Rows; i++)
        {
            for (int j = 0; j < shape.Columns; j++)
            {
                ref double element = ref c[(i * shape.Columns) + j];
                double sum = output == GemmOutput.Accumulate ? element : bias.IsEmpty ? 0 : bias[j];
                for (int p = 0; p < shape.Depth; p++)
                    sum += a[(i * aStrides.Row) + (p * aStrides.Column)] * b[(p * bStrides.Row) + (j * bStrides.Column)];
                element = activation switch
                {
                    Activation.Relu => Math.Max(sum, 0),
                    Activation.Tanh => Math.Tanh(sum),
                    Activation.Sigmoid => 1 / (1 + Math.Exp(-sum)),
                    Activation.HardSwish => sum * Math.Clamp((sum / 6) + 0.5, 0, 1),
                    Activation.Gelu => ReferenceElementwise.Gelu(sum),
                    Activation.GeluExact => ReferenceElementwise.GeluExact(sum),
                    Activation.Silu => ReferenceElementwise.Silu(sum),
                    _ => sum,
                };
            }
        }
    }
}
