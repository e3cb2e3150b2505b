using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary><c>heed describe</c> of what is no text classifier.</summary>
public sealed class DescribeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_language_model_its_heads_and_a_checkpoint_of_its_weights_are_described()
    {
        File.WriteAllText(folder["a.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40)));
        CommandRun.Of("train", "lm", "--data", folder["a.txt"], "--out", folder["model"], "--steps", "4", "--evaluate-every", "4", "--layers", "2", "--heads", "2", "--size", "16", "--context", "16", "--batch", "2",
            "--accumulate", "2", "--recompute", "--averaging", "0.9", "--activation", "swiglu", "--norm", "rms", "--no-bias").ShouldSucceed();
        CommandRun run = CommandRun.Of("describe", folder["model"]).ShouldSucceed();
        foreach (string part in new[] { "language model: 2 layers, 2 heads, 16 wide, rope positions, swiglu", "tokens      characters, 12 in the vocabulary", "context     16 tokens", "KiB of weights as float32; 4.0 KiB for the keys and values", "transformer.layer1.attention.q_proj.weight", "seed 1", "dev loss" })
            run.Out.ShouldContain(part);
        JsonElement json = JsonDocument.Parse(CommandRun.Of("describe", folder["model"], "--json").ShouldSucceed().Out).RootElement;
        json.GetProperty("kind").GetString().ShouldBe("language-model");
        json.GetProperty("memoryBytes").GetInt64().ShouldBe(4 * json.GetProperty("parameterCount").GetInt64());
        json.GetProperty("network").GetProperty("layers").GetInt32().ShouldBe(2);
        json.GetProperty("training").GetProperty("epochs").GetArrayLength().ShouldBe(1);

        CommandRun heads = CommandRun.Of("describe", folder["model"], "--heads", "the cat sat").ShouldSucceed();
        heads.Lines.Length.ShouldBe(5);
        heads.Lines[4].ShouldContain("transformer.layer1.attention");
        JsonElement list = JsonDocument.Parse(CommandRun.Of("describe", folder["model"], "--heads", "the cat sat", "--json").ShouldSucceed().Out).RootElement.GetProperty("heads");
        list.EnumerateArray().Select(h => h.GetProperty("inductionScore").GetDouble()).ShouldAllBe(v => v > 0 && v < 1);
        CommandRun.Of("describe", folder["model"], "--heads", new string('a', 17)).ShouldRefuse("17 tokens", "16 that the model reads");

        CommandRun traced = CommandRun.Of("describe", folder["model"], "--heads", "the cat sat", "--trace", folder["trace"]).ShouldSucceed();
        traced.Out.ShouldBe(heads.Out);
        traced.Error.ShouldContain("heed report ");
        CommandRun.Of("report", folder["trace"]).ShouldSucceed().Out.ShouldBe($"report {folder["trace"]}.report.html\n");
        File.ReadAllText(folder["trace.report.html"]).ShouldContain("transformer.layer1.attention, head 1");
        CommandRun.Of("report", folder["trace"], "--layers", "9").ShouldRefuse("layers 0 to 1, not 9");
        CommandRun.Of("report", folder["trace"], "--heads", "one").ShouldRefuse("--heads must be whole numbers");
        CommandRun.Of("report", folder["trace"], "--pooling", "sum").ShouldRefuse("mean or max");
        CommandRun.Of("report", folder["model"]).ShouldRefuse("there is no trace");
        CommandRun.Of("describe", folder["model"], "--trace", folder["trace"]).ShouldRefuse("--heads TEXT");
        CommandRun.Of("describe", folder["model"], "--heads", "the cat sat", "--trace", folder["model"]).ShouldRefuse("no part of a trace");
        CommandRun.Of("describe", folder["model"], "--heads", "the cat sat", "--trace-type", "u4").ShouldRefuse("f32, f16 or u8");

        CommandRun.Of("generate", folder["model"], "the", "--beam", "3", "--max-tokens", "5", "--quiet").ShouldSucceed().Out.ShouldStartWith("the");
        CommandRun.Of("generate", folder["model"], "the", "--beam", "0").ShouldRefuse("BeamSize must be from 1 to 256");

        PretrainedTransformer.Of(LanguageModel.Load(folder["model"]).Network).Save(folder["llama"]);
        File.Copy(Path.Combine(folder["model"], "tokenizer.json"), Path.Combine(folder["llama"], "tokenizer.json"));
        CommandRun other = CommandRun.Of("describe", folder["llama"]).ShouldSucceed();
        other.Out.ShouldContain("llama, a decoder: 2 layers");
        other.Out.ShouldContain("in 1 file, as f32");
        JsonDocument.Parse(CommandRun.Of("describe", folder["llama"], "--json").ShouldSucceed().Out).RootElement.GetProperty("context").GetInt32().ShouldBe(16);
        CommandRun.Of("describe", folder["llama"], "--heads", "the cat sat").ShouldSucceed().Out.ShouldBe(heads.Out);
    }

    [Fact]
    public void A_tokenizer_is_described_and_what_is_nothing_is_refused()
    {
        File.WriteAllText(folder["a.txt"], string.Concat(Enumerable.Repeat("the cat sat on the mat\n", 50)));
        CommandRun.Of("tokenizer", "train", "--data", folder["a.txt"], "--vocabulary", "320", "--out", folder["tokenizer.json"], "--quiet").ShouldSucceed();
        foreach (string path in new[] { folder["tokenizer.json"], folder.Path })
            CommandRun.Of("describe", path).ShouldSucceed().Out.ShouldContain("tokens      bpe, ");
        JsonDocument.Parse(CommandRun.Of("describe", folder.Path, "--json").ShouldSucceed().Out).RootElement.GetProperty("kind").GetString().ShouldBe("tokenizer");
        Directory.CreateDirectory(folder["empty"]);
        CommandRun.Of("describe", folder["empty"]).ShouldRefuse("empty");
        CommandRun.Of("describe", folder["nowhere"]).ShouldRefuse("no such folder");
    }

    [Fact]
    public void A_translator_is_described_and_has_no_heads_to_show()
    {
        File.WriteAllLines(folder["pairs.tsv"], ["source\ttarget", .. Enumerable.Range(0, 60).Select(i => $"one {i} two\t{i} zwei")]);
        CommandRun.Of("train", "translate", "--data", folder["pairs.tsv"], "--out", folder["model"], "--epochs", "1", "--hidden", "8", "--embedding", "8", "--attention", "8", "--quiet").ShouldSucceed();
        CommandRun run = CommandRun.Of("describe", folder["model"]).ShouldSucceed();
        foreach (string part in new[] { "translator: encoder-decoder, bahdanau decoder, lstm", "source ", "target ", "of weights as float32", "best epoch" })
            run.Out.ShouldContain(part);
        JsonDocument.Parse(CommandRun.Of("describe", folder["model"], "--json").ShouldSucceed().Out).RootElement.GetProperty("kind").GetString().ShouldBe("translator");
        CommandRun.Of("describe", folder["model"], "--heads", "one two").ShouldRefuse("--heads reads language models");
    }
}
