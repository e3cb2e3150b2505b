using System.Runtime.InteropServices;
using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>An element of a product has the same bits however the product is run.</summary>
[Trait("Legs", "InstructionSets")]
[Collection(WorkerTests.Name)]
public class GemmBitTests
{
    public static TheoryData<int, int, int, Layout, Layout> Products() => new()
    {
        { 301, 203, 517, Layout.Plain, Layout.Plain },
        { 97, 64, 300, Layout.Transposed, Layout.Plain },
        { 40, 333, 129, Layout.Plain, Layout.Transposed },
        { 512, 64, 260, Layout.Strided, Layout.TransposedPadded },
        { 1500, 45, 700, Layout.Transposed, Layout.Transposed },
        { 3, 1000, 400, Layout.Plain, Layout.Padded },
        { 1, 1024, 512, Layout.Plain, Layout.Plain },
    };

    [Theory]
    [MemberData(nameof(Products))]
    public void On_any_number_of_threads(int rows, int columns, int depth, Layout a, Layout b)
    {
        var problem = new GemmProblem(rows, columns, depth, a, b, output: GemmOutput.Accumulate);
        float[] Run(int degree, bool packed)
        {
            using var workers = new WorkerDegree(degree);
            return problem.Run(packed);
        }

        float[] expected = Run(1, packed: false);
        foreach (int degree in new[] { 1, 2, 3, 8 })
        {
            SameBits(Run(degree, packed: false), expected);
            SameBits(Run(degree, packed: true), expected);
        }
    }

    [Theory]
    [InlineData(Layout.Plain)]
    [InlineData(Layout.Transposed)]
    [Trait("Weight", "heavy")]
    public void Where_many_tasks_fill_one_copy_of_the_right_operand(Layout b)
    {
        var problem = new GemmProblem(1000, 45, 600, Layout.Plain, b);
        using var workers = new WorkerDegree(8);
        float[] expected = problem.Run();
        for (int i = 0; i < 40; i++)
            SameBits(problem.Run(), expected);
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void A_part_alone_or_in_the_whole(int rows, int columns, int depth, Layout a, Layout b)
    {
        var problem = new GemmProblem(rows, columns, depth, a, b, hasBias: true, activation: Activation.Tanh);
        float[] whole = problem.Run();
        foreach ((int firstRow, int count) in new[] { (0, 1), (rows / 2, 1), (rows / 3, Math.Max(1, rows / 5)) })
        {
            foreach ((int firstColumn, int width) in new[] { (0, columns), (columns / 2, 1), (columns / 3, (columns / 4) + 1) })
            {
                float[] part = problem.RunPart(firstRow, count, firstColumn, width);
                for (int i = 0; i < count; i++)
                    SameBits(part.AsSpan(i * width, width), whole.AsSpan(((firstRow + i) * columns) + firstColumn, width));
            }
        }
    }

    [Fact]
    public void An_element_is_one_chain_in_the_order_of_the_depth()
    {
        // The sum of 2²⁴ and many ones depends on the order: one by one they are lost.
        float[] a = [16777216f, .. Enumerable.Repeat(1f, 999)], b = [.. Enumerable.Repeat(1f, 1000)], c = new float[1];
        Gemm.Multiply(new(a, 1, 1000), new ReadOnlyMatrixSpan(b, 1000, 1), new(c, 1, 1));
        c[0].ShouldBe(16777216f);
    }

    private static void SameBits(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected) =>
        MemoryMarshal.AsBytes(actual).SequenceEqual(MemoryMarshal.AsBytes(expected)).ShouldBeTrue();
}
