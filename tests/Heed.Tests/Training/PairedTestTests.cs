namespace Heed.Tests.Training;

public sealed class PairedTestTests
{
    [Theory]
    [InlineData(1, 8, 0.0390625)]
    [InlineData(5, 15, 0.04138947)]
    [InlineData(7, 7, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 5, 0.0625)]
    public void The_exact_test_has_the_binomial_values(int a, int b, double p)
    {
        PairedTest.McNemar(a, b).ShouldBe(p, 1e-7);
        PairedTest.McNemar(b, a).ShouldBe(p, 1e-7);
    }

    [Fact]
    public void Large_counts_neither_overflow_nor_vanish()
    {
        // By the normal approximation with continuity correction.
        PairedTest.McNemar(50_000, 50_600).ShouldBe(0.0589, 5e-4);
        PairedTest.McNemar(0, 100_000).ShouldBe(0, 1e-300);
    }

    [Fact]
    public void Rows_that_only_one_model_has_right_are_counted()
    {
        PairedTest t = PairedTest.Compare([0, 0, 1, 1, 0], [0, 0, 1, 0, 1], [0, 1, 0, 0, 0], 2);
        (t.OnlyFirst, t.OnlySecond).ShouldBe((2, 1));
        t.AccuracyDifference.ShouldBe(0.2, 1e-12);
        t.MacroF1Difference.Low.ShouldBeLessThan(t.MacroF1Difference.Value);
        (t.IsFirstBetter, t.IsSecondBetter).ShouldBe((false, false));
        t.ToString().ShouldContain("p = 1.000 (2 rows right only here, 1 only there)");
    }

    [Fact]
    public void A_clear_difference_has_a_side()
    {
        int[] truth = [.. Enumerable.Range(0, 60).Select(i => i % 2)], wrong = [.. truth.Select((t, i) => i < 20 ? 1 - t : t)];
        PairedTest t = PairedTest.Compare(truth, truth, wrong, 2);
        t.IsFirstBetter.ShouldBeTrue();
        t.MacroF1Difference.Low.ShouldBeGreaterThan(0);
        new BaselineScore("simple", default, default, t).Verdict.ShouldContain("better than the simple one");
        new BaselineScore("simple", default, default, PairedTest.Compare(truth, wrong, truth, 2)).Verdict.ShouldContain("use it");
        new BaselineScore("simple", default, default, PairedTest.Compare(truth, wrong, wrong, 2)).Verdict.ShouldContain("as good");
        Should.Throw<ArgumentException>(() => PairedTest.Compare(truth, truth, [1], 2));
    }

    [Fact]
    public void A_regression_in_one_class_makes_a_new_model_worse()
    {
        // The new model wins 10 rows of a and loses 9 of b.
        int[] truth = [.. Enumerable.Range(0, 200).Select(i => i < 150 ? 0 : 1)];
        int[] old = [.. truth.Select((t, i) => i < 10 ? 1 : t)], updated = [.. truth.Select((t, i) => i is >= 150 and < 159 ? 0 : t)];
        ModelComparison c = new(truth, old, updated, ["a", "b"]);
        c.Test.IsSecondBetter.ShouldBeFalse();
        c.Changes.Select(x => (x.Lost, x.Won, x.IsRegression)).ShouldBe([(0, 10, false), (9, 0, true)]);
        c.IsWorse.ShouldBeTrue();
        c.Verdict.ShouldContain("'b'");
        ModelComparison same = new(truth, old, old, ["a", "b"]);
        (same.IsWorse, same.Verdict).ShouldBe((false, "no difference beyond chance"));
        new ModelComparison(truth, old, truth, ["a", "b"]).Verdict.ShouldBe("the new model is better");
        // An old label that the data do not have is a wrong answer.
        new ModelComparison(truth, [.. truth.Select(t => t == 1 ? 2 : t)], truth, ["a", "b"]).Changes[1].Won.ShouldBe(50);
    }
}
