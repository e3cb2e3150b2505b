using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class ReportTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] small = ["--epochs", "1", "--hidden", "4", "--embedding", "4", "--attention", "4", "--batch", "16", "--quiet"];

    [Fact]
    public void Training_writes_a_report_beside_the_model()
    {
        string path = model.Model + ".report.html";
        model.Run.Out.ShouldContain("report " + path);
        HtmlReport.IsIn(path).ShouldBeTrue();
        string page = File.ReadAllText(path);
        foreach (string heading in new[] { "Loss by epoch", "Dev rows by epoch", "Figures", "Classes", "Confusion matrix", "Calibration", "Coverage and accuracy", "Most confident errors" })
            page.ShouldContain($">{heading}</h2>");
        page.ShouldContain("Measured on 60 rows of test.tsv.");
        File.Exists(Path.Combine(model.Model, "report.html")).ShouldBeFalse("the folder is the model's alone");
    }

    [Theory]
    [InlineData("none", 0, "holds no texts of the data")]
    [InlineData("errors", 0, "were answered wrong")]
    [InlineData("all", 1, "word for word")]
    public void Which_texts_it_holds_is_chosen_and_said(string choice, int atLeast, string said)
    {
        using TemporaryFolder folder = new();
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", folder["r.html"], "--report-texts", choice).ShouldSucceed().Error.ShouldContain("report " + folder["r.html"]);
        string page = File.ReadAllText(folder["r.html"]);
        string[] texts = [.. File.ReadLines(model.Test).Skip(1).Select(line => line.Split('\t')[1].Split(' ')[^1])];
        page.Split("<article class=\"text\"").Length.ShouldBeGreaterThan(atLeast * 60, "all 60 rows");
        if (choice == "none")
            page.ShouldNotContain("<article");
        page.ShouldContain(said);
        // Each text once, in whichever section it belongs to.
        if (choice == "all")
            texts.ShouldAllBe(word => page.Contains(word));
    }

    [Fact]
    public void No_report_is_written_where_none_is_wanted()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--report", "none", .. small]).ShouldSucceed().Out.ShouldNotContain("report ");
        Directory.GetFileSystemEntries(folder.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_file_of_another_kind_is_not_replaced_and_a_report_is()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["notes.html"], "mine");
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--report", folder["notes.html"], .. small]).ShouldRefuse("notes.html", "no report of Heed");
        File.ReadAllText(folder["notes.html"]).ShouldBe("mine");
        Directory.Exists(folder["model"]).ShouldBeFalse("refused before the training");
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", folder["r.html"]).ShouldSucceed();
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", folder["r.html"]).ShouldSucceed();
    }

    [Fact]
    public void Wrong_places_and_choices_are_refused()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", folder.Path).ShouldRefuse("is a folder");
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", Path.Combine(model.Model, "r.html")).ShouldRefuse("lies in the folder that it is of");
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", folder["r.html"], "--report-texts", "some").ShouldRefuse("none, errors or all");
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--report", "").ShouldRefuse("--report needs the name of a file");
    }
}
