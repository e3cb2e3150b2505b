using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class ExplainTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private const string Text = "hello, my order number 7 is broken";

    [Fact]
    public void A_text_is_shaded_once_a_method()
    {
        CommandRun run = CommandRun.Of("explain", model.Model, Text).ShouldSucceed();
        run.Lines[0].ShouldStartWith("log odds of 'repair' = ");
        run.Lines[0].ShouldContain(", p = ");
        run.Lines[1..].Select(line => line.Trim().Split(' ')[0]).ShouldBe(["attention", "value-norm", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
        run.Lines.Single(line => line.Contains("occlusion")).ShouldContain("broken ");
        run.Lines.Single(line => line.Contains("integrated")).ShouldContain("(gap ");
        run.Error.ShouldContain("baseline 'zero'");
        run.Error.ShouldContain("removal by 'delete'");
        CommandRun.With(["explain", model.Model, Text], isTerminal: true).ShouldSucceed().Out.ShouldContain("\u001b[");
    }

    [Fact]
    public void As_JSON_there_is_an_object_for_each_input_and_method()
    {
        CommandRun run = CommandRun.Of("explain", model.Model, Text, "the lamp is late", "--methods", "occlusion,attention:view0", "--target", "shipping", "--json").ShouldSucceed();
        run.Lines.Length.ShouldBe(4);
        using JsonDocument json = JsonDocument.Parse(run.Lines[0]);
        json.RootElement.GetProperty("target").GetString().ShouldBe("log odds of 'shipping'");
        json.RootElement.GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("text").GetString()).ShouldBe(["hello", ",", "my", "order", "number", "7", "is", "broken"]);
        run.Lines[1].ShouldContain("\"method\":\"attention:view0\"");
    }

    [Fact]
    public void Faithfulness_is_measured_over_a_file_and_ends_in_verdicts()
    {
        string[] command = ["explain", model.Model, "--data", model.Test, "--text", "text", "--limit", "12", "--methods", "attention,occlusion", "--faithfulness"];
        CommandRun run = CommandRun.Of(command).ShouldSucceed();
        run.Lines[0].ShouldStartWith("12 inputs, removal by 'delete'");
        run.Out.ShouldContain("random order");
        run.Lines.First(line => line.StartsWith("occlusion", StringComparison.Ordinal)).ShouldEndWith("explains");
        run.Error.ShouldContain("both lie above zero");
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of([.. command, "--json", "--removal", "unknown"]).ShouldSucceed().Out);
        JsonElement occlusion = json.RootElement.GetProperty("methods")[1];
        occlusion.GetProperty("comprehensivenessGap").GetProperty("low").GetDouble().ShouldBeGreaterThan(0);
        occlusion.GetProperty("deletion").GetArrayLength().ShouldBe(11);
        json.RootElement.GetProperty("removal").GetString().ShouldBe("unknown");
        CommandRun.Of([.. command, "--json", "--removal", "unknown"]).Out.ShouldBe(CommandRun.Of([.. command, "--json", "--removal", "unknown", "--threads", "1"]).Out, "the same bits again");
    }

    [Fact]
    public void Attention_and_weights_are_changed_by_force()
    {
        string[] data = ["--data", model.Test, "--text", "text", "--limit", "6"];
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "uniform"]).ShouldSucceed().Out.ShouldContain("uniform");
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "permute"]).ShouldSucceed().Lines.Length.ShouldBe(2);
        using JsonDocument adversarial = JsonDocument.Parse(CommandRun.Of(["explain", model.Model, .. data, "--intervene", "adversarial", "--json"]).ShouldSucceed().Out);
        adversarial.RootElement.GetProperty("divergence").GetProperty("value").GetDouble().ShouldBeInRange(0.01, Math.Log(2));
        adversarial.RootElement.GetProperty("change").GetProperty("value").GetDouble().ShouldBeLessThan(0.011);
        CommandRun run = CommandRun.Of(["explain", model.Model, .. data, "--intervene", "randomize", "--methods", "occlusion,attention"]).ShouldSucceed();
        run.Lines[0].ShouldContain("occlusion");
        run.Lines[^1].ShouldStartWith("embedding");
        CommandRun.Of("explain", model.Model, Text, "--intervene", "shuffle").ShouldRefuse("uniform, permute, adversarial, given, trained-adversary, uniform-trained, randomize");
    }

    [Fact]
    public void Weights_are_given_unit_by_unit_or_by_the_text_of_units()
    {
        string[] command = ["explain", model.Model, Text, "--intervene", "given"];
        CommandRun run = CommandRun.Of([.. command, "--weights", "0,0,0,0,0,0,1,3"]).ShouldSucceed();
        run.Lines[0].ShouldStartWith("answer");
        run.Lines[1].ShouldStartWith("repair");
        run.Error.ShouldContain("weights, divided by their sum: 'is' 0.25, 'broken' 0.75");
        CommandRun named = CommandRun.Of([.. command, "--weights", "broken=0.3, is=0.1"]).ShouldSucceed();
        named.Out.ShouldBe(run.Out);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of([.. command, "--weights", "hello=1", "--json"]).ShouldSucceed().Out);
        JsonElement root = json.RootElement;
        (root.GetProperty("changed").GetDouble() - root.GetProperty("own").GetDouble()).ShouldBe(root.GetProperty("change").GetDouble(), 1e-9);
        root.GetProperty("change").GetDouble().ShouldNotBe(0);
        root.GetProperty("weights")[0].GetProperty("weight").GetDouble().ShouldBe(1);
        root.GetProperty("weights")[0].GetProperty("text").GetString().ShouldBe("hello");
        root.GetProperty("answer").GetString().ShouldNotBeNull();
        CommandRun.Of(command).ShouldRefuse("--intervene given needs the weights");
        CommandRun.Of("explain", model.Model, Text, "--weights", "1").ShouldRefuse("--weights is of --intervene given");
        CommandRun.Of([.. command, "--weights", "1,2"]).ShouldRefuse("--weights has 2 numbers, and the input 8 units", "1 'hello', 2 ',', 3 'my'", "8 'broken'");
        CommandRun.Of([.. command, "--weights", "lamp=1"]).ShouldRefuse("'lamp=1' is no unit with a weight", "8 'broken'");
        CommandRun.Of([.. command, "--weights", "0,0,0,0,0,0,0,-1"]).ShouldRefuse("'-1' must be a number of at least 0");
        CommandRun.Of([.. command, "--weights", "0,0,0,0,0,0,0,NaN"]).ShouldRefuse("'NaN' must be a number");
        CommandRun.Of([.. command, "--weights", "0,0,0,0,0,0,0,0"]).ShouldRefuse("all weights are 0");
        CommandRun.Of([.. command, "another", "--weights", "1"]).ShouldRefuse("is of one input");
        CommandRun.Of("explain", model.Model, "--data", model.Test, "--intervene", "given", "--weights", "1").ShouldRefuse("is of one input");
        CommandRun.Of("explain", model.Model, " ", "--intervene", "given", "--weights", "1").ShouldRefuse("no token");
    }

    [Fact]
    public void A_second_model_learns_to_look_elsewhere()
    {
        using TemporaryFolder folder = new();
        string[] data = ["--data", model.Test, "--text", "text", "--limit", "6"], command = ["explain", model.Model, .. data, "--intervene", "trained-adversary", "--learn-from", model.Data];
        CommandRun run = CommandRun.Of([.. command, "--adversary-epochs", "2", "--adversary-out", folder["other"], "--json"]).ShouldSucceed();
        run.Error.ShouldContain("looks elsewhere");
        using JsonDocument json = JsonDocument.Parse(run.Out);
        json.RootElement.GetProperty("intervention").GetString().ShouldBe("trained-adversary");
        json.RootElement.GetProperty("divergence").GetProperty("value").GetDouble().ShouldBeInRange(0.001, Math.Log(2));
        CommandRun.Of("predict", folder["other"], Text).ShouldSucceed();
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "trained-adversary"]).ShouldRefuse("give the rows that it learns from with --learn-from");
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "uniform", "--divergence", "1"]).ShouldRefuse("--divergence is of --intervene trained-adversary");
        CommandRun.Of([.. command, "--divergence", "-1"]).ShouldRefuse("Divergence must be at least 0");
        CommandRun.Of([.. command, "--adversary-out", model.Data]).ShouldRefuse("is a file");
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "trained-adversary", "--learn-from", folder["none.tsv"]]).ShouldRefuse("none.tsv");
    }

    [Fact]
    public void A_second_model_learns_the_task_with_even_weights()
    {
        using TemporaryFolder folder = new();
        string[] data = ["--data", model.Test, "--text", "text", "--limit", "40"], command = ["explain", model.Model, .. data, "--intervene", "uniform-trained", "--learn-from", model.Data];
        CommandRun run = CommandRun.Of([.. command, "--learn-dev", model.Test, "--adversary-out", folder["even"], "--json"]).ShouldSucceed();
        using JsonDocument json = JsonDocument.Parse(run.Out);
        json.RootElement.GetProperty("intervention").GetString().ShouldBe("uniform-trained");
        json.RootElement.GetProperty("inputs").GetInt32().ShouldBe(40);
        json.RootElement.GetProperty("accuracy").GetProperty("value").GetDouble().ShouldBeGreaterThan(0.8);
        json.RootElement.GetProperty("uniformAccuracy").GetProperty("value").GetDouble().ShouldBeGreaterThan(0.8);
        json.RootElement.GetProperty("test").GetProperty("pValue").GetDouble().ShouldBeInRange(0, 1);
        json.RootElement.GetProperty("divergence").GetProperty("value").GetDouble().ShouldBeGreaterThan(0);
        CommandRun.Of("explain", folder["even"], Text, "--intervene", "uniform").ShouldSucceed().Lines[1].ShouldContain("0.000");
        CommandRun people = CommandRun.Of([.. command, "--adversary-epochs", "1"]).ShouldSucceed();
        people.Lines.Count(line => line.StartsWith("even weights", StringComparison.Ordinal)).ShouldBe(1);
        people.Error.ShouldContain("McNemar");
        CommandRun bare = CommandRun.Of(["explain", model.Model, Text, "--intervene", "uniform-trained", "--learn-from", model.Data, "--adversary-epochs", "1"]).ShouldSucceed();
        bare.Error.ShouldContain("accuracies are not compared");
        bare.Lines.Length.ShouldBe(2);
        CommandRun.Of(["explain", model.Model, .. data, "--intervene", "uniform-trained"]).ShouldRefuse("give the rows that it learns from with --learn-from");
        CommandRun.Of([.. command, "--divergence", "1"]).ShouldRefuse("--divergence is of --intervene trained-adversary");
        CommandRun.Of([.. command, "--adversary-epochs", "0"]).ShouldRefuse("EpochCount");
        CommandRun.Of([.. command, "--label", "kind"]).ShouldRefuse("kind");
        CommandRun.Of(["explain", model.Model, Text, "--learn-dev", model.Test]).ShouldRefuse("--learn-dev is of --intervene uniform-trained");
    }

    [Fact]
    public void A_report_shows_inputs_or_figures()
    {
        using TemporaryFolder folder = new();
        string page = folder["explained.report.html"];
        CommandRun.Of("explain", model.Model, Text, "--methods", "attention,occlusion", "--report", page).ShouldSucceed().Error.ShouldContain($"report {page}");
        File.ReadAllText(page).ShouldContain("occlusion");
        CommandRun.Of("explain", model.Model, "--data", model.Test, "--text", "text", "--limit", "4", "--methods", "occlusion", "--faithfulness", "--report", page).ShouldSucceed();
        File.ReadAllText(page).ShouldContain("Do they explain?");
        CommandRun.Of("explain", model.Model, Text, "--report", page, "--intervene", "uniform").ShouldRefuse("--report is of explanations");
        File.WriteAllText(page, "mine");
        CommandRun.Of("explain", model.Model, Text, "--report", page).ShouldRefuse("is no report of Heed");
        File.ReadAllText(page).ShouldBe("mine");
    }

    [Fact]
    public void A_pooling_is_told_of_and_traced_like_heads()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of("explain", model.Model, Text, "--methods", "attention", "--heads", "--trace", folder["trace"], "--trace-type", "f32").ShouldSucceed();
        run.Lines[^1].ShouldStartWith("pooling ");
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("explain", model.Model, Text, "--methods", "attention", "--heads", "--json").ShouldSucceed().Lines[1]);
        JsonElement head = json.RootElement.GetProperty("heads")[0];
        using (AttentionTrace trace = AttentionTrace.Open(folder["trace"]))
        {
            float[] weights = trace.Read(0, 0);
            weights.Length.ShouldBe(8);
            head.GetProperty("entropy").GetDouble().ShouldBe(-weights.Sum(w => w * Math.Log(w)), 1e-5);
        }
        CommandRun.Of("report", folder["trace"], "--of", model.Model).ShouldSucceed();
        File.ReadAllText(folder["trace.report.html"]).ShouldContain("What is looked at");
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["other"], "--epochs", "1", "--hidden", "4", "--embedding", "4", "--quiet").ShouldSucceed();
        CommandRun.Of("report", folder["trace"], "--of", folder["other"]).ShouldRefuse("make it again with this model");
        CommandRun.Of("explain", model.Model, "--data", model.Test, "--text", "text", "--heads", "--faithfulness").ShouldRefuse("--heads goes with explanations");
    }

    [Fact]
    public void Inputs_can_be_spread_over_a_file()
    {
        string[] texts = [.. File.ReadLines(model.Test).Skip(1)];
        CommandRun run = CommandRun.Of("explain", model.Model, "--data", model.Test, "--text", "text", "--limit", "3", "--spread", "--methods", "attention", "--json").ShouldSucceed();
        run.Lines.Length.ShouldBe(3);
        for (int i = 0; i < 3; i++)
            texts[20 * i].ShouldContain(JsonDocument.Parse(run.Lines[i]).RootElement.GetProperty("text").GetString()!);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_in_one_line()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of("explain", model.Model).ShouldRefuse("give inputs, or --data");
        CommandRun.Of("explain", model.Model, Text, "--data", model.Test).ShouldRefuse("not both");
        CommandRun.Of("explain", model.Model, Text, "--methods", "atention").ShouldRefuse("there is no method 'atention'", "Did you mean 'attention'?");
        CommandRun.Of("explain", model.Model, Text, "--methods", "attention:0.1").ShouldRefuse("no layers of self-attention");
        CommandRun.Of("explain", model.Model, Text, "--methods", "rollout").ShouldRefuse("does not apply");
        CommandRun.Of("explain", model.Model, Text, "--target", "repairs").ShouldRefuse("there is no label 'repairs'", "repair");
        CommandRun.Of("explain", model.Model, Text, "--removal", "blur").ShouldRefuse("delete, unknown");
        CommandRun.Of("explain", model.Model, Text, "--faithfulness").ShouldRefuse("two with a token");
        CommandRun.Of("explain", model.Model, " ").ShouldRefuse("no token");
        CommandRun.Of("explain", model.Model, Text, "--limit", "0").ShouldRefuse("--limit");
        CommandRun.Of("explain", model.Model, Text, "--out", folder["o.png"]).ShouldRefuse("--out paints");
        CommandRun.Of("explain", model.Model, Text, "--gates").ShouldRefuse("--gates");
        CommandRun.Of("explain", folder["none"], Text).ShouldRefuse(folder["none"]);
    }
}
