namespace Heed.Tests.Inspection.Report;

public sealed class ExplanationSectionsTests
{
    [Fact]
    public void Explanations_of_a_text_are_rows_over_its_tokens()
    {
        Explanation first = new() { Model = "text classifier", Source = "good bad", Target = "log odds of 'a'", Value = 1.25, Method = "attention", Scores = [0.75f, 0.25f], Ranges = [0..4, 5..8] };
        ShadedText text = ExplanationSections.OfText([first, first with { Method = "integrated-gradients", Scores = [2, -1], CompletenessGap = 0.125, Notes = ["from zeros"], IsSigned = true }]);
        text.Text.ShouldBe("good bad");
        text.Tokens.ShouldBe([0..4, 5..8]);
        text.Rows.Select(r => r.Name).ShouldBe(["attention", "integrated-gradients"]);
        text.Rows[1].Weights.ShouldBe([2, -1]);
        text.Rows[1].Note.ShouldBe("from zeros; completeness gap 0.125");
        text.Facts.ShouldContain(("value", "1.2500"));
        Should.Throw<ArgumentException>(() => ExplanationSections.OfText([]));
        Should.Throw<ArgumentException>(() => ExplanationSections.OfText([first, first with { Source = "other" }]));
        Should.Throw<ArgumentException>(() => ExplanationSections.OfPicture(new Picture(1, 1, 1, new byte[1]), [first])).Message.ShouldContain("of a text");
    }

    [Fact]
    public void Explanations_of_a_picture_are_maps_over_it()
    {
        Explanation cam = new() { Model = "image classifier", Source = "cat.png", Target = "log odds of 'cat'", Value = 2, Method = "grad-cam", Scores = [0, 1, 2, 3, 4, 5], GridRows = 2, GridColumns = 3 };
        PictureView view = ExplanationSections.OfPicture(new Picture(4, 4, 1, new byte[16]), [cam, cam with { Method = "occlusion" }]);
        view.Maps.Select(m => (m.Name, m.Rows, m.Columns, m.Values.Span[5])).ShouldBe([("grad-cam", 2, 3, 5), ("occlusion", 2, 3, 5)]);
        string page = new HtmlReport("x").Add(new ReportPictures("Maps", [view])).ToString();
        page.Split("class=\"map\"").Length.ShouldBe(3);
        page.Split("class=\"base\"").Length.ShouldBe(3);
        page.ShouldContain("0 … 5");
    }

    [Fact]
    public void A_classifier_reports_its_errors_by_several_methods_and_whether_these_explain()
    {
        string[] words = ["red", "blue", "green", "small", "large"];
        RandomStream random = new(1, "rows");
        // A fifth of the labels is wrong, so that some rows are.
        TextData rows = TextData.FromRows([.. Enumerable.Range(0, 60).Select(i => ($"{words[random.Next(5)]} {(i % 2 == 0 ? "good" : "bad")} {words[random.Next(5)]}", (i % 2 == 0) ^ (i % 5 == 0) ? "yes" : "no"))]);
        TextClassifier classifier = TextClassifier.Train(rows, rows, new TextClassifierOptions
        {
            Network = new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, AttentionSize = 4 },
            Training = new TrainingOptions { EpochCount = 2, BatchSize = 16, Seed = 1, LearningRate = 0.02 },
        });
        HtmlReport report = classifier.Report(rows, new ReportOptions { Content = ReportContent.All, MaximumRows = 20, Explanation = new ExplanationOptions { Methods = ["occlusion", "gradient-input"] } });
        string[] titles = [.. report.Sections.Select(s => s.Title)];
        titles.ShouldContain("Confusion matrix");
        ReportTexts wrong = report.Sections.OfType<ReportTexts>().First();
        wrong.Title.ShouldBe("Most confident errors");
        report.Sections.OfType<ReportTexts>().Sum(s => s.Texts.Count).ShouldBe(20, "as many as were asked for");
        wrong.Texts[0].Rows.Select(r => r.Name).ShouldBe(["attention", "occlusion", "gradient-input"]);
        ClassificationReport measured = classifier.Evaluate(rows);
        int errors = (int)Math.Round((1 - measured.Accuracy.Value) * 60);
        wrong.Note.ShouldStartWith(FormattableString.Invariant($"{errors} rows were answered wrong"));
        double[] certain = [.. wrong.Texts.Select(t => double.Parse(t.Facts.First(f => f.Name == "probability").Value, System.Globalization.CultureInfo.InvariantCulture))];
        certain.ShouldBe([.. certain.OrderDescending()], "the most certain first");

        FaithfulnessReport faithful = FaithfulnessReport.Measure(rows.Take(4).Select(r => classifier.Explaining(new TextRow(r.Text, null, 0))), new FaithfulnessOptions { Explanation = new ExplanationOptions { Methods = ["attention", "occlusion"] } });
        ReportSection[] sections = [.. ExplanationSections.Of(faithful)];
        sections.Select(s => s.Title).ShouldBe(["Do they explain?", "Deletion", "Insertion", "Agreement"]);
        ReportTable table = sections[0].ShouldBeOfType<ReportTable>();
        table.Rows.Select(r => r[0]).ShouldBe(["attention", "occlusion", "random"]);
        table.Rows[0][5].ShouldBe(FaithfulnessReport.Name(faithful.Methods[0].Verdict));
        sections[1].ShouldBeOfType<ReportChart>().Curves.Count.ShouldBe(3);
    }
}
