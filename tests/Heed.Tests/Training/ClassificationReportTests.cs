namespace Heed.Tests.Training;

public sealed class ClassificationReportTests
{
    [Fact]
    public void Figures_agree_with_a_worked_example()
    {
        // a: 3 rows, 2 found; b: 2 rows, 1 found; c: 1 row, found; one a went to b, one b to c.
        ClassificationReport r = new([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], ["a", "b", "c"]);
        r.Accuracy.Value.ShouldBe(4.0 / 6);
        r.Classes.Select(c => c.Precision).ShouldBe([1, 0.5, 0.5]);
        r.Classes.Select(c => c.Recall).ShouldBe([2.0 / 3, 0.5, 1], 1e-12);
        r.Classes.Select(c => c.F1).ShouldBe([0.8, 0.5, 2.0 / 3], 1e-12);
        r.MacroF1.Value.ShouldBe((0.8 + 0.5 + (2.0 / 3)) / 3, 1e-12);
        (r.Confusion(0, 1), r.Confusion(1, 2), r.Confusion(2, 0)).ShouldBe((1, 1, 0));
        r.MacroF1.Low.ShouldBeLessThan(r.MacroF1.Value);
        r.MacroF1.High.ShouldBeGreaterThan(r.MacroF1.Value);
    }

    [Fact]
    public void Wilsons_interval_has_the_published_values()
    {
        // Newcombe 1998, table I: 81 of 263 and 0 of 20.
        Interval a = Interval.Wilson(81, 263), b = Interval.Wilson(0, 20);
        (Math.Round(a.Low, 4), Math.Round(a.High, 4)).ShouldBe((0.2553, 0.3662));
        (Math.Round(b.Low, 4), Math.Round(b.High, 4)).ShouldBe((0, 0.1611));
    }

    [Fact]
    public void A_class_without_rows_and_predictions_does_not_count() =>
        new ClassificationReport([0, 1], [0, 1], ["a", "b", "never"]).MacroF1.Value.ShouldBe(1);

    [Fact]
    public void Nothing_to_compare_is_refused() =>
        Should.Throw<ArgumentException>(() => new ClassificationReport([], [], ["a"]));
}
