namespace Heed.Tests.Tensors;

public sealed class DropoutOverTimeTests
{
    [Fact]
    public void A_sequence_has_one_mask_for_all_its_steps_and_others_have_another()
    {
        float[] ones = [.. Enumerable.Repeat(1f, 3 * 4 * 64)];
        float[] y = Tensor.From(ones, new Shape(3, 4, 64)).DropoutOverTime(0.5f, 3).ToArray();
        for (int b = 0; b < 3; b++)
        {
            float[] mask = y[(b * 256)..((b * 256) + 64)];
            mask.ShouldAllBe(v => v == 0 || v == 2);
            mask.Count(v => v == 0).ShouldBeInRange(16, 48);
            for (int t = 1; t < 4; t++)
                y[((b * 256) + (t * 64))..((b * 256) + (t * 64) + 64)].ShouldBe(mask);
        }
        y[..64].ShouldNotBe(y[256..320]);
        Should.Throw<ShapeException>(() => Tensor.From([1, 2], new Shape(2)).DropoutOverTime(0.5f, 3));
    }
}
