using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class TransformerTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    private static readonly string[] small = ["--epochs", "2", "--batch", "16", "--learning-rate", "0.005"];

    [Fact]
    public void A_Transformer_is_trained_from_nothing_and_all_commands_take_it()
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of(["train", "text", "--model", "transformer", "--size", "16", "--heads", "2", "--inner", "24", "--layers", "1", "--pooling", "cls", "--position", "learned", "--window", "9", "--attention-dropout", "0.25", "--max-length", "40",
            "--data", model.Data, "--test", model.Test, "--out", folder["model"], .. small]).ShouldSucceed();
        run.Error.ShouldContain("cls pooling over a Transformer of 1 layers, 2 heads, 16 wide");
        run.Out.ShouldContain("bag of words");
        TextClassifier trained = TextClassifier.Load(folder["model"]);
        trained.Network.Config.ShouldBe(new TransformerClassifierConfig
        {
            Encoder = new TransformerClassifierConfig().Encoder with { Size = 16, HeadCount = 2, InnerSize = 24, LayerCount = 1, Position = "learned", Window = 9, AttentionDropout = 0.25f }, Pooling = "cls", AddsClassToken = true, Evidence = true,
        });
        CommandRun.Of("predict", folder["model"], "--json", "the parcel is broken").ShouldSucceed().Out.ShouldContain("\"weights\":[{");
        CommandRun.Of("eval", folder["model"], "--data", model.Test).ShouldSucceed().Out.ShouldContain("accuracy");
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("Transformer of 1 layers, 2 heads, 16 wide, learned positions, cls pooling");
        JsonDocument.Parse(CommandRun.Of("describe", folder["model"], "--json").ShouldSucceed().Out).RootElement.GetProperty("network").GetProperty("size").GetInt32().ShouldBe(16);
        CommandRun.Of("describe", folder["model"], "--privacy").ShouldSucceed();
        CommandRun.Of("compare", folder["model"], model.Model, "--data", model.Test).Out.ShouldContain("old");
        CommandRun.Of(["train", "text", "--init", folder["model"], "--data", model.Data, "--out", folder["more"], .. small]).ShouldSucceed().Error.ShouldContain("going on from a trained model");
        ((TransformerClassifierConfig)TextClassifier.Load(folder["more"]).Network.Config).Encoder.Dropout.ShouldBe(0.1);
        CommandRun.Of("average", folder["model"], folder["model"], "--out", folder["mean"]).ShouldSucceed();
    }

    [Fact]
    public void A_search_and_sets_of_labels_work_with_it()
    {
        using TemporaryFolder folder = new();
        string[] network = ["--model", "transformer", "--size", "8", "--heads", "2", "--layers", "1", "--epochs", "1"];
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["search"], "--search", "2", .. network]).ShouldSucceed().Error.ShouldContain("try 2: ");
        CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["sets"], "--target", "multi", .. network]).ShouldSucceed();
        TextClassifier.Load(folder["sets"]).Network.Config.PerLabel.ShouldBeTrue();
    }

    [Fact]
    public void A_trained_encoder_is_fine_tuned_whole_or_by_adapters_with_smaller_steps()
    {
        using TemporaryFolder folder = new();
        TinyBert.Write(folder["bert"]);
        CommandRun.Of("train", "text", "--model", folder["bert"], "--data", model.Data, "--out", folder["whole"], "--epochs", "1").ShouldSucceed().Error.ShouldContain("fine-tuning a trained encoder");
        TextClassifier whole = TextClassifier.Load(folder["whole"]);
        whole.Record.Options.ShouldBe(TrainingOptions.FineTuning with { EpochCount = 1, Monitor = "accuracy", ClassWeights = "none" });
        (whole.Network.Config.Evidence, ((TransformerClassifierConfig)whole.Network.Config).Pooling, whole.Tokens.MaximumLength).ShouldBe((false, "cls", 24));
        CommandRun.Of("train", "text", "--model", folder["bert"], "--lora", "2", "--lora-targets", "q_proj,up_proj", "--pooling", "mean", "--data", model.Data, "--out", folder["lora"], "--epochs", "1")
            .ShouldSucceed().Error.ShouldContain("4 of its layers by adapters of rank 2");
        TextClassifier lora = TextClassifier.Load(folder["lora"]);
        lora.Record.Options.LearningRate.ShouldBe(TrainingOptions.LoraLearningRate);
        ((TransformerClassifierConfig)lora.Network.Config).Pooling.ShouldBe("mean");
        CommandRun.Of("describe", folder["lora"]).ShouldSucceed().Out.ShouldContain("tokenizer of a pretrained encoder, 27 in the vocabulary");
        CommandRun.Of("predict", folder["whole"], "--weights", "the film, unheard").ShouldSucceed();
        CommandRun.Of("embed", folder["lora"], "a film").ShouldSucceed().Out.ShouldContain("\"vector\":[");
    }

    [Fact]
    public void A_language_model_drops_weights_of_attention_if_asked()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["text.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40)));
        string[] train = ["train", "lm", "--data", folder["text.txt"], "--steps", "2", "--evaluate-every", "2", "--layers", "1", "--heads", "2", "--size", "16", "--context", "16", "--batch", "2"];
        CommandRun.Of([.. train, "--out", folder["model"], "--attention-dropout", "0.25"]).ShouldSucceed();
        LanguageModel.Load(folder["model"]).Network.Transformer.Config.AttentionDropout.ShouldBe(0.25f);
        CommandRun.Of([.. train, "--out", folder["plain"]]).ShouldSucceed();
        LanguageModel.Load(folder["plain"]).Network.Transformer.Config.AttentionDropout.ShouldBe(0);
    }

    [Theory]
    [InlineData("--heads is for Transformers", "--heads", "2")]
    [InlineData("--window is for Transformers", "--window", "9")]
    [InlineData("--attention-dropout is for Transformers", "--attention-dropout", "0.1")]
    [InlineData("--attention-dropout does not go with --init", "--attention-dropout", "0.1", "--init", "anywhere")]
    [InlineData("AttentionDropout must be in [0, 1), got 1.5", "--model", "transformer", "--attention-dropout", "1.5")]
    [InlineData("--cell is for the recurrent network", "--model", "transformer", "--cell", "gru")]
    [InlineData("--vectors are for the recurrent network", "--model", "transformer", "--vectors", "glove.txt")]
    [InlineData("there is no folder 'transfomer'", "--model", "transfomer")]
    [InlineData("--lora adapts a trained encoder", "--model", "transformer", "--lora", "8")]
    [InlineData("--lora-alpha is for adapters", "--lora-alpha", "8")]
    [InlineData("--model does not go with --init", "--model", "transformer", "--init", "anywhere")]
    [InlineData("there is no Pooling 'clss'", "--model", "transformer", "--pooling", "clss")]
    public void Options_of_another_network_are_refused_with_one_line(string message, params string[] options)
    {
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of(["train", "text", "--data", model.Data, "--out", folder["model"], .. options]);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain(message);
        run.Error.Trim().ShouldNotContain("\n");
        Directory.Exists(folder["model"]).ShouldBeFalse();
    }

    [Fact]
    public void What_an_encoder_brings_is_not_asked_for()
    {
        using TemporaryFolder folder = new();
        TinyBert.Write(folder["bert"]);
        CommandRun run = CommandRun.Of("train", "text", "--model", folder["bert"], "--layers", "3", "--data", model.Data, "--out", folder["model"]);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("--layers is what the encoder in");
        CommandRun.Of("train", "text", "--model", folder["bert"], "--tokens", "characters", "--data", model.Data, "--out", folder["model"]).Error.ShouldContain("--tokens is what the encoder in");
    }

    [Fact]
    public void Texts_become_vectors_and_the_nearest_lines_of_a_file_are_found()
    {
        using TemporaryFolder folder = new();
        TinyBert.Write(folder["bert"]);
        string[] lines = CommandRun.Of("embed", folder["bert"], "--pooling", "cls", "a good film", "the plot").ShouldSucceed().Out.TrimEnd().Split('\n');
        lines.Length.ShouldBe(2);
        JsonElement first = JsonDocument.Parse(lines[0]).RootElement;
        first.GetProperty("text").GetString().ShouldBe("a good film");
        first.GetProperty("vector").EnumerateArray().Sum(x => x.GetDouble() * x.GetDouble()).ShouldBe(1, 1e-5);
        File.WriteAllLines(folder["texts.txt"], ["bad plot", "a good film", "music"]);
        CommandRun.Of("embed", folder["bert"], "--file", folder["texts.txt"], "--search", "A good FILM", "--top", "2").ShouldSucceed().Out.ShouldStartWith("1.0000\t2\ta good film\n");
        CommandRun.Of("embed", folder["bert"], "--file", folder["texts.txt"], "--search", "A good FILM", "--top", "1", "--json").ShouldSucceed().Out.ShouldContain("\"line\":2");
        CommandRun.Of("embed", folder["bert"], "--file", folder["texts.txt"]).ShouldSucceed().Out.Count(c => c == '\n').ShouldBe(3);
        foreach ((string message, string[] wrong) in new (string, string[])[]
            {
                ("mean, cls", ["--pooling", "max", "a"]), ("--top says", ["--top", "3", "a"]), ("not both", ["--file", "x", "a"]), ("at least 1", ["--search", "a", "--top", "0", "b"]),
            })
        {
            CommandRun run = CommandRun.Of(["embed", folder["bert"], .. wrong]);
            (run.Code, run.Error.Contains(message, StringComparison.Ordinal)).ShouldBe((2, true), run.Error);
        }
        CommandRun.Of("embed", model.Model, "a").Error.ShouldContain("recurrent network");
    }

    [Fact]
    public void An_encoder_is_pretrained_on_text_evaluated_and_fine_tuned()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["text.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat. the dog sat on the log.\n", 40)));
        CommandRun run = CommandRun.Of("train", "lm", "--masked", "--tokens", "characters", "--data", folder["text.txt"], "--out", folder["masked"], "--steps", "20", "--evaluate-every", "10", "--size", "16", "--heads", "2", "--layers", "1", "--context", "32").ShouldSucceed();
        run.Error.ShouldContain("15 % of the tokens hidden");
        run.Out.ShouldContain("hidden token right");
        CommandRun.Of("eval", folder["masked"], "--data", folder["text.txt"]).ShouldSucceed().Out.ShouldContain("a hidden token over");
        foreach (string part in new[] { ">Loss by epoch</h2>", ">Perplexity</h2>", ">Where it was surprised</h2>" })
            File.ReadAllText(folder["masked.report.html"]).ShouldContain(part);
        CommandRun.Of("eval", folder["masked"], "--data", folder["text.txt"], "--report", folder["bare.html"], "--report-texts", "none").ShouldSucceed();
        File.ReadAllText(folder["bare.html"]).ShouldContain("holds nothing of the text");
        CommandRun explained = CommandRun.Of("explain", folder["masked"], "a[MASK]c", "--trace", folder["trace"]).ShouldSucceed();
        explained.Lines[0].ShouldStartWith("log odds of ");
        explained.Lines[1..].Select(line => line.Trim().Split(' ')[0]).ShouldBe(["attention", "value-norm", "rollout", "flow", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
        CommandRun.Of("report", folder["trace"]).ShouldSucceed();
        CommandRun.Of("explain", folder["masked"], "the cat").ShouldRefuse("no token is hidden: write [MASK]");
        CommandRun.Of("explain", folder["masked"], "the cat", "--place", "2", "--methods", "occlusion").ShouldSucceed().Lines[0].ShouldContain("log odds of 'h'");
        CommandRun.Of("explain", folder["masked"], "the cat", "--place", "9").ShouldRefuse("there is no place 9: the text has 7 tokens");
        CommandRun.Of("explain", folder["masked"], "[MASK]", "--methods", "occlusion").ShouldRefuse("no token");
        JsonDocument.Parse(CommandRun.Of("eval", folder["masked"], "--data", folder["text.txt"], "--json").ShouldSucceed().Out).RootElement.GetProperty("perplexity").GetDouble().ShouldBeGreaterThan(1);
        CommandRun.Of("train", "text", "--model", folder["masked"], "--data", model.Data, "--out", folder["model"], "--epochs", "1").ShouldSucceed();
        string[] average = ["train", "lm", "--tokens", "characters", "--data", folder["text.txt"], "--steps", "8", "--evaluate-every", "2", "--size", "16", "--heads", "2", "--layers", "1", "--context", "32", "--average-checkpoints"];
        run = CommandRun.Of([.. average, "last:3", "--out", folder["mean"]]).ShouldSucceed();
        run.Error.ShouldContain("kept is the mean of epochs 2, 3, 4: dev loss ");
        run.Out.ShouldContain("kept: mean of looks 2, 3, 4: dev loss ");
        JsonElement json = JsonDocument.Parse(CommandRun.Of([.. average, "best:2", "--out", folder["best"], "--json"]).ShouldSucceed().Out).RootElement.GetProperty("dev");
        json.GetProperty("meanOf").GetArrayLength().ShouldBe(2);
        json.GetProperty("loss").GetDouble().ShouldBe(LanguageModel.Load(folder["best"]).Record.Mean!.DevLoss);
        CommandRun.Of([.. average, "best:1", "--out", folder["x"]]).ShouldRefuse("CheckpointAveraging must be none, best:K or last:K with K from 2 to 100, got 'best:1'");
        CommandRun.Of("train", "lm", "--masked-share", "0.2", "--data", folder["text.txt"], "--out", folder["x"]).Error.ShouldContain("add --masked");
        CommandRun.Of("train", "lm", "--masked", "--untied", "--data", folder["text.txt"], "--out", folder["x"]).Error.ShouldContain("--untied does not go with --masked");
    }
}
