namespace Heed.Experiments;

/// <summary>Co-attention between English and German sentences of Multi30k, beside pooled vectors without it.</summary>
internal abstract class CoAttentionExperiment(string form, string pooling = "additive", bool shortcut = false) : IExperiment
{
    private const int Rounds = 4, Merges = 6000;

    private static readonly string[] furtherSets = ["test_2017_flickr", "test_2017_mscoco", "test_2018_flickr"];

    public string Name => "pairs-" + form + (pooling == "additive" ? "" : "-" + pooling) + (shortcut ? "-shortcut" : "");

    public string Summary => $"is this pair of Multi30k a translation? hard negatives; pairs read by '{form}', {pooling} pooling{(shortcut ? ", states beside their tokens" : "")}";

    public void Run(ExperimentOptions options)
    {
        string folder = Path.Combine(options.Data, "multi30k_en_de");
        (string English, string German)[] train = TranslationPairs.Read(Path.Combine(folder, "train.tsv.gz"), options.Train);
        TextData test = TranslationPairs.Rows(TranslationPairs.Read(Path.Combine(folder, "test_2016_flickr.tsv"), options.Test)), dev = TranslationPairs.Rows(TranslationPairs.Read(Path.Combine(folder, "val.tsv")));
        TextData rows = TranslationPairs.Rows(train, size: 1000, Rounds, options.Seed);
        int epochs = options.Epochs > 0 ? options.Epochs : 4;
        double before = ExperimentLine.ProcessorSeconds;
        TextClassifier model = TextClassifier.Train(rows, dev, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 96, HiddenSize = 64, AttentionSize = 64, PairForm = form, Pooling = pooling, Dropout = 0.2, Shortcut = shortcut },
            Training = new TrainingOptions { Seed = options.Seed, EpochCount = epochs, BatchSize = options.Batch, LearningRate = options.Rate > 0 ? options.Rate : 2e-3, WordDropout = 0.05, Patience = 3, Monitor = "accuracy" },
            Tokens = new TextEncoderOptions { Kind = "byte-pair", MergeCount = Merges },
            Baseline = false,
            Checkpoint = new CheckpointOptions { Path = options.Out + "." + Name + ".checkpoint", Interval = TimeSpan.FromSeconds(60), Resume = Directory.Exists(options.Out + "." + Name + ".checkpoint") },
        }, new ConsoleProgress(Console.Error, false));
        double seconds = ExperimentLine.ProcessorSeconds - before;
        Dictionary<string, object> figures = new(StringComparer.Ordinal)
        {
            ["train"] = rows.Count,
            ["test"] = test.Count,
            ["accuracy"] = model.Evaluate(test).Accuracy.Value,
            ["best_epoch"] = model.Record.BestEpoch,
            ["parameters"] = model.Network.ParameterCount,
            ["processor_seconds"] = Math.Round(seconds, 1),
        };
        List<int> wrong = [.. Wrong(model, test)];
        int count = test.Count;
        foreach (string set in furtherSets)
        {
            TextData more = TranslationPairs.Rows(TranslationPairs.Read(Path.Combine(folder, set + ".tsv")));
            figures[set] = model.Evaluate(more).Accuracy.Value;
            wrong.AddRange(Wrong(model, more).Select(row => row + count));
            count += more.Count;
        }
        (figures["all_tests"], figures["rows"]) = (1 - ((double)wrong.Count / count), count);
        // Which rows of all test sets, one behind the other, so that two networks can be compared row by row.
        figures["wrong"] = string.Join(' ', wrong);
        if (form is "fine" or "parallel")
            new WordAlignment(train).Measure(figures, model, test);
        ExperimentLine.Append(options, Name, figures);
    }

    private static IEnumerable<int> Wrong(TextClassifier model, TextData data) =>
        data.Select(row => model.Predict(row.Text)).Select((answer, i) => answer.Label == data.LabelNames[data[i].Label] ? -1 : i).Where(i => i >= 0);
}

internal sealed class FinePairs() : CoAttentionExperiment("fine");

internal sealed class FineMaximumPairs() : CoAttentionExperiment("fine", "max");

internal sealed class ParallelPairs() : CoAttentionExperiment("parallel");

internal sealed class AlternatingPairs() : CoAttentionExperiment("alternating");

internal sealed class CoarsePairs() : CoAttentionExperiment("coarse");

internal sealed class PooledPairs() : CoAttentionExperiment("towers");

internal sealed class PooledMaximumPairs() : CoAttentionExperiment("towers", "max");

internal sealed class FineShortcutPairs() : CoAttentionExperiment("fine", "max", shortcut: true);

internal sealed class PooledShortcutPairs() : CoAttentionExperiment("towers", "max", shortcut: true);

internal sealed class JoinedPairs() : CoAttentionExperiment("joined");
