namespace Heed.Experiments;

/// <summary>The hierarchical network and the flat one on IMDB at full length: the same sizes, the same processor time.</summary>
internal abstract class HierarchicalExperiment(string structure) : IExperiment
{
    private const double Budget = 500;

    public string Name => "imdb-" + structure;

    public string Summary => FormattableString.Invariant($"IMDB at full length, {structure}, {Budget} processor seconds");

    public void Run(ExperimentOptions options)
    {
        string folder = Path.Combine(options.Data, "imdb");
        TextData all = TextData.Read(Path.Combine(folder, "train.tsv.gz"), text: "text", label: "label"), whole = TextData.Read(Path.Combine(folder, "test.tsv.gz"), text: "text", label: "label");
        int training = Math.Min(options.Train, all.Count - 1000), testing = Math.Min(options.Test, whole.Count);
        int[] order = [.. Enumerable.Range(0, all.Count)], others = [.. Enumerable.Range(0, whole.Count)];
        new RandomStream(1, "rows").Shuffle<int>(order);
        new RandomStream(1, "test rows").Shuffle<int>(others);
        TextData train = all.Select(order[..training]), dev = all.Select(order[training..(training + 1000)]), test = whole.Select(others[..testing]);
        TextClassifierOptions settings = new()
        {
            Network = new BlstmConfig { EmbeddingSize = 100, HiddenSize = 50, AttentionSize = 100, Structure = structure, Dropout = 0.4 },
            Training = new TrainingOptions { Seed = options.Seed, EpochCount = 100, BatchSize = Math.Min(options.Batch, 32), Patience = 100, Schedule = "constant", Monitor = "accuracy", AveragingDecay = 0.99 },
            Tokens = new TextEncoderOptions { MaximumLength = 4000, Vocabulary = new VocabularyOptions { MinimumCount = 3 } },
            Baseline = false,
        };
        using CancellationTokenSource end = new();
        double before = ExperimentLine.ProcessorSeconds;
        using Timer watch = new(_ =>
        {
            if (ExperimentLine.ProcessorSeconds - before > Budget)
                end.Cancel();
        }, null, 1000, 200);
        TextClassifier model = TextClassifier.Train(train, dev, settings, new ConsoleProgress(Console.Error, false), end.Token);
        double seconds = ExperimentLine.ProcessorSeconds - before;
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["train"] = train.Count,
            ["test"] = test.Count,
            ["accuracy"] = model.Evaluate(test).Accuracy.Value,
            ["dev_accuracy"] = model.Record.Epochs[model.Record.BestEpoch - 1].Accuracy,
            ["epochs"] = model.Record.Epochs.Count,
            ["best_epoch"] = model.Record.BestEpoch,
            ["parameters"] = model.Network.ParameterCount,
            ["processor_seconds"] = Math.Round(seconds, 1),
        });
    }
}

internal sealed class HierarchicalDocuments() : HierarchicalExperiment("hierarchical");

internal sealed class FlatDocuments() : HierarchicalExperiment("flat");
