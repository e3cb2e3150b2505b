using Heed.Testing;

namespace Heed.Tests.Testing;

/// <summary>The rule that judges every kernel must itself be sharp.</summary>
public class ToleranceTests
{
    private static readonly double[] Reference = [1, 2, 3, double.NegativeInfinity, double.NaN, 6];
    private static readonly float[] Plain = [1, 2.001f, 3, float.NegativeInfinity, float.NaN, 6];

    [Theory]
    [InlineData(1.0019f, true)]
    [InlineData(1.0021f, false)]
    [InlineData(0.9979f, false)]
    [InlineData(float.NaN, false)]
    [InlineData(float.PositiveInfinity, false)]
    public void Twice_the_plain_error_is_the_limit(float first, bool passes)
    {
        float[] fast = [first, 2, 3, float.NegativeInfinity, float.NaN, 6];
        Action check = () => Tolerance.AssertWithinTwice(fast, Plain, Reference, 0);
        if (passes)
            check();
        else
            Should.Throw<ToleranceException>(check).Message.ShouldContain("at 0 of 6");
    }

    [Fact]
    public void Infinity_and_NaN_must_stand_where_the_reference_has_them()
    {
        foreach (int index in new[] { 3, 4 })
        {
            float[] fast = [1, 2, 3, float.NegativeInfinity, float.NaN, 6];
            fast[index] = 0;
            Should.Throw<ToleranceException>(() => Tolerance.AssertWithinTwice(fast, Plain, Reference, 1)).Message.ShouldContain($"at {index} of 6");
        }
    }

    [Fact]
    public void The_floor_counts_where_the_plain_path_is_exact()
    {
        Tolerance.AssertWithinTwice([1.0000001f], [1], [1], 1e-6);
        Should.Throw<ToleranceException>(() => Tolerance.AssertWithinTwice([1.00001f], [1], [1], 1e-6));
        Should.Throw<ToleranceException>(() => Tolerance.AssertWithinTwice([1, 2], [1], [1], 1)).Message.ShouldContain("lengths differ");
        Should.Throw<ToleranceException>(() => Tolerance.AssertWithinTwice([1], [float.NaN], [1], 1)).Message.ShouldContain("plain path");
    }

    [Fact]
    public void The_message_shows_the_largest_difference_and_the_first_five_pairs()
    {
        string message = Should.Throw<ToleranceException>(() => Tolerance.AssertWithin([1, 2, 3, 4, 5, 7], [1, 2, 3, 4, 5, 6], 0.5, "context")).Message;
        message.ShouldStartWith("context: largest difference 1 at 5 of 6, allowed 0.5; 1 are above it.");
        message.ShouldContain("[5] 7 expected 6");
        message.Split('\n').Count(line => line.Contains("difference 0", StringComparison.Ordinal)).ShouldBe(5);
    }
}
