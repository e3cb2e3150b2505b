namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class ReductionTests
{
    [Fact]
    public void Sums_agree_at_every_length()
    {
        foreach (int n in Rows.Lengths.Append(16_384).Append(16_385).Append(50_021))
        {
            float[] a = Rows.Numbers(n, 20), b = Rows.Numbers(n, 21);
            double size = Rows.Wide(a).Sum(Math.Abs) + 1e-30, dot = ReferenceElementwise.Dot(Rows.Wide(a), Rows.Wide(b));
            Math.Abs(Reduction.Sum(a) - ReferenceElementwise.Sum(Rows.Wide(a))).ShouldBeLessThan(3e-7 * size);
            Math.Abs(Reduction.Dot(a, b) - dot).ShouldBeLessThan(3e-7 * 2 * size);
            Reduction.SumOfSquares(a).ShouldBe(ReferenceElementwise.SumOfSquares(Rows.Wide(a)), 3e-7 * 2 * size);
        }
    }

    [Fact]
    public void A_sum_of_a_million_equal_numbers_is_exact_to_a_few_units()
    {
        float[] a = new float[1_000_003];
        a.AsSpan().Fill(0.1f);
        ((double)Reduction.Sum(a)).ShouldBe(1_000_003 * (double)0.1f, 1);
    }

    [Fact]
    public void Nan_and_infinity_reach_the_sum()
    {
        float[] a = Rows.Numbers(40, 22);
        a[33] = float.PositiveInfinity;
        Reduction.Sum(a).ShouldBe(float.PositiveInfinity);
        a[34] = float.NaN;
        float.IsNaN(Reduction.Sum(a)).ShouldBeTrue();
    }

    [Fact]
    public void Row_and_column_sums_agree()
    {
        foreach (int columns in Rows.Lengths.Where(n => n > 0))
        {
            foreach (int rows in (int[])[1, 31, 32, 33, 67])
            {
                float[] x = Rows.Numbers(rows * columns, 23), z = Rows.Numbers(rows * columns, 24), start = Rows.Numbers(columns, 25);
                Guarded byRow = new(rows), byColumn = new(start), dots = new(start);
                double[] rowSums = new double[rows], columnSums = Rows.Wide(start), columnDots = Rows.Wide(start), product = new double[x.Length];
                Reduction.RowSums(x, columns, byRow.Span);
                Reduction.AddColumnSums(x, byColumn.Span);
                Reduction.AddColumnDots(x, z, dots.Span);
                ReferenceElementwise.RowSums(Rows.Wide(x), columns, rowSums);
                ReferenceElementwise.AddColumnSums(Rows.Wide(x), columnSums);
                ReferenceElementwise.Multiply(Rows.Wide(x), Rows.Wide(z), product);
                ReferenceElementwise.AddColumnSums(product, columnDots);
                byRow.Checked().ShouldBeNear(rowSums, 1e-6, 10);
                byColumn.Checked().ShouldBeNear(columnSums, 1e-6, 10);
                dots.Checked().ShouldBeNear(columnDots, 1e-6, 10);
            }
        }
    }

    [Fact]
    public void The_sum_over_marked_rows_reads_no_other()
    {
        float[] x = [1, 2, float.NaN, float.NaN, 3, 4];
        Reduction.SumOfSquares(x, 2, [true, false, true]).ShouldBe(1 + 4 + 9 + 16);
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(13 * 7919, 26);
        Rows.SameAtEveryDegree(() =>
        {
            float[] columns = new float[13], rows = new float[7919];
            Reduction.AddColumnSums(x, columns);
            Reduction.AddColumnDots(x, x, columns);
            Reduction.RowSums(x, 13, rows);
            return [.. columns, .. rows, Reduction.Sum(x), Reduction.Dot(x, x), (float)Reduction.SumOfSquares(x)];
        });
    }

    [Fact]
    public void Transposition_moves_every_element_of_every_matrix()
    {
        foreach ((int batch, int rows, int columns) in ((int, int, int)[])[(1, 1, 1), (3, 5, 7), (2, 71, 33), (1, 257, 17), (5, 0, 3), (2, 8, 8), (1, 3, 129)])
        {
            float[] x = Rows.Numbers(batch * rows * columns, 27);
            Guarded y = new(x.Length);
            double[] expected = new double[x.Length];
            Transposition.Run(x, rows, columns, y.Span);
            ReferenceElementwise.Transpose(Rows.Wide(x), rows, columns, expected);
            Rows.Wide(y.Checked()).ShouldBe(expected);
        }
        Should.Throw<ArgumentException>(() => Transposition.Run(new float[7], 2, 3, new float[7])).Message.ShouldContain("whole matrices");
    }

    [Fact]
    public void Transposition_of_some_columns_touches_no_others()
    {
        foreach ((int rows, int width, int first, int columns) in ((int, int, int, int)[])[(1, 1, 0, 1), (5, 7, 2, 3), (71, 99, 33, 66), (257, 40, 23, 17), (0, 3, 1, 2), (33, 16, 0, 16), (4, 5, 5, 0)])
        {
            float[] x = Rows.Numbers(rows * width, 28);
            Guarded y = new(rows * columns);
            double[] all = new double[x.Length];
            Transposition.RunColumns(x, width, first, columns, y.Span);
            ReferenceElementwise.Transpose(Rows.Wide(x), rows, width, all);
            Rows.Wide(y.Checked()).ShouldBe(all[(first * rows)..((first + columns) * rows)]);
        }
        Should.Throw<ArgumentException>(() => Transposition.RunColumns(new float[7], 3, 0, 2, new float[4])).Message.ShouldContain("whole rows of 3");
        Should.Throw<ArgumentException>(() => Transposition.RunColumns(new float[6], 3, 0, 2, new float[3]));
        Should.Throw<ArgumentOutOfRangeException>(() => Transposition.RunColumns(new float[6], 3, 2, 2, new float[4]));
    }
}
