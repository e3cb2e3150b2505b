using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class StructureTests
{
    private static readonly string[] small = ["--epochs", "1", "--hidden", "4", "--embedding", "6", "--attention", "4", "--batch", "16"];

    [Fact]
    public void Hierarchical_is_chosen_by_name_and_answers_with_sentences()
    {
        using TemporaryFolder folder = new();
        string data = TinyData.Write(folder["data.tsv"], 120);
        CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], "--network", "hierarchical", .. small]).ShouldSucceed().Error.ShouldContain("hierarchical additive pooling");
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("hierarchical, bidirectional lstm");
        const string Text = "Hello there. The lamp is broken! Thanks";
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("predict", folder["model"], Text, "--json").ShouldSucceed().Lines[0]);
        JsonElement sentences = json.RootElement.GetProperty("sentences");
        sentences.EnumerateArray().Select(s => Text.Substring(s.GetProperty("start").GetInt32(), s.GetProperty("length").GetInt32())).ShouldBe(["Hello there.", "The lamp is broken!", "Thanks"]);
        sentences.EnumerateArray().Sum(s => s.GetProperty("weight").GetDouble()).ShouldBe(1, 1e-4);
        sentences[1].GetProperty("weights").GetArrayLength().ShouldBe(5);
    }

    [Fact]
    public void Directional_self_attention_is_chosen_by_name()
    {
        using TemporaryFolder folder = new();
        string data = TinyData.Write(folder["data.tsv"], 120);
        CommandRun.Of(["train", "text", "--data", data, "--out", folder["model"], "--network", "directional", "--pooling", "multi-dimensional", .. small]).ShouldSucceed().Error.ShouldContain("directional multi-dimensional pooling");
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("directional self-attention, multi-dimensional pooling");
        CommandRun.Of("predict", folder["model"], "the lamp is broken").ShouldSucceed().Lines.Length.ShouldBe(1);
        CommandRun.Of(["train", "text", "--data", data, "--out", folder["other"], "--network", "directional", "--layers", "2", .. small]).ShouldRefuse("directional has one layer");
    }

    [Fact]
    public void Co_attention_is_chosen_by_name_and_answers_with_the_affinity()
    {
        using TemporaryFolder folder = new();
        File.WriteAllLines(folder["pairs.tsv"], Enumerable.Range(0, 120).Select(i => $"{(i % 2 == 0 ? "yes" : "no")}\tred is {i}\t{(i % 2 == 0 ? "red" : "blue")} it was").Prepend("label\ttext\treply"));
        string[] train = ["train", "text", "--data", folder["pairs.tsv"], "--pair", "reply", "--out", folder["model"], .. small];
        CommandRun.Of([.. train, "--pair-form", "fine"]).ShouldSucceed().Error.ShouldContain("fine co-attention");
        CommandRun.Of("describe", folder["model"]).ShouldSucceed().Out.ShouldContain("fine co-attention between the texts of a pair");
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("predict", folder["model"], TextPair.Join("red is 3", "blue it was here"), "--json").ShouldSucceed().Lines[0]);
        JsonElement affinity = json.RootElement.GetProperty("affinity");
        affinity.GetArrayLength().ShouldBe(3);
        affinity[0].GetArrayLength().ShouldBe(4);
        CommandRun.Of([.. train, "--pair-form", "fin"]).ShouldRefuse("there is no PairForm 'fin'", "Did you mean 'fine'?");
        CommandRun.Of([.. train, "--pair-form", "fine", "--network", "hierarchical"]).ShouldRefuse("does not go with PairForm fine");
        CommandRun.Of([.. train, "--network", "tree"]).ShouldRefuse("flat, hierarchical or directional, got 'tree'");
    }
}
