using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class AverageTests
{
    private static readonly string[] small = ["--epochs", "1", "--hidden", "4", "--embedding", "6", "--attention", "4", "--batch", "16"];

    [Fact]
    public void The_mean_of_text_classifiers_lies_between_them()
    {
        using TemporaryFolder folder = new();
        string data = TinyData.Write(folder["data.tsv"], 120);
        foreach (string seed in new[] { "1", "2" })
            CommandRun.Of(["train", "text", "--data", data, "--dev", data, "--out", folder["model" + seed], "--seed", seed, .. small]).ShouldSucceed();
        CommandRun.Of("average", folder["model1"], folder["model2"], "--out", folder["mean"]).ShouldSucceed().Error.ShouldContain("the mean of 2 models");
        float[] first = Weights("model1"), second = Weights("model2"), mean = Weights("mean");
        for (int i = 0; i < mean.Length; i++)
            mean[i].ShouldBe((first[i] + second[i]) / 2, 1e-6f);
        first.ShouldNotBe(second);
        CommandRun.Of("predict", folder["mean"], "the lamp is broken").ShouldSucceed();

        float[] Weights(string name) => [.. TextClassifier.Load(folder[name]).Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];
    }

    [Fact]
    public void Models_that_differ_are_refused_with_what_differs()
    {
        using TemporaryFolder folder = new();
        string data = TinyData.Write(folder["data.tsv"], 120), other = TinyData.Write(folder["other.tsv"], 60, seed: 3);
        CommandRun.Of(["train", "text", "--data", data, "--dev", data, "--out", folder["model"], .. small]).ShouldSucceed();
        CommandRun.Of(["train", "text", "--data", data, "--dev", data, "--out", folder["gru"], "--cell", "gru", .. small]).ShouldSucceed();
        CommandRun.Of(["train", "text", "--data", other, "--dev", other, "--out", folder["tokens"], "--min-count", "3", .. small]).ShouldSucceed();
        CommandRun.Of("average", folder["model"], folder["gru"], "--out", folder["mean"]).ShouldRefuse("the classifiers have other networks");
        CommandRun.Of("average", folder["model"], folder["tokens"], "--out", folder["mean"]).ShouldRefuse("the classifiers have other tokens");
        CommandRun.Of("average", folder["model"], "--out", folder["mean"]).ShouldRefuse("one model is its own mean");
        CommandRun.Of("average", folder["model"], folder["nothing"], "--out", folder["mean"]).ShouldRefuse("no such folder");
        Directory.Exists(folder["mean"]).ShouldBeFalse();
    }
}
