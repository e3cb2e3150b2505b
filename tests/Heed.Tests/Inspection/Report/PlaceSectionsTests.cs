namespace Heed.Tests.Inspection.Report;

/// <summary>The sections of segmenters and detectors.</summary>
public sealed class PlaceSectionsTests
{
    [Fact]
    public void Pixels_are_bars_and_a_matrix_of_shares()
    {
        SegmentationReport measured = new(["sky", "<road>", "never"], [3_000_000_000, 1_000_000_000, 0, 1000, 999_000, 0, 0, 0, 0], pictureCount: 5, loss: 0.5);
        measured.Confusion(0, 1).ShouldBe(1_000_000_000);
        ReportSection[] sections = [.. EvaluationSections.Of(measured)];
        ReportBars bars = sections[0].ShouldBeOfType<ReportBars>();
        bars.Bars.Select(b => (b.Name, Math.Round(b.Share, 4), b.Further[0])).ShouldBe([("sky", Math.Round(3000000000.0 / 4000001000, 4), "4,000,000,000"), ("<road>", Math.Round(999.0 / 1001000, 4), "1,000,000"), ("never", double.NaN, "0")]);
        bars.Mark.ShouldBe(measured.MeanIou);
        string page = new HtmlReport("x").Add(sections[0]).Add(sections[1]).ToString();
        page.ShouldContain("&lt;road&gt;");
        page.ShouldContain("sky as &lt;road&gt;: 1,000,000,000 of 4,000,000,000 pixels, 25.0 %");
        page.ShouldContain(">75.0</td>");
        // A share that rounds to nothing is not nothing.
        page.ShouldContain(">0.1</td>");
    }

    [Fact]
    public void Boxes_are_bars_and_curves_whose_area_is_the_average_precision()
    {
        string[] labels = ["a", "b", "c", "d", "e", "f"];
        RandomStream random = new(1, "boxes");
        List<IReadOnlyList<PictureBox>> truth = [];
        List<IReadOnlyList<ScoredBox>> found = [];
        for (int i = 0; i < 300; i++)
        {
            int label = i % 5;
            PictureBox box = new(label, 10, 10, 50, 50);
            truth.Add([box]);
            bool isRight = random.NextDouble() < 0.7;
            found.Add([new ScoredBox(isRight ? box : new PictureBox(label, 60, 60, 90, 90), (float)((isRight ? 0.3 : 0) + (0.6 * random.NextDouble())))]);
        }
        DetectionReport measured = new(labels, truth, found);
        foreach (BoxClassScore score in measured.Classes.Where(c => c.BoxCount > 0))
        {
            double area = 0, before = 0;
            foreach (RecallPoint p in score.Curve)
                (area, before) = (area + ((p.Recall - before) * p.Precision), p.Recall);
            area.ShouldBe(score.VocPrecision, 1e-9);
            score.Curve.Select(p => p.Precision).ShouldBe([.. score.Curve.Select(p => p.Precision).OrderDescending()], "the highest of any recall from there on");
        }
        measured.Classes[5].Curve.ShouldBeEmpty();
        ReportSection[] sections = [.. EvaluationSections.Of(measured)];
        sections.Select(s => s.Title).ShouldBe(["Classes", "Precision and recall, 1 of 2", "Precision and recall, 2 of 2"]);
        sections[1].ShouldBeOfType<ReportChart>().Curves.Select(c => c.Name).ShouldBe(["a", "b", "c", "d"]);
        ReportChart last = sections[2].ShouldBeOfType<ReportChart>();
        last.Curves.ShouldHaveSingleItem().Name.ShouldBe("e", "f has no boxes");
        last.Curves[0].Points.Count.ShouldBeLessThanOrEqualTo(53);
        last.Curves[0].Points[0].X.ShouldBe(0);
    }

    [Fact]
    public void A_report_and_its_figures_are_one_measurement()
    {
        LanguageModel model = LanguageModel.Train(string.Concat(Enumerable.Repeat("the cat sat. ", 40)), new LanguageModelOptions { Network = new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 1, InnerSize = 16, MaximumLength = 16, Dropout = 0 }, StepCount = 2, EvaluationInterval = 2 });
        HtmlReport page = model.Report("the mat sat on the cat.", out LanguageModelReport measured);
        measured.ShouldBe(model.Evaluate("the mat sat on the cat."));
        page.ToString().ShouldBe(model.Report("the mat sat on the cat.").ToString());
    }
}
