using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>A model that is trained once by the command for all tests that only read it.</summary>
public sealed class TrainedModel : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TrainedModel()
    {
        Data = TinyData.Write(folder["train.tsv"], 240);
        Test = TinyData.Write(folder["test.tsv"], 60, seed: 2);
        Run = CommandRun.Of("train", "text", "--data", Data, "--test", Test, "--out", Model, "--epochs", "4", "--hidden", "12", "--embedding", "16",
            "--attention", "8", "--batch", "16", "--learning-rate", "0.02", "--dropout", "0.1", "--log", folder["log.jsonl"]);
    }

    internal CommandRun Run { get; }

    public string Model => folder["model"];

    public string Data { get; }

    public string Test { get; }

    public string Log => folder["log.jsonl"];

    public void Dispose() => folder.Dispose();
}
