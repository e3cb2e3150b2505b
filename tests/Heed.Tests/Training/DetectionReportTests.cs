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
    public void A_difficult_box_is_neither_missed_nor_wrong_to_find()
    {
        PictureBox thing = Box(30, 0), hard = Box(0, 0) with { Kind = BoxKind.Difficult };
        // Nobody misses it: the one thing that counts is found.
        DetectionReport report = Report([[hard, thing]], [[Found(30, 0, 0.9f)]]);
        (report.VocPrecision, report.CocoHalf, report.Classes[0].BoxCount).ShouldBe((1, 1, 1));
        // Who finds it is not wrong; were it, precision would be ½ at recall 1. The curve keeps the scores of what counts.
        report = Report([[hard, thing]], [[Found(0, 0, 0.9f), Found(30, 0, 0.8f)]]);
        (report.VocPrecision, report.CocoHalf).ShouldBe((1, 1));
        report.Classes[0].Curve.ShouldBe([new RecallPoint(1, 1, 0.8f)]);
        // VOC leaves out whatever lies at it, COCO one box: the second one there is wrong.
        report = Report([[hard, thing]], [[Found(0, 0, 0.9f), Found(1, 0, 0.85f), Found(30, 0, 0.8f)]]);
        (report.VocPrecision, report.CocoHalf).ShouldBe((1, 0.5));
        // Without a thing there is no average precision.
        Report([[hard]], [[Found(0, 0, 0.9f)]]).Classes[0].VocPrecision.ShouldBe(double.NaN);
    }

    [Fact]
    public void VOC_takes_the_box_that_is_overlapped_most_and_COCO_a_thing_before_what_does_not_count()
    {
        // 10 × 10 at 1 overlaps the difficult one at 2 by 9 of 11, and the thing at 4 by 7 of 13, in whichever order they are written.
        PictureBox hard = Box(2, 0) with { Kind = BoxKind.Difficult };
        foreach (PictureBox[] truth in new[] { new[] { hard, Box(4, 0) }, [Box(4, 0), hard] })
        {
            DetectionReport report = Report([truth], [[Found(1, 0, 0.9f)]]);
            report.VocPrecision.ShouldBe(0, "it lies at the difficult one, and the thing is missed");
            report.CocoHalf.ShouldBe(1, 1e-12);
            // At 0.75 it agrees with the difficult one alone.
            report.CocoThreeQuarters.ShouldBe(0);
        }
    }

    [Fact]
    public void A_crowd_takes_any_number_of_boxes_by_the_share_of_them_that_lies_in_it()
    {
        PictureBox thing = Box(200, 0), crowd = new(0, 0, 0, 100, 100) { Kind = BoxKind.Crowd };
        // Each has a hundredth of the crowd, so its overlap is next to nothing; all of it lies inside.
        DetectionReport report = Report([[crowd, thing]], [[Found(0, 0, 0.9f), Found(40, 40, 0.9f), Found(41, 40, 0.9f), Found(200, 0, 0.8f)]]);
        (report.VocPrecision, report.CocoPrecision, report.Classes[0].BoxCount).ShouldBe((1, 1, 1));
        // 6 of 10 columns lie inside: enough for 0.5, 0.55 and 0.6; beyond that it is wrong, before the thing is found.
        report = Report([[crowd, thing]], [[Found(94, 0, 0.9f), Found(200, 0, 0.8f)]]);
        report.VocPrecision.ShouldBe(1);
        (report.CocoHalf, report.CocoThreeQuarters).ShouldBe((1, 0.5));
        report.CocoPrecision.ShouldBe(((3 * 1) + (7 * 0.5)) / 10, 1e-12);
        // Outside it is wrong; and the crowd is of its class alone.
        Report([[crowd, thing]], [[Found(120, 0, 0.9f), Found(200, 0, 0.8f)]]).CocoHalf.ShouldBe(0.5, 1e-12);
        new DetectionReport(["thing", "other"], [[crowd, thing with { Label = 1 }]], [[new(Box(0, 0) with { Label = 1 }, 0.9f), new(thing with { Label = 1 }, 0.8f)]]).CocoHalf.ShouldBe(0.5, 1e-12);
        // A thing inside the crowd is found before the crowd takes the box.
        Report([[crowd, Box(40, 40)]], [[Found(40, 40, 0.9f)]]).CocoHalf.ShouldBe(1, 1e-12);
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
