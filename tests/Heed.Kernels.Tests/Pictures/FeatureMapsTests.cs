namespace Heed.Kernels.Tests;

[Trait("Legs", "InstructionSets")]
public sealed class FeatureMapsTests
{
    [Fact]
    public void The_first_maximum_wins_and_nan_is_one()
    {
        float inf = float.PositiveInfinity, nan = float.NaN;
        (float[] Row, float Mean, float Maximum, int At)[] cases =
        [
            ([1, 3, 3, 0], 1.75f, 3, 1), ([-5, -2, -9, -2], -4.5f, -2, 1), ([1, nan, 9, nan], nan, nan, 1), ([inf, 1, -inf, 0], nan, inf, 0), ([-inf, -inf, -inf, -inf], -inf, -inf, 0), ([-1, -1, inf, inf], inf, inf, 2),
        ];
        float[] maps = new float[2 * cases.Length], swapped = new float[maps.Length];
        int[] largest = new int[cases.Length];
        FeatureMapsKernel.Forward(cases.SelectMany(c => c.Row).ToArray(), 4, swapped, largest, maximumFirst: true);
        FeatureMapsKernel.Forward(cases.SelectMany(c => c.Row).ToArray(), 4, maps, largest);
        for (int i = 0; i < cases.Length; i++)
        {
            (maps[2 * i], maps[(2 * i) + 1], largest[i]).ShouldBe((cases[i].Mean, cases[i].Maximum, cases[i].At));
            (swapped[(2 * i) + 1], swapped[2 * i]).ShouldBe((cases[i].Mean, cases[i].Maximum));
        }
        // Beyond a vector, in a part of one.
        float[] row = Rows.Numbers(37, 1), two = new float[2];
        row[35] = 7;
        FeatureMapsKernel.Forward(row, 37, two, largest.AsSpan(0, 1));
        (two[1], largest[0]).ShouldBe((7, 35));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Should.Throw<ArgumentException>(() => FeatureMapsKernel.Forward(new float[8], 4, new float[3], new int[2])).Message.ShouldContain("maps");
        Should.Throw<ArgumentException>(() => FeatureMapsKernel.Forward(new float[8], 3, new float[4], new int[2])).Message.ShouldContain("x");
        Should.Throw<ArgumentException>(() => FeatureMapsKernel.Backward(new float[4], [0, 4], 4, new float[8])).Message.ShouldContain("must lie in 0 … 3, got 4");
        Should.Throw<ArgumentException>(() => FeatureMapsKernel.Backward(new float[4], [0, -1], 4, new float[8])).Message.ShouldContain("got -1");
    }
}
