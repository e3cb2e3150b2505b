using System.Globalization;

namespace Heed.Experiments;

/// <summary>Co-attention between English and German sentences of Multi30k, beside pooled vectors without it.</summary>
internal abstract class CoAttentionExperiment(string form, string pooling = "additive") : IExperiment
{
    private const int Rounds = 8;

    private static readonly string[] furtherSets = ["test_2017_flickr", "test_2017_mscoco", "test_2018_flickr"];

    public string Name => "pairs-" + form + (pooling == "additive" ? "" : "-" + pooling);

    public string Summary => $"is this pair of Multi30k a translation? hard negatives; pairs read by '{form}', {pooling} pooling";

    public void Run(ExperimentOptions options)
    {
        string folder = Path.Combine(options.Data, "multi30k_en_de");
        (string English, string German)[] train = TranslationPairs.Read(Path.Combine(folder, "train.tsv.gz"), options.Train);
        TextData test = TranslationPairs.Rows(TranslationPairs.Read(Path.Combine(folder, "test_2016_flickr.tsv"), options.Test)), dev = TranslationPairs.Rows(TranslationPairs.Read(Path.Combine(folder, "val.tsv")));
        TextData rows = TranslationPairs.Rows(train, size: 1000, Rounds, options.Seed);
        int epochs = options.Epochs > 0 ? options.Epochs : 5;
        double before = ExperimentLine.ProcessorSeconds;
        TextClassifier model = TextClassifier.Train(rows, dev, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 96, HiddenSize = int.Parse(Environment.GetEnvironmentVariable("XH") ?? "64", CultureInfo.InvariantCulture), AttentionSize = 64, PairForm = form, Pooling = pooling, Dropout = double.Parse(Environment.GetEnvironmentVariable("XD") ?? "0.2", CultureInfo.InvariantCulture), Shortcut = Environment.GetEnvironmentVariable("XS") == "1" },
            Training = new TrainingOptions { Seed = options.Seed, EpochCount = epochs, BatchSize = options.Batch, LearningRate = options.Rate > 0 ? options.Rate : 2e-3, WordDropout = double.Parse(Environment.GetEnvironmentVariable("XW") ?? "0.05", CultureInfo.InvariantCulture), Patience = 3, Monitor = "accuracy" },
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
            AddAlignment(figures, model, train, test);
        ExperimentLine.Append(options, Name, figures);
    }

    private static IEnumerable<int> Wrong(TextClassifier model, TextData data) =>
        data.Select(row => model.Predict(row.Text)).Select((answer, i) => answer.Label == data.LabelNames[data[i].Label] ? -1 : i).Where(i => i >= 0);

    // How often the largest affinity of an English word stands at the German word that goes with it in the training pairs (Dice's coefficient of at least ½, and the largest of the sentence).
    private static void AddAlignment(Dictionary<string, object> figures, TextClassifier model, (string English, string German)[] train, TextData test)
    {
        Dictionary<string, int> english = new(StringComparer.Ordinal), german = new(StringComparer.Ordinal);
        Dictionary<(string, string), int> both = [];
        foreach ((string en, string de) in train)
        {
            string[] e = [.. TranslationPairs.WordsOf(en).Distinct(StringComparer.Ordinal)], d = [.. TranslationPairs.WordsOf(de).Distinct(StringComparer.Ordinal)];
            foreach (string word in e)
                english[word] = english.GetValueOrDefault(word) + 1;
            foreach (string word in d)
                german[word] = german.GetValueOrDefault(word) + 1;
            foreach ((string, string) pair in e.SelectMany(a => d.Select(b => (a, b))))
                both[pair] = both.GetValueOrDefault(pair) + 1;
        }
        double Dice(string e, string d) => both.TryGetValue((e, d), out int n) && n >= 5 ? 2.0 * n / (english[e] + german[d]) : 0;
        int known = 0, right = 0;
        double chance = 0;
        List<string> shown = [];
        foreach (TextExample row in test.Where(r => test.LabelNames[r.Label] == TranslationPairs.Yes))
        {
            TokenAffinity affinity = model.Predict(row.Text).Affinity!;
            string[] e = [.. affinity.First.Select(r => row.Text[r].ToLowerInvariant())], d = [.. affinity.Second.Select(r => row.Text[r].ToLowerInvariant())];
            List<string> found = [];
            for (int i = 0; i < e.Length; i++)
            {
                int most = Enumerable.Range(0, d.Length).MaxBy(j => affinity.Values[i, j]), expected = Enumerable.Range(0, d.Length).MaxBy(j => Dice(e[i], d[j]));
                found.Add($"{e[i]}→{d[most]}");
                if (Dice(e[i], d[expected]) < 0.5 || d.Count(w => w == d[expected]) > 1)
                    continue;
                known++;
                right += most == expected ? 1 : 0;
                chance += 1.0 / d.Length;
            }
            if (shown.Count < 3)
                shown.Add(string.Join(' ', found));
        }
        figures["aligned"] = (double)right / known;
        figures["aligned_by_chance"] = chance / known;
        figures["aligned_words"] = known.ToString(CultureInfo.InvariantCulture);
        figures["alignments"] = shown;
    }
}

internal sealed class FinePairs() : CoAttentionExperiment("fine");

internal sealed class FineMaximumPairs() : CoAttentionExperiment("fine", "max");

internal sealed class ParallelPairs() : CoAttentionExperiment("parallel");

internal sealed class AlternatingPairs() : CoAttentionExperiment("alternating");

internal sealed class CoarsePairs() : CoAttentionExperiment("coarse");

internal sealed class PooledPairs() : CoAttentionExperiment("towers");

internal sealed class PooledMaximumPairs() : CoAttentionExperiment("towers", "max");

internal sealed class JoinedPairs() : CoAttentionExperiment("joined");
