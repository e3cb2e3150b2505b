using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>Going on after a kill or from a model, searching, cross-validating, other targets.</summary>
public sealed class TrainingPlanTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] small = ["--epochs", "2", "--hidden", "6", "--embedding", "8", "--attention", "4", "--batch", "16", "--learning-rate", "0.02"];

    [Fact]
    public void A_killed_run_goes_on_and_ends_with_the_same_bits()
    {
        using TemporaryFolder folder = new();
        string data = TinyData.Write(folder["train.tsv"], 400);
        string[] Train(string name, string minutes) => ["train", "text", "--data", data, "--out", folder[name], "--epochs", "8", "--patience", "8", "--hidden", "6", "--embedding", "8", "--attention", "4",
            "--batch", "16", "--word-dropout", "0.1", "--averaging", "0.9", "--no-baseline", "--checkpoint-minutes", minutes];
        ProcessStartInfo start = HeedProcess.Start(Train("killed", "0"));
        start.RedirectStandardError = true;
        using (Process process = Process.Start(start)!)
        {
            // Somewhere behind the second epoch, in the middle of a write or not.
            while (process.StandardError.ReadLine() is { } line && !line.TrimStart().StartsWith("2 ", StringComparison.Ordinal))
            {
            }
            process.Kill();
            process.WaitForExit();
        }
        Directory.Exists(folder["killed"]).ShouldBeFalse();
        CommandRun.Of(Train("killed", "5")).ShouldRefuse("add --resume");
        CommandRun.Of([.. Train("killed", "5"), "--seed", "2", "--resume", "--quiet"]).ShouldRefuse("other data, options or network");
        CommandRun resumed = CommandRun.Of([.. Train("killed", "5"), "--resume"]).ShouldSucceed();
        resumed.Error.ShouldContain("going on from epoch ");
        Directory.Exists(folder["killed.checkpoint"]).ShouldBeFalse();
        CommandRun.Of(Train("whole", "-1")).ShouldSucceed();
        File.ReadAllBytes(Path.Combine(folder["killed"], "model.safetensors")).ShouldBe(File.ReadAllBytes(Path.Combine(folder["whole"], "model.safetensors")));
        TextClassifier.Load(folder["killed"]).Record.Epochs.Select(e => e.TrainLoss).ShouldBe(TextClassifier.Load(folder["whole"]).Record.Epochs.Select(e => e.TrainLoss));
    }

    [Fact]
    public void An_interrupted_run_can_be_resumed()
    {
        using TemporaryFolder folder = new();
        string[] train = ["train", "text", "--data", TinyData.Write(folder["train.tsv"], 200), "--out", folder["model"], "--epochs", "6", "--patience", "6", "--hidden", "6", "--embedding", "8", "--attention", "4"];
        CommandRun.InterruptedAt("  best", train).Error.ShouldContain("--resume");
        CommandRun.Of([.. train, "--resume"]).ShouldSucceed();
        TextClassifier.Load(folder["model"]).Record.Epochs.Count.ShouldBe(6);
    }

    [Fact]
    public void A_model_goes_on_with_new_rows_words_and_labels()
    {
        using TemporaryFolder folder = new();
        string data = folder["more.tsv"];
        File.WriteAllLines(data, Enumerable.Range(0, 120).Select(i => i % 2 == 0 ? $"praise\tsplendid wonderful service {i}" : $"repair\tthe lamp is broken {i}").Prepend("label\ttext"));
        CommandRun run = CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], "--init", model.Model, "--epochs", "8", "--batch", "8", "--learning-rate", "0.02"]).ShouldSucceed();
        run.Error.ShouldMatch(@"going on from a trained model: \d+ new tokens, 1 new labels");
        TextClassifier more = TextClassifier.Load(folder["model"]);
        more.Labels.ShouldBe(["billing", "repair", "shipping", "praise"]);
        more.Predict("splendid wonderful service").Label.ShouldBe("praise");
        more.Network.Config.ShouldBeOfType<BlstmConfig>().HiddenSize.ShouldBe(12);
        CommandRun.Of("compare", model.Model, folder["model"], "--data", data).ShouldSucceed().Out.ShouldContain("the new model is better");
        CommandRun.Of("train", "text", "--data", data, "--out", folder["x"], "--init", folder["none"]).ShouldRefuse("no such folder");
    }

    [Fact]
    public void Vectors_of_known_words_are_taken()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["vectors.txt"], "3 4\nlamp 1 2 3 4\nneverseen 9 9 9 9\nOrder 5 6 7 8\n");
        CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--vectors", folder["vectors.txt"], "--freeze-vectors", .. small]).ShouldSucceed();
        run.Error.ShouldMatch(@"2 of \d+ tokens have a vector of length 4");
        TextClassifier trained = TextClassifier.Load(folder["model"]);
        float[] Row(string word) => trained.Network.TokenVectors.Values.Slice(4 * trained.Encoder.Vocabulary.Id(word), 4).ToArray();
        Row("lamp").ShouldBe([1, 2, 3, 4]);
        Row("order").ShouldBe([5, 6, 7, 8]);
        File.WriteAllText(folder["bad.txt"], "lamp 1 2 3\nmy 1 2\n");
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["other"], "--quiet", "--vectors", folder["bad.txt"]).ShouldRefuse("bad.txt, line 2", "3 are required");
        File.WriteAllText(folder["bad.txt"], "lamp 1 2 three\n");
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["other"], "--quiet", "--vectors", folder["bad.txt"]).ShouldRefuse("bad.txt, line 1", "'three' is no number");
    }

    [Fact]
    public void A_search_tells_its_tries_and_keeps_the_best()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--search", "3", .. small]).ShouldSucceed();
        run.Error.ShouldContain("try 1: learning rate 0.02, dropout 0.5, word dropout 0.1, averaging 0.99: dev accuracy");
        run.Error.ShouldContain("try 3: ");
        run.Out.ShouldContain("bag of words");
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["x"], "--search", "0").ShouldRefuse("--search must be from 1 to 192");
    }

    [Fact]
    public void Folds_give_a_mean_with_its_interval_and_a_model_of_all_rows()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--folds", "3", .. small]).ShouldSucceed();
        run.Error.ShouldContain("part 3 of 3: accuracy ");
        run.Out.ShouldMatch(@"accuracy +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]   parts( \d\.\d{3}){3}");
        run.Error.ShouldContain("216 for training and 24 for dev");
        CommandRun.Of("train", "text", "--data", model.Data, "--test", model.Test, "--out", folder["x"], "--folds", "3").ShouldRefuse("leave --dev and --test out");
    }

    [Fact]
    public void Sets_and_numbers_are_trained_evaluated_and_predicted()
    {
        using TemporaryFolder folder = new();
        string[] labels = ["billing", "shipping|late", "repair", "billing|repair", ""];
        string[] texts = ["charged twice", "late again not arrived", "is broken", "costs too much and broken", "hello"];
        File.WriteAllLines(folder["sets.tsv"], Enumerable.Range(0, 200).Select(i => $"{labels[i % 5]}\t{texts[i % 5]} {i % 9}\t{100 * (i % 5)}").Prepend("label\ttext\tprice"));
        CommandRun.Of(["train", "text", "--data", folder["sets.tsv"], "--target", "multi", "--out", folder["sets"], .. small]).ShouldSucceed().Out.ShouldContain("micro F1");
        TextClassifier.Load(folder["sets"]).Network.Config.PerLabel.ShouldBeTrue();
        CommandRun.Of("eval", folder["sets"], "--data", folder["sets.tsv"]).ShouldSucceed().Out.ShouldContain("exact match");
        JsonElement answer = JsonDocument.Parse(CommandRun.Of("predict", folder["sets"], "--json", "is broken 3").ShouldSucceed().Out).RootElement;
        answer.GetProperty("labels").GetArrayLength().ShouldBe(4);
        answer.GetProperty("labels")[0].GetProperty("weights").GetArrayLength().ShouldBe(3);
        CommandRun.Of(["train", "text", "--data", folder["sets.tsv"], "--target", "number", "--label", "price", "--out", folder["numbers"], .. small]).ShouldSucceed().Out.ShouldContain("R²");
        string line = CommandRun.Of("predict", folder["numbers"], "is broken 3").ShouldSucceed().Lines[0];
        double.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture).ShouldBeInRange(-1000, 2000);
        CommandRun.Of("compare", folder["numbers"], folder["numbers"], "--data", folder["sets.tsv"], "--label", "price").ShouldSucceed().Out.ShouldContain("no difference beyond chance");
        CommandRun.Of("compare", folder["sets"], folder["sets"], "--data", folder["sets.tsv"], "--json").ShouldSucceed().Out.ShouldContain("\"micro F1\"");
        CommandRun mixed = CommandRun.Of("compare", folder["sets"], folder["numbers"], "--data", folder["sets.tsv"]);
        (mixed.Code, mixed.Error.Contains("the same target", StringComparison.Ordinal)).ShouldBe((2, true));
        CommandRun.Of("predict", folder["numbers"], "x", "--threshold", "0.5").ShouldRefuse("no probability");
        CommandRun.Of("describe", folder["numbers"]).ShouldSucceed().Out.ShouldContain("target      a number");
    }

    [Fact]
    public void Below_the_threshold_the_answer_is_unsure()
    {
        CommandRun.Of("predict", model.Model, "this lamp is broken", "--threshold", "1").ShouldSucceed().Out.ShouldStartWith("unsure\t");
        CommandRun.Of("predict", model.Model, "this lamp is broken", "--threshold", "0").ShouldSucceed().Out.ShouldStartWith("repair\t");
        CommandRun.Of("predict", model.Model, "x", "--json", "--threshold", "0.99").ShouldSucceed().Out.ShouldContain("\"isSure\":");
        CommandRun run = CommandRun.Of("eval", model.Model, "--data", model.Test, "--threshold", "0.9").ShouldSucceed();
        run.Out.ShouldContain("probability at least");
        run.Error.ShouldMatch(@"at probability 0.9 and above: \d+\.\d% answered, accuracy");
        CommandRun.Of("eval", model.Model, "--data", model.Test, "--threshold", "2").ShouldRefuse("--threshold must be from 0 to 1");
    }
}
