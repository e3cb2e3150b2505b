namespace Heed.Kernels.Tests;

/// <summary>Whatever does not fit is refused before memory is touched.</summary>
public class GemmArgumentTests
{
    private readonly float[] data = [.. Enumerable.Repeat(float.NaN, 200)];

    [Theory]
    [InlineData(3, 4, 5, 6, 3, 6)]
    [InlineData(3, 4, 4, 6, 2, 6)]
    [InlineData(3, 4, 4, 6, 3, 5)]
    public void Sizes_that_do_not_fit(int aRows, int aColumns, int bRows, int bColumns, int cRows, int cColumns)
    {
        float[] a = new float[aRows * aColumns], b = new float[bRows * bColumns];
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(a, aRows, aColumns), new ReadOnlyMatrixSpan(b, bRows, bColumns), new(data, cRows, cColumns)))
            .Message.ShouldContain(FormattableString.Invariant($"C ({cRows}, {cColumns}) = A ({aRows}, {aColumns}) · B ({bRows}, {bColumns})"));
        PackedMatrix packed = PackedMatrix.Pack(new(b, bRows, bColumns));
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(a, aRows, aColumns), packed, new(data, cRows, cColumns)));
        data.ShouldAllBe(x => float.IsNaN(x));
    }

    [Theory]
    [InlineData(5, GemmOutput.Overwrite)]
    [InlineData(7, GemmOutput.Overwrite)]
    [InlineData(6, GemmOutput.Accumulate)]
    public void A_bias_of_the_wrong_length_or_with_accumulation(int length, GemmOutput output)
    {
        float[] a = new float[12], b = new float[24], bias = new float[length];
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(a, 3, 4), new ReadOnlyMatrixSpan(b, 4, 6), new(data, 3, 6), output, bias)).Message.ShouldContain("bias");
        data.ShouldAllBe(x => float.IsNaN(x));
    }

    [Fact]
    public void Overlap()
    {
        float[] other = new float[40];
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(data, 4, 4), new ReadOnlyMatrixSpan(other, 4, 4), new(data.AsSpan(15), 4, 4))).Message.ShouldContain("overlaps A");
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(other, 4, 4), new ReadOnlyMatrixSpan(data, 4, 4), new(data.AsSpan(8), 4, 4))).Message.ShouldContain("overlaps B");
        Should.Throw<ArgumentException>(() => Gemm.Multiply(new(other, 4, 4), PackedMatrix.Pack(new(other, 4, 4)), new(data, 4, 4), bias: data.AsSpan(3, 4)))
            .Message.ShouldContain("overlaps the bias");
        data.ShouldAllBe(x => float.IsNaN(x));
    }

    [Theory]
    [InlineData(-1, 2, 2, 1)]
    [InlineData(2, -1, 2, 1)]
    [InlineData(2, 2, -1, 1)]
    [InlineData(2, 2, 2, -1)]
    [InlineData(3, 4, 4, 1)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue)]
    public void A_matrix_beyond_its_memory(int rows, int columns, int rowStride, int columnStride) =>
        Should.Throw<ArgumentException>(() => _ = new ReadOnlyMatrixSpan(new float[11], rows, columns, rowStride, columnStride).Rows);

    [Fact]
    public void A_destination_whose_rows_overlap() =>
        Should.Throw<ArgumentException>(() => _ = new MatrixSpan(new float[100], 3, 5, 4).Rows).Message.ShouldContain("rows would overlap");
}
