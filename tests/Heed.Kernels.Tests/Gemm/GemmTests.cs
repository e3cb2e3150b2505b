namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class GemmTests
{
    // Every size 1 … 70 stands in every place; the partners are prime steps apart, so pairs do not repeat.
    public static IEnumerable<object[]> OddSizes() =>
        Enumerable.Range(1, 70).Select(n => new object[] { n, ((n * 29) % 70) + 1, ((n * 43) % 70) + 1 });

    [Theory]
    [MemberData(nameof(OddSizes))]
    public void Odd_sizes_in_every_place(int x, int y, int z)
    {
        Layout[] layouts = Enum.GetValues<Layout>();
        Activation[] activations = Enum.GetValues<Activation>();
        int turn = x;
        foreach ((int rows, int columns, int depth) in new[] { (x, y, z), (y, z, x), (z, x, y), (x, 70 - (y / 2), 1), (1, x, y), (x, 1, z) })
        {
            Layout aLayout = layouts[turn++ % layouts.Length], bLayout = layouts[turn / 2 % layouts.Length];
            var problem = new GemmProblem(
                rows, columns, depth, aLayout, bLayout, turn % 3, turn % 2 == 0 ? GemmOutput.Accumulate : GemmOutput.Overwrite,
                turn % 4 == 1, activations[turn / 2 % activations.Length], turn);
            problem.Check();
            problem.Check(packed: true);
        }
    }

    public static IEnumerable<object[]> Layouts() =>
        from a in Enum.GetValues<Layout>() from b in Enum.GetValues<Layout>() select new object[] { a, b };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_pair_of_layouts(Layout a, Layout b)
    {
        // Several blocks of rows and depth, all kinds of tail, few and many panels.
        foreach ((int rows, int columns, int depth) in new[] { (37, 83, 29), (301, 70, 530), (5, 150, 300), (1, 200, 40), (14, 9, 70) })
        {
            new GemmProblem(rows, columns, depth, a, b, cGap: 2).Check();
            new GemmProblem(rows, columns, depth, a, b, 0, GemmOutput.Accumulate).Check(packed: true);
        }
    }

    public static TheoryData<Activation> Activations => [.. Enum.GetValues<Activation>()];

    [Theory]
    [MemberData(nameof(Activations))]
    public void Bias_and_activation_come_after_the_whole_depth(Activation activation)
    {
        // At depth 700 sums spread by 2.2, so that many lie beyond −3 and 3, where hard-swish is clamped.
        foreach (int depth in new[] { 0, 3, 256, 700 })
        {
            new GemmProblem(30, 45, depth, hasBias: true, activation: activation).Check();
            new GemmProblem(30, 45, depth, activation: activation).Check(packed: true);
            new GemmProblem(30, 45, depth, output: GemmOutput.Accumulate, activation: activation).Check();
        }
    }

    [Fact]
    public void Depth_zero_gives_zero_bias_or_C()
    {
        new GemmProblem(13, 37, 0).Run().ShouldAllBe(x => x == 0);
        new GemmProblem(13, 37, 0, hasBias: true).Check();
        new GemmProblem(13, 37, 0, output: GemmOutput.Accumulate).Check(packed: true);
    }

    [Theory]
    [InlineData(0, 5, 5)]
    [InlineData(5, 0, 5)]
    [InlineData(0, 0, 0)]
    public void An_empty_product_does_nothing(int rows, int columns, int depth)
    {
        new GemmProblem(rows, columns, depth).Run().ShouldBeEmpty();
        new GemmProblem(rows, columns, depth).Run(packed: true).ShouldBeEmpty();
    }

    [Fact]
    public void NaN_and_infinity_stay_in_their_row_and_column()
    {
        float[] a = new float[20 * 40], b = new float[40 * 50], c = new float[20 * 50];
        Array.Fill(a, 1f);
        Array.Fill(b, 1f);
        a[(7 * 40) + 3] = float.NaN;
        b[(5 * 50) + 49] = float.PositiveInfinity;
        Gemm.Multiply(new(a, 20, 40), new ReadOnlyMatrixSpan(b, 40, 50), new(c, 20, 50));
        for (int i = 0; i < c.Length; i++)
            c[i].ShouldBe(i / 50 == 7 ? float.NaN : i % 50 == 49 ? float.PositiveInfinity : 40f);
    }

    [Fact]
    public void A_packed_matrix_takes_new_values_of_its_sizes_only()
    {
        float[] first = [1, 2, 3, 4, 5, 6], second = [6, 5, 4, 3, 2, 1], c = new float[3];
        PackedMatrix packed = PackedMatrix.Pack(new(first, 2, 3));
        packed.Fill(new(second, 2, 3));
        Gemm.Multiply(new([1f, 10f], 1, 2), packed, new(c, 1, 3));
        c.ShouldBe([36f, 25f, 14f]);
        Should.Throw<ArgumentException>(() => packed.Fill(new(second, 3, 2))).Message.ShouldContain("(2, 3) is required, got (3, 2)");
    }
}
