using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class TrainTextTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] small = ["--epochs", "2", "--hidden", "6", "--embedding", "8", "--attention", "4", "--batch", "16", "--learning-rate", "0.02"];

    [Fact]
    public void Training_shows_each_epoch_on_standard_error_and_the_report_on_standard_output()
    {
        model.Run.ShouldSucceed();
        model.Run.Error.ShouldContain("216 for training and 24 for dev (90/10, by seed 1)");
        model.Run.Error.ShouldContain("additive pooling over a bidirectional lstm");
        // One thread where a test beside this one has set the process to one.
        model.Run.Error.ShouldMatch(@" threads?, seed 1\n");
        model.Run.Error.ShouldMatch(@"\n    1  .*  best\n(about .*\n)?    2  ");
        model.Run.Error.ShouldContain("heed predict " + model.Model);
        model.Run.Out.ShouldContain("accuracy");
        model.Run.Out.ShouldContain("bag of words");
        model.Run.Out.ShouldContain("best epoch ");
    }

    [Fact]
    public void Piped_output_has_no_control_codes()
    {
        (model.Run.Out + model.Run.Error).ShouldNotContain("\u001b");
        (model.Run.Out + model.Run.Error).ShouldNotContain("\r");
    }

    [Fact]
    public void On_a_terminal_a_status_line_is_written_over()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.With(["train", "text", "--data", model.Data, "--out", folder["model"], .. small], isTerminal: true).ShouldSucceed();
        run.Error.ShouldContain("\r\u001b[Kepoch 1/2  step ");
        run.Error.ShouldContain(" rows/s  ");
        run.Error.ShouldContain(" left");
    }

    [Fact]
    public void The_log_has_a_line_of_JSON_for_the_start_each_step_each_epoch_and_the_end()
    {
        JsonElement[] lines = [.. File.ReadLines(model.Log).Select(line => JsonDocument.Parse(line).RootElement)];
        string[] events = [.. lines.Select(line => line.GetProperty("event").GetString()!)];
        events[0].ShouldBe("start");
        events[^1].ShouldBe("end");
        int epochs = events.Count(e => e == "epoch");
        epochs.ShouldBeInRange(1, 4);
        events.Count(e => e == "step").ShouldBe(epochs * lines[0].GetProperty("stepsPerEpoch").GetInt32());
        lines.First(line => line.GetProperty("event").GetString() == "step").GetProperty("loss").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Without_dev_and_test_the_rows_are_divided_80_10_10()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--seed", "7", .. small]).ShouldSucceed();
        run.Error.ShouldContain("(80/10/10, by seed 7)");
        run.Out.ShouldContain("accuracy");
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--dev-share", "0.2", .. small]).ShouldSucceed().Error.ShouldContain("(70/20/10, by seed 1)");
    }

    [Theory]
    [InlineData("text")]
    [InlineData("translate")]
    [InlineData("image")]
    [InlineData("segment")]
    [InlineData("detect")]
    public void The_share_of_dev_data_has_a_range_and_is_for_those_that_are_put_aside(string kind)
    {
        using TemporaryFolder folder = new();
        string[] train = ["train", kind, "--data", model.Data, "--out", folder["model"]];
        CommandRun.Of([.. train, "--dev-share", "0.6"]).ShouldRefuse("--dev-share must be from 0.001 to 0.5, got 0.6");
        CommandRun.Of([.. train, "--dev-share", "0.2", "--dev", model.Data]).ShouldRefuse("--dev-share puts training", "--dev gives others; leave one of them out");
    }

    [Fact]
    public void The_same_seed_gives_the_same_figures_on_one_thread_and_on_two()
    {
        int before = Heed.Kernels.Workers.Degree;
        try
        {
            string[] results = [.. new[] { "1", "2" }.Select(threads =>
            {
                using TemporaryFolder folder = new();
                CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], "--quiet", "--json", "--threads", threads, .. small]).ShouldSucceed();
                run.Error.ShouldBeEmpty();
                return run.Out.Replace(folder.Path, "", StringComparison.Ordinal);
            })];
            results[1].ShouldBe(results[0]);
            JsonDocument.Parse(results[0]).RootElement.GetProperty("test").GetProperty("rows").GetInt32().ShouldBeGreaterThan(0);
        }
        finally
        {
            Heed.Kernels.Workers.Degree = before;
        }
    }

    [Fact]
    public void Every_option_reaches_the_model()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["model"], "--epochs", "1", "--hidden", "5", "--embedding", "7", "--attention", "3",
            "--layers", "2", "--cell", "gru", "--pooling", "structured", "--views", "2", "--average-views", "--penalty", "0.1", "--dropout", "0.25",
            "--batch", "32", "--learning-rate", "0.003", "--weight-decay", "0.02", "--schedule", "cosine", "--warmup", "0.1", "--clip", "2", "--patience", "4",
            "--monitor", "macro-f1", "--class-weights", "balanced", "--tokens", "characters", "--case-sensitive", "--min-count", "3",
            "--max-vocabulary", "20", "--max-length", "50", "--seed", "9", "--find-anomalies", "--variational-dropout", "--word-dropout", "0.1",
            "--optimizer", "sgd", "--momentum", "0.8", "--nesterov", "--label-smoothing", "0.05", "--averaging", "0.9").ShouldSucceed();
        TextClassifier trained = TextClassifier.Load(folder["model"]);
        trained.Network.Config.ShouldBe(new BlstmConfig
        {
            EmbeddingSize = 7, HiddenSize = 5, AttentionSize = 3, LayerCount = 2, Cell = "gru", Pooling = "structured", Views = 2, AverageViews = true, Penalty = 0.1, Dropout = 0.25,
            VariationalDropout = true, Evidence = true,
        });
        trained.Record.Options.ShouldBe(new TrainingOptions
        {
            EpochCount = 1, BatchSize = 32, LearningRate = 0.003, WeightDecay = 0.02, Schedule = "cosine", Warmup = 0.1, ClipNorm = 2, Patience = 4,
            Monitor = "macro-f1", ClassWeights = "balanced", Seed = 9, FindAnomalies = true,
            WordDropout = 0.1, Optimizer = "sgd", Momentum = 0.8, Nesterov = true, LabelSmoothing = 0.05, AveragingDecay = 0.9,
        });
        trained.Encoder.Tokenizer.Name.ShouldBe("character");
        trained.Encoder.Tokenizer.LowerCase.ShouldBeFalse();
        trained.Encoder.MaximumLength.ShouldBe(50);
        trained.Encoder.Vocabulary.Count.ShouldBe(22);
    }
}
