namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class DropoutTests
{
    private const ulong Key = 0x1234_5678_9ABC_DEF0;

    [Fact]
    public void The_mask_is_the_references_at_every_length_and_place()
    {
        foreach (int n in Rows.Lengths)
        {
            float[] x = Rows.Numbers(n, 30);
            Guarded y = new(n);
            double[] expected = new double[n];
            DropoutKernel.Forward(x, 0.3f, Key, 17, y.Span);
            ReferenceElementwise.Dropout(Rows.Wide(x), 0.3f, Key, 17, expected);
            y.Checked().ShouldBeNear(expected, 3e-7);
        }
    }

    [Fact]
    public void Backward_uses_the_same_mask_and_adds()
    {
        float[] x = [.. Enumerable.Repeat(1f, 20_011)], y = new float[x.Length], dx = [.. x];
        DropoutKernel.Forward(x, 0.25f, Key, 5, y);
        DropoutKernel.Backward(x, 0.25f, Key, 5, dx);
        dx.ShouldHaveBitsOf([.. y.Select(v => 1 + v)]);
        ((double)y.Count(v => v == 0) / y.Length).ShouldBe(0.25, 0.01);
        ((double)y.Average()).ShouldBe(1, 0.02);
    }

    [Fact]
    public void Positions_beyond_32_bits_have_masks_of_their_own_and_a_span_may_cross()
    {
        float[] x = [.. Enumerable.Repeat(1f, 1003)], crossing = new float[1003], behind = new float[1003], first = new float[1003];
        ulong position = (1ul << 32) - 501;
        DropoutKernel.Forward(x, 0.5f, Key, position, crossing);
        DropoutKernel.Forward(x.AsSpan(501), 0.5f, Key, 1ul << 32, behind.AsSpan(501));
        DropoutKernel.Forward(x, 0.5f, Key, 0, first);
        crossing[501..].ShouldHaveBitsOf(behind[501..]);
        behind[501..].ShouldNotBe(first[..502]);
        double[] expected = new double[1003];
        ReferenceElementwise.Dropout(Rows.Wide(x), 0.5f, Key, position, expected);
        crossing.ShouldBeNear(expected);
    }

    [Fact]
    public void Probabilities_0_and_1_keep_all_and_nothing()
    {
        float[] x = [1, float.NaN, 3, float.PositiveInfinity, 5], y = new float[5];
        DropoutKernel.Forward(x, 1, Key, 0, y);
        y.ShouldAllBe(v => v == 0);
        DropoutKernel.Forward(x, 0, Key, 0, y);
        y.ShouldHaveBitsOf(x);
        Should.Throw<ArgumentOutOfRangeException>(() => DropoutKernel.Forward(x, float.NaN, Key, 0, y));
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        float[] x = Rows.Numbers(70_001, 31);
        Rows.SameAtEveryDegree(() =>
        {
            float[] y = new float[x.Length];
            DropoutKernel.Forward(x, 0.4f, Key, 3, y);
            return y;
        });
    }
}
