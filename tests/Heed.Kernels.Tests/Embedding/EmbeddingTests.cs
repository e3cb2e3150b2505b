namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class EmbeddingTests
{
    [Fact]
    public void Gather_copies_rows()
    {
        foreach (int features in Rows.Lengths.Where(n => n > 0))
        {
            float[] table = Rows.Numbers(11 * features, 90);
            int[] ids = [10, 0, 3, 3, 7];
            Guarded y = new(5 * features);
            double[] expected = new double[5 * features];
            EmbeddingKernel.Gather(table, features, ids, y.Span);
            ReferenceEmbedding.Gather(Rows.Wide(table), features, ids, expected);
            Rows.Wide(y.Checked()).ShouldBe(expected);
        }
    }

    [Fact]
    public void Scatter_adds_every_occurrence_marks_rows_and_skips_padding()
    {
        foreach (int features in Rows.Lengths.Where(n => n > 0))
        {
            int[] ids = [10, 0, 3, 3, 7, 0, 3];
            float[] dy = Rows.Numbers(7 * features, 91), start = Rows.Numbers(11 * features, 92);
            Guarded table = new(start);
            double[] expected = Rows.Wide(start);
            bool[] touched = new bool[11];
            EmbeddingKernel.ScatterAdd(dy, features, ids, table.Span, padding: 0, touched);
            ReferenceEmbedding.ScatterAdd(Rows.Wide(dy), features, ids, expected, padding: 0);
            table.Checked().ShouldBeNear(expected, 3e-7, 1);
            Enumerable.Range(0, 11).Where(i => touched[i]).ShouldBe([3, 7, 10]);
            EmbeddingKernel.ClearRows(table.Span, features, touched);
            touched.ShouldAllBe(t => !t);
            float[] cleared = table.Checked();
            cleared.AsSpan(3 * features, features).ContainsAnyExcept(0).ShouldBeFalse();
            cleared.AsSpan(10 * features, features).ContainsAnyExcept(0).ShouldBeFalse();
            cleared[..(3 * features)].ShouldHaveBitsOf(start[..(3 * features)]);
        }
    }

    [Fact]
    public void A_number_that_is_not_in_the_table_is_named_before_memory_is_touched()
    {
        foreach (int bad in (int[])[11, -1, int.MinValue, int.MaxValue])
        {
            float[] y = [5, 5], table = new float[11];
            bool[] touched = new bool[11];
            Should.Throw<ArgumentOutOfRangeException>(() => EmbeddingKernel.Gather(table, 1, [3, bad], y)).Message
                .ShouldContain(FormattableString.Invariant($"number {bad} at position 1 is not in the table of 11 rows"));
            Should.Throw<ArgumentOutOfRangeException>(() => EmbeddingKernel.ScatterAdd(y, 1, [3, bad], table, -1, touched));
            y.ShouldBe([5, 5]);
            table.ShouldAllBe(v => v == 0);
            touched.ShouldAllBe(t => !t);
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        System.Random random = new(93);
        int[] ids = [.. Enumerable.Range(0, 3001).Select(_ => random.Next(37))];
        float[] dy = Rows.Numbers(3001 * 131, 94);
        Rows.SameAtEveryDegree(() =>
        {
            float[] table = new float[37 * 131], y = new float[dy.Length];
            EmbeddingKernel.ScatterAdd(dy, 131, ids, table);
            EmbeddingKernel.Gather(table, 131, ids, y);
            return [.. table, .. y];
        });
    }
}
