namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public class RotaryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Heads_agree_with_the_reference_at_every_width(bool interleaved)
    {
        foreach (int rotated in new[] { 2, 6, 8, 16, 30, 32, 62, 64, 70 })
        {
            RotaryShape shape = new(2, rotated + (rotated % 4), rotated, interleaved);
            int[] positions = [3, 0, 40, 7, 7];
            float[] cos = new float[41 * rotated / 2], sin = new float[cos.Length], x = Rows.Numbers(positions.Length * 2 * shape.HeadDim, 5), start = Rows.Numbers(x.Length, 6);
            RotaryKernel.Angles(500, 2, rotated / 2, cos, sin);
            double[] expected = new double[x.Length];
            ReferenceRotary.Forward(Rows.Wide(x), positions, cos, sin, shape, expected);
            Guarded y = new(x.Length), inPlace = new(x), dx = new(start);
            RotaryKernel.Forward(x, positions, cos, sin, shape, y.Span);
            y.Checked().ShouldBeNear(expected, 1e-6, 1);
            RotaryKernel.Forward(inPlace.Span, positions, cos, sin, shape, inPlace.Span);
            inPlace.Checked().ShouldHaveBitsOf(y.Checked(), "in place");
            // A rotation's gradient is the rotation back.
            RotaryKernel.Backward(y.Checked(), positions, cos, sin, shape, dx.Span);
            dx.Checked().ShouldBeNear([.. x.Zip(start, (a, b) => (double)a + b)], 2e-6, 1);
        }
    }

    [Fact]
    public void Dot_products_depend_on_the_distance_alone()
    {
        RotaryShape shape = new(1, 64, 64);
        float[] cos = new float[100 * 32], sin = new float[cos.Length], q = Rows.Numbers(64, 1), k = Rows.Numbers(64, 2);
        RotaryKernel.Angles(10_000, 1, 32, cos, sin);
        double At(int query, int key)
        {
            float[] turnedQ = new float[64], turnedK = new float[64];
            RotaryKernel.Forward(q, [query], cos, sin, shape, turnedQ);
            RotaryKernel.Forward(k, [key], cos, sin, shape, turnedK);
            return Rows.Dot(Rows.Wide(turnedQ), turnedK);
        }
        At(90, 83).ShouldBe(At(7, 0), 2e-5);
        Math.Abs(At(90, 83) - At(8, 0)).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public void A_position_outside_of_the_table_is_refused() =>
        Should.Throw<ArgumentException>(() => RotaryKernel.Forward(new float[4], [2], new float[4], new float[4], new RotaryShape(1, 4, 4), new float[4])).Message.ShouldContain("positions");
}
