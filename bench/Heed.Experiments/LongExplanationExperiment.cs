using System.Diagnostics;

namespace Heed.Experiments;

/// <summary>What it takes to explain one text of 32,768 tokens: weights, statistics of the heads, gradient×input.</summary>
internal sealed class LongExplanationExperiment : IExperiment
{
    private const int Tokens = 32_768, Window = 256;

    public string Name => "long-explanation";

    public string Summary => "a text of 32,768 tokens explained: seconds and memory, of a BLSTM and of a windowed Transformer of 4 layers, 128 wide";

    public void Run(ExperimentOptions options)
    {
        TransformerConfig encoder = new() { Size = 128, LayerCount = 4, HeadCount = 4, Position = "rope", Window = Window, MaximumLength = Tokens };
        // The larger one last: peaks are those of the process so far.
        Measure(options, "blstm", new BlstmConfig());
        Measure(options, "transformer", new TransformerClassifierConfig { Encoder = encoder });
    }

    private void Measure(ExperimentOptions options, string kind, TextNetworkConfig network)
    {
        string[] words = [.. Enumerable.Range(0, 500).Select(i => FormattableString.Invariant($"word{i}"))];
        RandomStream random = new(options.Seed, "long texts");
        string Text(int length) => string.Join(' ', Enumerable.Range(0, length).Select(_ => words[random.Next(words.Length)]));
        TextData rows = TextData.FromRows([.. Enumerable.Range(0, 64).Select(i => (Text(12), i % 2 == 0 ? "yes" : "no"))]);
        TextClassifier model = TextClassifier.Train(rows, rows, new TextClassifierOptions
        {
            Network = network, Tokens = new TextEncoderOptions { MaximumLength = Tokens }, Training = new TrainingOptions { EpochCount = 1, Seed = options.Seed },
        });
        string text = Text(Tokens);
        Stopwatch watch = Stopwatch.StartNew();
        double before = ExperimentLine.ProcessorSeconds;
        ExplainedInput input = model.Explaining(new TextRow(text, null, 0));
        IReadOnlyList<Explanation> explained = ExplanationMethod.Explain(input, new ExplanationOptions { Methods = ["attention", "gradient-input"] });
        int heads = input.Heads().Count;
        using Process process = Process.GetCurrentProcess();
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["model"] = kind,
            ["tokens"] = explained[0].Scores.Count,
            ["heads"] = heads,
            ["seconds"] = watch.Elapsed.TotalSeconds,
            ["processor_seconds"] = ExperimentLine.ProcessorSeconds - before,
            ["peak_mib"] = process.PeakWorkingSet64 / (1024 * 1024),
        });
    }
}
