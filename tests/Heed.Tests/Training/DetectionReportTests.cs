namespace Heed.Tests.Training;

/// <summary>Average precision by hand, as VOC and as COCO define it.</summary>
public sealed class DetectionReportTests
{
    [Fact]
    public void One_right_and_one_wrong()
    {
        // The surest is wrong, the second right: precision 0, ½ at recall 1.
        DetectionReport report = Report([[Box(0, 0)]], [[Found(50, 0, 0.9f), Found(0, 0, 0.8f)]]);
        report.VocPrecision.ShouldBe(0.5, 1e-12);
        report.CocoPrecision.ShouldBe(0.5, 1e-12);
        // The other way round the wrong one costs nothing.
        Report([[Box(0, 0)]], [[Found(50, 0, 0.8f), Found(0, 0, 0.9f)]]).VocPrecision.ShouldBe(1, 1e-12);
    }

    [Fact]
    public void The_curve_is_made_to_fall_and_read_at_every_point_or_at_101()
    {
        // Two true boxes; right, wrong, right: precision 1, ½, ⅔ at recall ½, ½, 1.
        DetectionReport report = Report([[Box(0, 0), Box(30, 0)]], [[Found(0, 0, 0.9f), Found(60, 0, 0.8f), Found(30, 0, 0.7f)]]);
        report.VocPrecision.ShouldBe((0.5 * 1) + (0.5 * 2 / 3), 1e-12);
        // Recalls 0 … 0.5 are 51 points of 1, the other 50 have ⅔.
        report.CocoHalf.ShouldBe((51 + (50 * 2.0 / 3)) / 101, 1e-12);
        // Only one of two is found: VOC ½; COCO 51 of 101 points.
        DetectionReport half = Report([[Box(0, 0), Box(30, 0)]], [[Found(0, 0, 0.9f)]]);
        half.VocPrecision.ShouldBe(0.5, 1e-12);
        half.CocoHalf.ShouldBe(51.0 / 101, 1e-12);
    }

    [Fact]
    public void A_box_that_was_found_before_is_wrong_and_COCO_gives_a_free_neighbour_what_VOC_does_not()
    {
        Report([[Box(0, 0)]], [[Found(0, 0, 0.9f), Found(1, 0, 0.8f)]]).VocPrecision.ShouldBe(1, "the second one only lowers the precision behind the end");
        // Both lie on the left of two true boxes that overlap by 6 of 14: the second one overlaps the right box by 7 of 13, which is free.
        DetectionReport report = Report([[Box(0, 0), Box(4, 0)]], [[Found(0, 0, 0.9f), Found(1, 0, 0.8f)]]);
        report.VocPrecision.ShouldBe(0.5, 1e-12);
        report.CocoHalf.ShouldBe(1, 1e-12);
    }

    [Fact]
    public void Overlap_decides_at_each_of_COCOs_ten_limits()
    {
        // 10 × 10 beside 10 × 10 shifted by 1: 9 of 11, 0.818: right for 0.5 … 0.8, which are seven of ten.
        DetectionReport report = Report([[Box(0, 0)]], [[Found(1, 0, 0.9f)]]);
        report.CocoPrecision.ShouldBe(0.7, 1e-12);
        report.CocoHalf.ShouldBe(1, 1e-12);
        report.CocoThreeQuarters.ShouldBe(1, 1e-12);
        // An overlap of exactly ½ counts.
        Report([[new PictureBox(0, 0, 0, 10, 10)]], [[new ScoredBox(new PictureBox(0, 0, 0, 10, 5), 1)]]).VocPrecision.ShouldBe(1);
        Report([[new PictureBox(0, 0, 0, 10, 10)]], [[new ScoredBox(new PictureBox(0, 0, 0, 10, 4.9f), 1)]]).VocPrecision.ShouldBe(0);
    }

    [Fact]
    public void Classes_pictures_and_what_is_empty()
    {
        DetectionReport report = new(["a", "b", "c"], [[new(0, 0, 0, 9, 9)], [new(1, 0, 0, 9, 9)]], [[new(new(1, 0, 0, 9, 9), 0.9f), new(new(0, 0, 0, 9, 9), 0.8f)], []]);
        report.Classes[0].VocPrecision.ShouldBe(1);
        report.Classes[1].VocPrecision.ShouldBe(0, "it was found in another picture");
        report.Classes[2].VocPrecision.ShouldBe(double.NaN);
        report.VocPrecision.ShouldBe(0.5);
        report.ToString().ShouldContain("c  AP@0.5      -");
        new DetectionReport(["a"], [[]], [[]]).VocPrecision.ShouldBe(0);
        Should.Throw<ArgumentException>(() => new DetectionReport(["a"], [[]], [])).Message.ShouldContain("1 pictures and found ones of 0");
    }

    [Fact]
    public void Overlap_and_suppression_by_hand()
    {
        Box(0, 0).Overlap(Box(5, 0)).ShouldBe(1.0 / 3, 1e-12);
        Box(0, 0).Overlap(Box(10, 0)).ShouldBe(0);
        ScoredBox other = new(new PictureBox(1, 1, 0, 11, 10), 0.7f);
        // 0.818 gives way to a surer one of its class; another class and one that is far away stay.
        BoxSuppression.Run([Found(1, 0, 0.8f), Found(0, 0, 0.9f), Found(40, 0, 0.1f), other]).ShouldBe([Found(0, 0, 0.9f), other, Found(40, 0, 0.1f)]);
        BoxSuppression.Run([Found(1, 0, 0.8f), Found(0, 0, 0.9f)], overlap: 0.9).Count.ShouldBe(2);
        BoxSuppression.Run([Found(0, 0, 0.8f), Found(40, 0, 0.9f)], most: 1).ShouldBe([Found(40, 0, 0.9f)]);
    }

    private static PictureBox Box(float left, float top) => new(0, left, top, left + 10, top + 10);

    private static ScoredBox Found(float left, float top, float score) => new(Box(left, top), score);

    private static DetectionReport Report(PictureBox[][] truth, ScoredBox[][] found) => new(["thing"], truth, found);
}
