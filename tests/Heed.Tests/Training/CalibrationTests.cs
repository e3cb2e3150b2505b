namespace Heed.Tests.Training;

public sealed class CalibrationTests
{
    [Fact]
    public void Error_and_coverage_agree_with_a_worked_example()
    {
        // Bins of 1/15: 0.61 and 0.65 in one (one right), 0.95 alone (right), 0.81 alone (wrong).
        Calibration c = new([0.61f, 0.65f, 0.95f, 0.81f], [true, false, true, false]);
        c.ExpectedError.ShouldBe((Math.Abs(1 - 0.61 - 0.65) + 0.05 + 0.81) / 4, 1e-6);
        c.MeanConfidence.ShouldBe(0.755, 1e-6);
        c.At(0.8).ShouldBe(new CoveragePoint(0.8, 0.5, 0.5));
        c.At(0.9).ShouldBe(new CoveragePoint(0.9, 0.25, 1));
        double.IsNaN(c.At(0.99).Accuracy).ShouldBeTrue();
        c.Curve[0].ShouldBe(new CoveragePoint(0, 1, 0.5));
    }

    [Fact]
    public void Average_precision_agrees_with_worked_examples()
    {
        AveragePrecision.Of([0.9f, 0.8f, 0.7f, 0.6f], [true, false, true, false]).ShouldBe((1 + (2.0 / 3)) / 2, 1e-12);
        // Equal scores count together: the order of rows must not matter.
        AveragePrecision.Of([0.5f, 0.5f, 0.5f], [true, false, false]).ShouldBe(1.0 / 3, 1e-12);
        AveragePrecision.Of([0.5f, 0.5f, 0.5f], [false, false, true]).ShouldBe(1.0 / 3, 1e-12);
        double.IsNaN(AveragePrecision.Of([0.5f], [false])).ShouldBeTrue();
    }

    [Fact]
    public void A_report_from_probabilities_has_both()
    {
        ClassificationReport r = ClassificationReport.FromProbabilities([0, 1, 1], [0.9f, 0.1f, 0.2f, 0.8f, 0.6f, 0.4f], ["a", "b"], 0.4);
        r.Accuracy.Value.ShouldBe(2.0 / 3, 1e-12);
        r.Classes.Select(c => c.AveragePrecision).ShouldBe([1, 1], 1e-12);
        r.Calibration!.At(0.7).ShouldBe(new CoveragePoint(0.7, 2.0 / 3, 1));
        string text = r.ToString();
        text.ShouldContain("PR-AUC");
        text.ShouldContain("calibration error");
        text.ShouldContain("                0.70     66.7%     1.000");
        Should.Throw<ArgumentException>(() => ClassificationReport.FromProbabilities([0], [1], ["a", "b"])).Message.ShouldContain("need 2 probabilities, got 1");
    }

    [Fact]
    public void Ordered_classes_have_distances()
    {
        // Cohen 1968's weights: one far miss of 2, one near miss of 1 among four rows.
        ClassificationReport r = ClassificationReport.FromProbabilities([0, 1, 2, 2], [1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1], ["low", "mid", "high"], isOrdered: true);
        r.MeanAbsoluteError.ShouldBe(0.75);
        // Σ w·o = 1 + 4; Σ w·e = (1·2·0 + 1·2·4 + 1·2·1 + 1·2·1 + 2·2·4 + 0)/4.
        r.QuadraticKappa.ShouldBe(1 - (5 / 7.0), 1e-12);
        r.ToString().ShouldContain("quadratic kappa");
    }

    [Fact]
    public void Runs_have_Students_interval()
    {
        Interval i = Interval.Mean([1, 2, 3]);
        (i.Value, Math.Round(i.Low, 4), Math.Round(i.High, 4)).ShouldBe((2, Math.Round(2 - (4.3027 / Math.Sqrt(3)), 4), Math.Round(2 + (4.3027 / Math.Sqrt(3)), 4)));
        double.IsNaN(Interval.Mean([1]).Low).ShouldBeTrue();
        Interval.Mean([.. Enumerable.Range(0, 101).Select(n => (double)n)]).High.ShouldBe(50 + (1.98397 * Math.Sqrt(858.5) / Math.Sqrt(101)), 1e-2);
    }
}
