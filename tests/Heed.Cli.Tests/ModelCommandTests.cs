using System.Globalization;
using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>The commands that read a model.</summary>
public sealed class ModelCommandTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private const string Broken = "hello, this lamp is broken", Late = "my order has not arrived";

    [Fact]
    public void Eval_prints_the_report()
    {
        CommandRun run = CommandRun.Of("eval", model.Model, "--data", model.Test).ShouldSucceed();
        run.Out.ShouldContain("rows      60");
        run.Out.ShouldContain("shipping");
        run.Error.ShouldBe($"{model.Test}: TSV, header; 60 rows read, 60 kept\n");
    }

    [Fact]
    public void Eval_as_JSON_holds_the_same_figures()
    {
        JsonElement report = JsonDocument.Parse(CommandRun.Of("eval", model.Model, "--data", model.Test, "--json").ShouldSucceed().Out).RootElement;
        report.GetProperty("rows").GetInt32().ShouldBe(60);
        int right = report.GetProperty("confusion").EnumerateArray().Select((row, i) => row[i].GetInt32()).Sum();
        report.GetProperty("accuracy").GetProperty("value").GetDouble().ShouldBe(right / 60.0, 1e-9);
        report.GetProperty("classes").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public void Predict_answers_each_argument_with_label_probability_and_text()
    {
        CommandRun run = CommandRun.Of("predict", model.Model, Broken, "two\tcells\nand lines").ShouldSucceed();
        run.Lines.Length.ShouldBe(2);
        string[] cells = run.Lines[0].Split('\t');
        cells.Length.ShouldBe(3);
        TextPrediction expected = TextClassifier.Load(model.Model).Predict(Broken);
        cells[0].ShouldBe(expected.Label);
        double.Parse(cells[1], CultureInfo.InvariantCulture).ShouldBe(expected.Probability, 1e-4);
        cells[2].ShouldBe(Broken);
        run.Lines[1].Split('\t')[2].ShouldBe("two cells and lines");
    }

    [Fact]
    public void Predict_reads_a_file_a_column_and_standard_input_with_the_same_answers()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["texts.txt"], $"{Broken}\n{Late}\n");
        File.WriteAllText(folder["table.csv"], $"number,message\n1,\"{Broken}\"\n2,\"{Late}\"\n");
        string expected = CommandRun.Of("predict", model.Model, Broken, Late).ShouldSucceed().Out;
        CommandRun.Of("predict", model.Model, "--file", folder["texts.txt"]).ShouldSucceed().Out.ShouldBe(expected);
        CommandRun.Of("predict", model.Model, "--file", folder["table.csv"], "--text", "message").ShouldSucceed().Out.ShouldBe(expected);
        CommandRun.With(["predict", model.Model], $"{Broken}\r\n{Late}").ShouldSucceed().Out.ShouldBe(expected);
        CommandRun.With(["predict", model.Model, "--text", "2"], $"1\t{Broken}\n2\t{Late}\n").ShouldSucceed().Out.ShouldBe(expected);
    }

    [Fact]
    public void Predict_as_JSON_has_one_object_a_line_with_ranges_into_the_text()
    {
        const string text = "naïve 👩‍👩‍👧 \"lamp\" 灯坏了, broken\u001b[31m";
        CommandRun run = CommandRun.Of("predict", model.Model, "--json", text, "").ShouldSucceed();
        run.Lines.Length.ShouldBe(2);
        JsonElement answer = JsonDocument.Parse(run.Lines[0]).RootElement;
        answer.GetProperty("text").GetString().ShouldBe(text);
        answer.GetProperty("probabilities").EnumerateObject().Sum(p => p.Value.GetDouble()).ShouldBe(1, 1e-5);
        answer.GetProperty("probabilities").GetProperty(answer.GetProperty("label").GetString()!).GetDouble().ShouldBe(answer.GetProperty("probability").GetDouble());
        JsonElement[] weights = [.. answer.GetProperty("weights").EnumerateArray()];
        weights.Sum(w => w.GetProperty("weight").GetDouble()).ShouldBe(1, 1e-4);
        foreach (JsonElement weight in weights)
            text.Substring(weight.GetProperty("start").GetInt32(), weight.GetProperty("length").GetInt32()).ShouldBe(weight.GetProperty("text").GetString());
        JsonDocument.Parse(run.Lines[1]).RootElement.GetProperty("weights").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public void Weights_are_marks_in_a_pipe_and_shades_on_a_terminal()
    {
        CommandRun piped = CommandRun.Of("predict", model.Model, "--weights", Broken).ShouldSucceed();
        piped.Out.ShouldNotContain("\u001b");
        piped.Out.ShouldMatch(@"\[.* 0\.\d\d\]");
        CommandRun shown = CommandRun.With(["predict", model.Model, "--weights", Broken], isTerminal: true).ShouldSucceed();
        shown.Out.ShouldContain("\u001b[");
        Escape().Replace(shown.Out, "").ShouldEndWith("\t" + Broken + "\n");
    }

    [Fact]
    public void A_long_input_is_answered_in_order()
    {
        string[] texts = [.. TinyData.Rows(3000, seed: 5).Select(row => row.Text)];
        CommandRun run = CommandRun.With(["predict", model.Model], string.Join('\n', texts)).ShouldSucceed();
        run.Lines.Select(line => line.Split('\t')[2]).ShouldBe(texts);
    }

    [Fact]
    public void Describe_shows_what_the_model_is_made_of()
    {
        CommandRun run = CommandRun.Of("describe", model.Model).ShouldSucceed();
        foreach (string part in new[] { "bidirectional lstm, additive pooling", "3: billing, repair, shipping", "encoder.weight_ih_l0", "(48, 16)", "seed 1", "best epoch", "train loss" })
            run.Out.ShouldContain(part);
        JsonElement json = JsonDocument.Parse(CommandRun.Of("describe", model.Model, "--json").ShouldSucceed().Out).RootElement;
        long values = json.GetProperty("parameters").EnumerateArray().Sum(p => p.GetProperty("shape").EnumerateArray().Aggregate(1L, (product, size) => product * size.GetInt64()));
        values.ShouldBe(json.GetProperty("parameterCount").GetInt64());
        json.GetProperty("training").GetProperty("trainHash").GetString()!.Length.ShouldBe(64);
        json.GetProperty("bytes").GetInt64().ShouldBeGreaterThan(4 * values);
    }

    private static System.Text.RegularExpressions.Regex Escape() => new("\u001b\\[[0-9;]*m");
}
